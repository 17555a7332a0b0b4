"""Typed functions in boxes: built, called, chained, served, described."""

from typing import TYPE_CHECKING

from boxer.lazy import load_lazily

if TYPE_CHECKING:
    from boxer.functions.building import BuiltFunction, build_function
    from boxer.functions.calling import Call, Function, Reply, function
    from boxer.functions.chaining import Chain, LinkFailure, chain
    from boxer.functions.comparing import Change, compare
    from boxer.functions.description import (
        Description,
        canonical,
        checked_signature,
        without_description,
    )
    from boxer.functions.documents import mcp_tool, openapi
    from boxer.functions.examples import Example, Outcome, read_examples, record, try_example
    from boxer.functions.httpdoor import HttpDoor, serve_function
    from boxer.functions.jsondoor import arguments_of, as_json, read_arguments
    from boxer.functions.project import Project, is_project, limits_of, project_of, read_project
    from boxer.functions.scale import read_scale
    from boxer.functions.scalemodule import python_module
    from boxer.functions.stubs import python_stub, typescript_stub
    from boxer.functions.templates import write_project
    from boxer.functions.wit import wit_package

_HOMES = {
    "building": ("BuiltFunction", "build_function"),
    "calling": ("Call", "Function", "Reply", "function"),
    "chaining": ("Chain", "LinkFailure", "chain"),
    "comparing": ("Change", "compare"),
    "description": ("Description", "canonical", "checked_signature", "without_description"),
    "documents": ("mcp_tool", "openapi"),
    "examples": ("Example", "Outcome", "read_examples", "record", "try_example"),
    "httpdoor": ("HttpDoor", "serve_function"),
    "jsondoor": ("arguments_of", "as_json", "read_arguments"),
    "project": ("Project", "is_project", "limits_of", "project_of", "read_project"),
    "scale": ("read_scale",),
    "scalemodule": ("python_module",),
    "stubs": ("python_stub", "typescript_stub"),
    "templates": ("write_project",),
    "wit": ("wit_package",),
}

__getattr__, __dir__ = load_lazily(__name__, _HOMES)

__all__ = [
    "BuiltFunction", "Call", "Chain", "Change", "Description", "Example", "Function", "HttpDoor",
    "LinkFailure", "Outcome", "Project", "Reply", "arguments_of", "as_json", "build_function",
    "canonical", "chain", "checked_signature", "compare", "function", "is_project", "limits_of",
    "mcp_tool", "openapi", "project_of", "python_module", "python_stub", "read_arguments",
    "read_examples", "read_project", "read_scale", "record", "serve_function", "try_example",
    "typescript_stub", "wit_package", "without_description", "write_project",
]  # fmt: skip

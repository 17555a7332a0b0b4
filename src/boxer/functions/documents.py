"""A signature as others read it: OpenAPI 3.1, a tool of the Model Context Protocol."""

from __future__ import annotations

import json
from typing import Any

_LONGEST_NAME = 64  # of a tool, as clients of MCP have it


def openapi(signatures: dict[str, dict[str, Any]], title: str = "Functions") -> dict[str, Any]:
    """An OpenAPI 3.1 document, whose schemas are JSON Schema 2020-12. signatures: by the name that
    stands in the path."""
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for name, signature in signatures.items():
        prefix = _component(name)
        taken = _referring(signature["input"], prefix, schemas)
        given = _referring(signature["output"], prefix, schemas)
        problem = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        operation: dict[str, Any] = {
            "operationId": prefix,
            "requestBody": {"required": True, "content": {"application/json": {"schema": taken}}},
            "responses": {
                "200": {
                    "description": "The result",
                    "content": {"application/json": {"schema": given}},
                },
                "422": {"description": "What was given does not fit", "content": problem},
                "500": {"description": "The function failed", "content": problem},
                "504": {"description": "The function took too long", "content": problem},
            },
        }
        if signature.get("description"):
            operation["summary"] = signature["description"]
        paths[f"/{name}"] = {"post": operation}
    schemas["Problem"] = {
        "type": "object",
        "properties": {
            "error": {"type": "string"},
            "message": {"type": "string"},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"path": {"type": "string"}, "message": {"type": "string"}},
                },
            },
        },
        "required": ["error", "message"],
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "paths": paths,
        "components": {"schemas": schemas},
    }


def mcp_tool(name: str, signature: dict[str, Any]) -> dict[str, Any]:
    """A tool as `tools/list` of MCP 2025-06-18 tells it."""
    tool: dict[str, Any] = {
        "name": _component(name)[:_LONGEST_NAME],
        "description": signature.get("description", signature["name"]),
        "inputSchema": signature["input"],
    }
    output = signature["output"]
    resolved = output.get("$defs", {}).get(str(output.get("$ref", "")).rpartition("/")[2], output)
    if resolved.get("type") == "object":
        tool["outputSchema"] = output if output is resolved else {**output, "type": "object"}
    return tool


def _component(name: str) -> str:
    return "".join(one if one.isalnum() or one in "_-" else "_" for one in name)


def _referring(document: dict[str, Any], prefix: str, schemas: dict[str, Any]) -> Any:
    """The schema with its definitions moved to the document's components."""
    definitions = document.get("$defs", {})
    names: dict[str, str] = {}
    for name, schema in definitions.items():
        wanted = f"{prefix}.{_component(name)}"
        number = 1
        # What is read and what is written may be two schemas of one name (pydantic).
        while wanted in names.values() or (
            wanted in schemas and schemas[wanted] != _moved(schema, {name: wanted})
        ):
            number += 1
            wanted = f"{prefix}.{_component(name)}_{number}"
        names[name] = wanted
    for name, schema in definitions.items():
        schemas[names[name]] = _moved(schema, names)
    bare = {key: one for key, one in document.items() if key not in ("$defs", "$schema")}
    return _moved(bare, names)


def _moved(schema: Any, names: dict[str, str]) -> Any:
    text = json.dumps(schema)
    for name, wanted in names.items():
        text = text.replace(
            json.dumps(f"#/$defs/{name}"), json.dumps(f"#/components/schemas/{wanted}")
        )
    return json.loads(text)

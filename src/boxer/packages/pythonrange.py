"""Which Pythons a project is for, and whether the box's is one of them.

Belongs here: `requires-python` of projects and wheels, poetry's `python`. Does not: packages of an
index, of which the resolver takes versions that fit.

A project for the Python that FROM names is installed all the same where the box has another: the
build says so. One that is for neither stops it.
"""

from __future__ import annotations

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from boxer.errors import ResolutionError, Where
from boxer.filetree import File, Tree
from boxer.images import Python
from boxer.packages.projects.constraints import specifier
from boxer.packages.projects.shapes import PYPROJECT, read_toml


def require_python(spec: str, what: str, python: Python, asked: str, where: Where | None) -> None:
    """Raises ResolutionError where `what` is not for the box's Python. spec: as requires-python or
    poetry's `python` have it. asked: as in `Ports.python_asked`."""
    versions = [python.version, *([f"{asked}.99"] if asked else [])]
    if any(_allows(spec, version) for version in versions):
        return
    raise ResolutionError(
        f"{what} is for Python {spec}; the box has Python {python.version}.",
        where=where,
        hint="Take a version of it that is for this Python, or let `requires-python` allow it.",
    )


def require_python_of_project(
    tree: Tree, project: str, python: Python, asked: str, where: Where | None
) -> None:
    """As `require_python`, for the pyproject.toml of a folder, if there is one that says it."""
    node = tree.get(f"{project}/pyproject.toml")
    try:
        data = read_toml(node.data if isinstance(node, File) else b"", PYPROJECT)
    except ValueError:
        return  # who reads the project says so
    poetry = data.get("tool", {}).get("poetry", {}).get("dependencies", {}).get("python")
    for spec in (data.get("project", {}).get("requires-python"), poetry):
        if isinstance(spec, str):
            require_python(spec, f"The project in `{project}`", python, asked, where)


def _allows(spec: str, version: str) -> bool:
    """Poetry's alternatives are parted by `||`. What is no version constraint forbids nothing."""
    try:
        return any(
            SpecifierSet(specifier(part)).contains(version, prereleases=True)
            for part in spec.replace("||", "|").split("|")
        )
    except InvalidSpecifier:
        return True

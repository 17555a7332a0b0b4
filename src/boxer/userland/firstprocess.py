"""What people fetch and a build has its own of, by the addresses they fetch it from: tini,
dumb-init, gosu, su-exec, which entrypoints begin with; the installers of uv, poetry and pip.

Belongs here: seeing that from an address. Does not: fetching anything else (`addition`, `curl` in
`shell.commands.installers`), the packages of distributions (`shell.commands.systempackages`).
"""

from __future__ import annotations

import re
import shlex
from importlib import resources

_SCRIPTS = (
    (re.compile(r"/tini(?:-static)?(?:-(?:muslc-)?[a-z0-9]+)?$"), "init.sh"),
    (re.compile(r"/dumb-init(?:_[\w.]+)?$"), "init.sh"),
    (re.compile(r"/(?:gosu-[a-z0-9]+|su-exec)$"), "gosu.py"),
)


# By its end; the tool is empty for pip, which is there anyway.
_INSTALLERS = (
    (re.compile(r"get-pip\.py$"), ""),
    (re.compile(r"/uv/(?:[\d.]+/)?(?:uv-)?install(?:er)?\.sh$"), "uv"),
    (re.compile(r"/get-poetry\.py$|^https?://install\.[\w.-]*poetry[\w.-]*/?$|install-poetry\.py$"),
     "poetry"),
)  # fmt: skip
_MARK = b"# boxer: installs the build's own "


def installed_tool(address: str) -> str | None:
    """The tool that the installer at an address installs; None for any other address."""
    return next((tool for pattern, tool in _INSTALLERS if pattern.search(address)), None)


def tool_of_script(text: bytes) -> str | None:
    """The tool that a script of ours for Python installs; None for any other text."""
    first = text.partition(b"\n")[0]
    return first.removeprefix(_MARK).decode() if first.startswith(_MARK) else None


def _installer(tool: str, address: str) -> bytes:
    """A script in the place of an installer: it does its work when it is run, as that would, by the
    variables that are there then. A shell asks `curl`; our Python knows the first line."""
    if address.endswith(".sh"):
        line = f"curl -sS -o /dev/null {shlex.quote(address)}\n"
        return b"#!/bin/sh\n" + _MARK + f"{tool}\n{line}".encode()
    return _MARK + f"{tool or 'pip'}\n".encode()


def fetched_program(address: str) -> bytes | None:
    """A script that does what the program at an address does; None for any other."""
    tool = installed_tool(address)
    if tool is not None:
        return _installer(tool, address)
    path = address.partition("?")[0]
    name = next((script for pattern, script in _SCRIPTS if pattern.search(path)), None)
    if name is None:
        return None
    folder = resources.files("boxer.userland.commands").joinpath("programs")
    return folder.joinpath(name).read_bytes()

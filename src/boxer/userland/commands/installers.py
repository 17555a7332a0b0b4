"""curl and wget in a RUN: there is no network, and what people fetch most are installers of tools
that a build has anyway, and tini and its kin.

Belongs here: seeing that from the address, and putting the tool where its installer would. Does
not: any other address, which is refused (`refused`).
"""

from __future__ import annotations

import posixpath
import re

from boxer.userland.commands import refused
from boxer.userland.firstprocess import fetched_program
from boxer.userland.invocation import Command, Invocation
from boxer.userland.tools import add_tool

# Nothing, for a shell and for Python: the installer's work is done when it has been fetched.
_NOTHING = b"# boxer: this tool is the build's own\n"
_INSTALLERS = (
    (re.compile(r"get-pip\.py$"), ""),
    (re.compile(r"/uv/(?:[\d.]+/)?(?:uv-)?install(?:er)?\.sh$"), "uv"),
    (re.compile(r"/get-poetry\.py$|^https?://install\.[\w.-]*poetry[\w.-]*/?$|install-poetry\.py$"),
     "poetry"),
)  # fmt: skip
_OUTPUT = ("-o", "--output", "-O", "--output-document")


def fetch(call: Invocation) -> int | None:
    """A fetch of installers. Raises UnsupportedCommandError for anything else."""
    addresses = [word for word in call.arguments if "://" in word]
    program = fetched_program(addresses[0]) if len(addresses) == 1 else None
    if program is not None:
        return _write(call, addresses[0], program, posixpath.basename(addresses[0]))
    tools = [_tool(address) for address in addresses]
    if not tools or None in tools:
        return refused.COMMANDS[call.name].function(call)
    for tool in tools:
        if tool:
            for folder in _folders(call, tool):
                add_tool(call.tree, tool, folder, call.epoch, (call.user.uid, call.user.gid))
    named = "`, `".join(tool or "pip" for tool in tools if tool is not None)
    return _write(call, addresses[-1], _NOTHING, named)


def _write(call: Invocation, address: str, data: bytes, named: str) -> int:
    """What the command would have fetched, where it would have put it."""
    call.notice(f"`{named}`: the build has its own, nothing is fetched.")
    output = _output(call, address)
    if output is None:
        call.out += data
    else:
        uid, gid = call.user.uid, call.user.gid
        call.tree.add_file(call.path(output), data, 0o644, uid, gid, call.epoch)
    return 0


def _tool(address: str) -> str | None:
    return next((tool for pattern, tool in _INSTALLERS if pattern.search(address)), None)


def _folders(call: Invocation, tool: str) -> list[str]:
    home = call.env.get("HOME", "/root")
    if tool == "poetry":
        own = call.env.get("POETRY_HOME")
        return [f"{call.path(own)}/bin"] if own else [f"{home}/.local/bin", f"{home}/.poetry/bin"]
    own = call.env.get("UV_INSTALL_DIR") or call.env.get("XDG_BIN_HOME")
    return [call.path(own)] if own else [f"{home}/.local/bin", f"{home}/.cargo/bin"]


def _output(call: Invocation, address: str) -> str | None:
    """The file that is written; None for standard output."""
    argv = call.arguments
    for place, word in enumerate(argv):
        name, equals, value = word.partition("=")
        if equals and name in _OUTPUT:
            return None if value == "-" else value
        if call.name == "curl" and (
            word in ("-O", "--remote-name") or re.match(r"-[a-zA-Z]*O", word)
        ):
            return posixpath.basename(address)
        if word in _OUTPUT or re.fullmatch(r"-[a-zA-Z]*[oO]", word):
            value = argv[place + 1] if place + 1 < len(argv) else "-"
            return None if value == "-" else value
        if call.name == "wget" and re.fullmatch(r"-[a-zA-Z]*O-", word):
            return None
    return posixpath.basename(address) if call.name == "wget" else None


COMMANDS = {name: Command(fetch, makes_programs=True) for name in ("curl", "wget")}

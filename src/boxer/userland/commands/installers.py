"""curl and wget in a RUN: there is no network, and what people fetch most are installers of tools
that a build has anyway, and tini and its kin.

Belongs here: seeing that from the address, and putting the tool where its installer would. Does
not: any other address, which is refused (`refused`).
"""

from __future__ import annotations

import posixpath
import re

from boxer.userland.commands import refused
from boxer.userland.firstprocess import fetched_program, installed_tool
from boxer.userland.invocation import Command, Invocation
from boxer.userland.tools import TOOLS, add_tool

_OUTPUT = ("-o", "--output", "-O", "--output-document")


def fetch(call: Invocation) -> int | None:
    """A fetch of installers. Raises UnsupportedCommandError for anything else."""
    addresses = [word for word in call.arguments if "://" in word]
    programs = [fetched_program(address) for address in addresses]
    found = [program for program in programs if program is not None]
    if not found or len(found) < len(programs):
        return refused.COMMANDS[call.name].function(call)
    tool = installed_tool(addresses[-1])
    if tool is not None and _output(call, addresses[-1]) == "/dev/null":
        return put_tool(call, tool)  # an installer of ours is being run
    named = [installed_tool(address) for address in addresses]
    names = [
        posixpath.basename(address) if tool is None else tool or "pip"
        for address, tool in zip(addresses, named, strict=True)
    ]
    return _write(call, addresses[-1], found[-1], "`, `".join(names))


def put_tool(call: Invocation, tool: str) -> int:
    """A tool of the build's, where its installer would put it."""
    if tool in TOOLS:
        for folder in _folders(call, tool):
            add_tool(call.tree, tool, folder, call.epoch, (call.user.uid, call.user.gid))
    return 0


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

"""`uv tool install`: programs, each in an environment of its own.

Belongs here: that one command and its options. Does not: the rest of uv (`uv`).

Source: uv, "Tools": where environments and programs lie.
"""

from __future__ import annotations

from boxer.errors import UnsupportedCommandError
from boxer.filetree import File
from boxer.steps.pip.installer import install_packages
from boxer.steps.pip.options import InstallOptions
from boxer.steps.pip.prefix import Prefix, installed, normalize
from boxer.steps.pip.requirements import requirement_name
from boxer.steps.pip.target import Target
from boxer.steps.shell.invocation import CommandFailedError, Invocation

_VALUED = frozenset(("--python", "-p", "--index", "--default-index", "--index-url", "-i",
                     "--extra-index-url", "--link-mode", "--with-executables-from"))  # fmt: skip


def tool_environment(call: Invocation, name: str) -> str:
    """The folder of a tool's environment."""
    home = call.env.get("HOME", "/root")
    tools = call.env.get("UV_TOOL_DIR") or f"{home}/.local/share/uv/tools"
    return f"{call.path(tools)}/{name}"


def read_tool(call: Invocation, arguments: list[str]) -> list[str]:
    """What `uv tool install` is to install, the tool first. Raises UnsupportedCommandError,
    CommandFailedError."""
    if arguments[:1] != ["install"]:
        raise UnsupportedCommandError(
            f"`uv tool {' '.join(arguments[:1])}` cannot work in a RUN.",
            where=call.where,
            hint="`uv tool install NAME`, then call the program by its name.",
        )
    packages, more = [], []
    rest = iter(arguments[1:])
    for word in rest:
        name, equals, value = word.partition("=")
        if name in ("--with", "-w", "--from"):
            more.append(value if equals else next(rest, ""))
        elif word in _VALUED:
            next(rest, None)
        elif not word.startswith("-"):
            packages.append(word)
    if not packages:
        raise CommandFailedError("the following required arguments were not provided: PACKAGE", 2)
    return [*packages, *more]


def install_tool(call: Invocation, target: Target, packages: list[str]) -> None:
    """Installs a tool into its environment, which is there, and links its programs."""
    install_packages(target, InstallOptions(packages=packages))
    name = normalize(requirement_name(packages[0]))
    found = installed(call.tree, target.prefix).get(name)
    home = call.env.get("HOME", "/root")
    folder = call.path(call.env.get("UV_TOOL_BIN_DIR") or f"{home}/.local/bin")
    call.tree.make_directories(folder, 0o755, call.user.uid, call.user.gid, call.epoch)
    programs = _programs(call, target.prefix, found.folder if found else "")
    for program in programs:
        link = f"{folder}/{program}"
        if call.tree.get(link, follow=False) is not None:
            call.tree.remove(link)
        call.tree.add_symlink(
            link, f"{target.prefix.scripts}/{program}", call.user.uid, call.user.gid, call.epoch
        )
    listed = ", ".join(programs)
    call.print(f"Installed {len(programs)} executables: {listed}")


def _programs(call: Invocation, prefix: Prefix, info: str) -> list[str]:
    """The names of a distribution's programs, from its RECORD."""
    record = call.tree.get(f"{info}/RECORD")
    if not isinstance(record, File):
        return []
    lines = record.data.decode("utf-8", "replace").splitlines()
    names = {line.partition(",")[0].rpartition("/")[2] for line in lines if "/bin/" in line}
    return sorted(n for n in names if call.tree.get(f"{prefix.scripts}/{n}") is not None)

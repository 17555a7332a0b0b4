"""`uv tool install`, `pipx install`: programs, each in an environment of its own.

Belongs here: those commands and their options. Does not: the rest of uv (`uv`).

Source: uv, "Tools": where environments and programs lie.
"""

from __future__ import annotations

from boxer.errors import UnsupportedCommandError
from boxer.filetree import File
from boxer.packages import (
    InstallOptions,
    Prefix,
    Target,
    install_packages,
    installed,
    normalize,
    requirement_name,
)
from boxer.userland.commands.pip import target_of
from boxer.userland.commands.python import run_program
from boxer.userland.commands.venv import venv
from boxer.userland.invocation import Command, CommandFailedError, Invocation
from boxer.userland.tools import TOOLS, add_tool

_VALUED = frozenset(("--python", "-p", "--index", "--default-index", "--index-url", "-i",
                     "--extra-index-url", "--link-mode", "--with-executables-from", "--pip-args",
                     "--suffix"))  # fmt: skip


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


def add_own_tool(call: Invocation, package: str) -> bool:
    """Whether a tool is the build's own, whose programs are then put where the others are."""
    name = normalize(requirement_name(package))
    if name not in TOOLS:
        return False
    add_tool(call.tree, name, programs_folder(call), call.epoch, (call.user.uid, call.user.gid))
    call.print(f"Requirement already satisfied: {name} (the build's own)")
    return True


def programs_folder(call: Invocation) -> str:
    """Where links to the tools' programs are."""
    home = call.env.get("HOME", "/root")
    return call.path(call.env.get("UV_TOOL_BIN_DIR") or f"{home}/.local/bin")


def install_tool(call: Invocation, target: Target, packages: list[str]) -> None:
    """Installs a tool into its environment, which is there, and links its programs."""
    install_packages(target, InstallOptions(packages=packages))
    name = normalize(requirement_name(packages[0]))
    found = installed(call.tree, target.prefix).get(name)
    folder = programs_folder(call)
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


def pipx(call: Invocation) -> int:
    """`pipx install`: as `uv tool install`, in pipx's folders."""
    argv = [word for word in call.arguments if word not in ("--global", "-q", "--quiet")]
    if not argv or argv[0] in ("ensurepath", "--version", "list", "environment", "upgrade"):
        return 0
    if argv[0] != "install":
        raise UnsupportedCommandError(
            f"`pipx {argv[0]}` cannot work in a RUN.",
            where=call.where,
            hint="`pipx install NAME`, then call the program by its name.",
        )
    home = call.env.get("HOME", "/root")
    folders = {
        "UV_TOOL_DIR": f"{call.env.get('PIPX_HOME') or f'{home}/.local/share/pipx'}/venvs",
        "UV_TOOL_BIN_DIR": call.env.get("PIPX_BIN_DIR") or f"{home}/.local/bin",
    }
    call.env = {**call.env, **folders}
    return tool(call, argv)


def uvx(call: Invocation) -> int:
    """`uvx NAME`, `uv tool run NAME`: a program of a package, in an environment for this run."""
    if call.arguments[:1] in (["--version"], ["-V"]):
        call.print("uvx (the build's own)")
        return 0
    packages, command = _read_run(call.arguments)
    root = f"{call.env.get('HOME', '/root')}/.cache/uv/run"
    venv(call.calling("venv", root))
    prefix = Prefix.of_environment(root, call.python)
    try:
        install_packages(target_of(call, prefix), InstallOptions(packages=packages))
        program = f"{prefix.scripts}/{command[0]}"
        if call.tree.get(program) is None:
            raise CommandFailedError(f"`{packages[0]}` has no program `{command[0]}`", 1)
        return run_program(call.calling(program, *command[1:]))
    finally:
        call.tree.remove(root, recursive=True)


def _read_run(arguments: list[str]) -> tuple[list[str], list[str]]:
    """The packages, the one with the program first, and the command. `NAME@VERSION` is both."""
    source, more = "", []
    argv = list(arguments)
    while argv and argv[0].startswith("-"):
        name, equals, value = argv.pop(0).partition("=")
        if name in _VALUED or name in ("--with", "-w", "--from"):
            value = value if equals else (argv.pop(0) if argv else "")
        if name == "--from":
            source = value
        elif name in ("--with", "-w"):
            more += value.split(",")
    if not argv:
        raise CommandFailedError("Provide a command to run with `uvx <command>`.", 2)
    name, at, version = argv[0].partition("@")
    pinned = f"{name}=={version}" if at and version != "latest" else name
    return [source or pinned, *more], [name, *argv[1:]]


def tool(call: Invocation, arguments: list[str]) -> int:
    """Installs the tools that a command line names, into an environment of the first one."""
    if arguments[:1] == ["run"] and call.name != "pipx":
        return uvx(call.calling("uvx", *arguments[1:]))
    packages = read_tool(call, arguments)
    if add_own_tool(call, packages[0]):
        return 0
    root = tool_environment(call, normalize(requirement_name(packages[0])))
    venv(call.calling("venv", root))
    install_tool(call, target_of(call, Prefix.of_environment(root, call.python)), packages)
    return 0


COMMANDS = {
    "pipx": Command(pipx, makes_programs=True),
    "uvx": Command(uvx, reads_stdin=True, makes_programs=True),
}

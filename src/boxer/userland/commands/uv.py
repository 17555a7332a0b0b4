"""uv in a RUN: its pip part, projects (`uv sync`, `uv run`), environments.

Belongs here: uv's own subcommands and options. Does not: what a lock file means (`pip.project`),
how packages get in (`boxer.packages`), pip's options (`commands.pip`).
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field

from boxer.errors import PipUsageError, UnsupportedCommandError
from boxer.filetree import File
from boxer.packages import (
    InstallOptions,
    Prefix,
    install_packages,
    limits_of,
    refused_variables,
    uv_project,
)
from boxer.userland.commands.pip import announce, build_project, target_of
from boxer.userland.commands.python import run_program
from boxer.userland.commands.uvitself import VALUED, as_uv, scene_of, write_files
from boxer.userland.commands.uvpip import activated, uv_pip
from boxer.userland.commands.uvtools import tool
from boxer.userland.commands.venv import venv
from boxer.userland.invocation import Command, CommandFailedError, Invocation

VERSION = "0.9.0"  # what uv would say it is; scripts only ever show it

_VALUED = VALUED | {"--python-platform", "--env-file"}
# As those, without a value.
_HARMLESS = frozenset(
    ("--compile-bytecode", "--no-compile-bytecode", "--reinstall", "--refresh", "--no-cache", "-n",
     "--managed-python", "--no-managed-python", "--no-python-downloads", "-q", "--quiet", "-v",
     "--verbose", "-vv", "--no-progress", "--native-tls", "--system-certs", "--no-env-file",
     "--isolated", "--exact", "--no-active", "--preview", "--no-installer-metadata", "--seed")
)  # fmt: skip
# What the commands of a build do themselves.
_OURS = frozenset(
    ("--active", "--inexact", "--no-sync", "--no-project", "--dry-run", "--check", "-m",
     "--module", "-s", "--script", "--gui-script")
)  # fmt: skip
# Options that uv is told as they are, and that have a value: it knows the others itself.
_CARRIED = frozenset(
    ("--extra", "--no-extra", "--group", "--no-group", "--only-group", "--package",
     "--no-install-package", "--only-install-package", "--no-editable-package", "--index",
     "--default-index", "--index-url", "-i", "--extra-index-url", "--find-links", "-f",
     "--upgrade-package", "-P", "--upgrade-group", "--index-strategy", "--keyring-provider",
     "--resolution", "--prerelease", "--prerelease-package", "--fork-strategy", "--exclude-newer",
     "--exclude-newer-package", "--no-sources-package", "--config-setting", "-C",
     "--config-settings-package", "--no-build-isolation-package", "--no-build-package",
     "--no-binary-package", "--config-file", "--allow-insecure-host")
)  # fmt: skip
# A variable of uv's -> the option it stands for.
_VARIABLES = {
    "UV_NO_INSTALL_PROJECT": "--no-install-project", "UV_NO_SYNC": "--no-sync",
    "UV_NO_INSTALL_WORKSPACE": "--no-install-workspace", "UV_NO_PROJECT": "--no-project",
    "UV_NO_INSTALL_LOCAL": "--no-install-local",
}  # fmt: skip
_FALSE = ("", "0", "false", "no", "off")
_FOLDERS = ("--project", "--directory")
_WITH_VALUE = {
    **dict.fromkeys(_FOLDERS, ""), "--with": "with", "-w": "with", "--with-editable": "with",
    "--with-requirements": "with",
}  # fmt: skip
_NOT_IN_RUN = {
    "with": "Add the package to the project, or `uv pip install` it.",
    "script": "`uv pip install` what the script needs, and `python` it.",
}


def uv(call: Invocation) -> int:
    """One uv command. Raises what `install_packages` raises, UnsupportedCommandError."""
    for name, why in refused_variables(call.env).items():
        raise PipUsageError(
            f"uv's variable `{name}` cannot be heeded in a RUN: {why}.",
            where=call.where,
            hint=f"Take `{name}` out of the Dockerfile, or give it no value.",
        )
    for name in ("UV_WORKING_DIR", "UV_WORKING_DIRECTORY", "UV_PROJECT"):
        call.cwd = call.path(call.env.get(name) or ".")
    argv = list(call.arguments)
    while argv and argv[0].startswith("-") and argv[0] not in ("--version", "-V"):
        option = argv.pop(0)
        if option in _FOLDERS and argv:
            call.cwd = call.path(argv.pop(0))
        elif option in _VALUED and argv:
            argv.pop(0)
    action, rest = (argv[0], argv[1:]) if argv else ("help", [])
    if action in _ACTIONS:
        return _ACTIONS[action](call, rest)
    if action in ("--version", "version", "-V", "self", "help"):
        call.print(f"uv {VERSION}")
        return 0
    if action in ("cache", "python", "generate-shell-completion"):
        return 0  # the base's Python is the only one, and it is there
    raise UnsupportedCommandError(
        f"`uv {action}` cannot work in a RUN.",
        where=call.where,
        hint="A build has `uv sync`, `uv run`, `uv pip`, `uv venv`, `uv add`, `uv tool install`,"
        " `uv build`, `uv export`, `uv lock` and `uv init`.",
    )


def _venv(call: Invocation, arguments: list[str]) -> int:
    argv = []
    rest = iter(arguments)
    for word in rest:
        if word in ("--python", "-p", "--prompt", "--link-mode"):
            next(rest, None)
        elif not word.startswith("-") or word == "--system-site-packages":
            argv.append(word)
    if not any(not word.startswith("-") for word in argv):
        argv.append(".venv")
    call.arguments = argv
    venv(call)
    return 0


@dataclass(slots=True)
class _Asked:
    """A command line of `sync` or `run`. carried: what uv is told; values: of ours, by name."""

    carried: list[str] = field(default_factory=list)
    switches: set[str] = field(default_factory=set)
    values: dict[str, list[str]] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    cwd: str = ""  # where a program runs: `--project` says only which project is meant


def _sync(call: Invocation, arguments: list[str]) -> int:
    asked = _read(call, arguments)
    if asked.words:
        raise CommandFailedError(f"unexpected argument '{asked.words[0]}' found", 2)
    return _synchronise(call, asked, exact="inexact" not in asked.switches)


def _synchronise(call: Invocation, asked: _Asked, *, exact: bool) -> int:
    _require_project(call)
    scene = scene_of(call)
    working = _limits(call)
    written: dict[str, bytes] = {}
    root = ""

    def within(limits: list[str]) -> InstallOptions:
        nonlocal root
        wanted, root, files = uv_project.wanted(scene, asked.carried, [*working, *limits])
        written.update(files)
        return InstallOptions(
            local=wanted.local,
            answer=wanted.locked,
            sources=wanted.sources,
            switches={"no-deps", *(["exact"] if exact else []), *(asked.switches & {"dry-run"})},
            by_uv=True,
        )

    options = within([])
    if not uv_project.is_locked(scene):
        options.within = within
    environment = _environment(call, root, "active" in asked.switches)
    if not isinstance(call.tree.get(f"{environment}/bin/python"), File):
        venv(call.calling("venv", environment))
    call.env = activated(call.env, environment)
    prefix = Prefix.of_base(call.python)
    if environment != prefix.root:
        prefix = Prefix.of_environment(environment, call.python)
    announce(call, prefix, install_packages(target_of(call, prefix), options))
    if "dry-run" not in asked.switches:
        write_files(call, written)
    return 0


def _limits(call: Invocation) -> list[str]:
    """Constraints that ask for versions which work in a box."""
    return limits_of(target_of(call, Prefix.of_base(call.python)))


def _require_project(call: Invocation) -> str:
    project = uv_project.find_project(call.tree, call.cwd)
    if project is None:
        raise CommandFailedError("No `pyproject.toml` found in current directory or any parent", 2)
    return project


def _environment(call: Invocation, project: str, active: bool) -> str:
    if active and call.env.get("VIRTUAL_ENV"):
        return call.path(call.env["VIRTUAL_ENV"])
    named = call.env.get("UV_PROJECT_ENVIRONMENT")
    return posixpath.normpath(posixpath.join(project, named or ".venv"))


def _run(call: Invocation, arguments: list[str]) -> int:
    asked = _read(call, arguments)
    command = asked.words
    if not command:
        raise CommandFailedError("a command to run is missing", 2)
    for option, hint in _NOT_IN_RUN.items():
        if asked.values.get(option) or option in asked.switches:
            raise UnsupportedCommandError(
                f"`uv run --{option}` cannot work in a RUN.", where=call.where, hint=hint
            )
    project = uv_project.find_project(call.tree, call.cwd)
    if project is not None and "no-project" not in asked.switches:
        if "no-sync" not in asked.switches:
            _synchronise(call, asked, exact=False)
        else:
            call.env = activated(call.env, _environment(call, project, False))
    call.cwd = asked.cwd
    if "module" in asked.switches:
        command = ["python", "-m", *command]
    elif command[0].endswith(".py"):
        command = ["python", *command]
    return run_program(call.calling(command[0], *command[1:]))


def _export(call: Invocation, arguments: list[str]) -> int:
    return as_uv(call, ["export", *arguments])


def _lock(call: Invocation, arguments: list[str]) -> int:
    scene = scene_of(call)
    return as_uv(call, ["lock", *arguments], [] if uv_project.is_locked(scene) else _limits(call))


def _init(call: Invocation, arguments: list[str]) -> int:
    """The project's files; a box has no git."""
    return as_uv(call, ["init", "--vcs", "none", *arguments])


def _build(call: Invocation, arguments: list[str]) -> int:
    """`uv build`: the wheel alone, since nothing installs an sdist where there is one."""
    folder, project = None, "."
    rest = iter(arguments)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in ("--package", "--all-packages", "--all"):
            raise UnsupportedCommandError(
                f"`uv build {name}` cannot work in a RUN.",
                where=call.where,
                hint="Name the member's folder: `uv build packages/NAME`.",
            )
        if name in ("-o", "--out-dir"):
            folder = value if equals else next(rest, "")
        elif word in _VALUED:
            next(rest, None)
        elif not word.startswith("-"):
            project = word
    return build_project(call, call.path(folder or posixpath.join(project, "dist")), project)


def _read(call: Invocation, arguments: list[str]) -> _Asked:
    """The options before the first word that is none, and the words from there."""
    asked = _Asked(cwd=call.cwd)
    argv = [
        option
        for name, option in _VARIABLES.items()
        if call.env.get(name, "").lower() not in _FALSE
    ] + list(arguments)
    while argv and argv[0].startswith("-"):
        word = argv.pop(0)
        if word == "--":
            break
        name, equals, value = word.partition("=")
        valued = name in _VALUED or name in _CARRIED or name in _WITH_VALUE
        if valued and not equals:
            value = argv.pop(0) if argv else ""
        if name in _FOLDERS:
            call.cwd = call.path(value)
            asked.cwd = call.cwd if name == "--directory" else asked.cwd
        elif name in _WITH_VALUE:
            asked.values.setdefault(_WITH_VALUE[name], []).append(value)
        elif name in _OURS:
            asked.switches.add("module" if name == "-m" else name.lstrip("-"))
        elif name not in _VALUED and name not in _HARMLESS:
            name = name.replace("-install-", "-emit-")
            asked.carried += [name, value] if valued else [word.replace("-install-", "-emit-")]
    asked.words = argv
    return asked


def _add(call: Invocation, arguments: list[str]) -> int:
    return _change(call, "add", arguments)


def _remove(call: Invocation, arguments: list[str]) -> int:
    return _change(call, "remove", arguments)


def _change(call: Invocation, action: str, arguments: list[str]) -> int:
    """uv changes the project's files, and what they ask for is installed."""
    words = [word for word in arguments if word not in ("--no-sync", "--active")]
    as_uv(call, [action, "--no-sync", *words], _limits(call) if action == "add" else ())
    if "--no-sync" in arguments or "--frozen" in arguments:
        return 0
    return _synchronise(call, _Asked(), exact=action == "remove")


_ACTIONS = {
    "add": _add,
    "remove": _remove,
    "build": _build,
    "init": _init,
    "tool": tool,
    "pip": uv_pip,
    "venv": _venv,
    "sync": _sync,
    "run": _run,
    "export": _export,
    "lock": _lock,
}

COMMANDS = {"uv": Command(uv, reads_stdin=True, makes_programs=True)}

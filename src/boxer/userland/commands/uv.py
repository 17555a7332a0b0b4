"""uv in a RUN: its pip part, projects (`uv sync`, `uv run`), environments.

Belongs here: uv's own subcommands and options. Does not: what a lock file means (`pip.project`),
how packages get in (`boxer.packages`), pip's options (`commands.pip`).
"""

from __future__ import annotations

import posixpath

from boxer.errors import UnsupportedCommandError
from boxer.filetree import File
from boxer.packages import InstallOptions, Prefix, index_environment, install_packages, uv_project
from boxer.userland.commands.pip import announce, build_project, pip, target_of
from boxer.userland.commands.python import run_program
from boxer.userland.commands.uvpip import activated, uv_pip
from boxer.userland.commands.uvtools import tool
from boxer.userland.commands.venv import venv
from boxer.userland.invocation import Command, CommandFailedError, Invocation

VERSION = "0.9.0"  # what uv would say it is; scripts only ever show it

# Options of sync and run that have a value and make no difference in a box.
_VALUED = frozenset(
    ("--python", "-p", "--link-mode", "--cache-dir", "--config-file", "--env-file", "--index",
     "--default-index", "--index-url", "-i", "--extra-index-url", "--find-links", "-f",
     "--refresh-package", "--upgrade-package", "-P", "--reinstall-package", "--color", "-C",
     "--config-setting", "--python-platform", "--index-strategy", "--keyring-provider", "-n")
)  # fmt: skip
_SELECTING = {
    "--extra": "extra", "--group": "group", "--no-group": "no-group", "--only-group": "only-group",
    "--package": "package", "--no-install-package": "no-install-package",
    "--no-extra": "no-extra",
}  # fmt: skip
_FOLDERS = ("--project", "--directory")
_WITH_VALUE = (*_FOLDERS, "--with", "-w", "-r", "--requirements", "--requirement")


def uv(call: Invocation) -> int:
    """One uv command. Raises what `install_packages` raises, UnsupportedCommandError."""
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
        " `uv build`, `uv export` and `uv lock`.",
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


def _sync(call: Invocation, arguments: list[str]) -> int:
    selection, rest = _selection(call, arguments)
    if rest:
        raise CommandFailedError(f"unexpected argument '{rest[0]}' found", 2)
    return _synchronise(call, selection)


def _synchronise(call: Invocation, selection: uv_project.Selection) -> int:
    project = uv_project.find_project(call.tree, call.cwd)
    if project is None:
        raise CommandFailedError("No `pyproject.toml` found in current directory or any parent", 2)
    root = _environment(call, project, "active" in selection.switches)
    if not isinstance(call.tree.get(f"{root}/bin/python"), File):
        made = call.calling("venv", root)
        venv(made)
    call.env = activated(call.env, root)
    lines = _requirements(call, project, selection)
    options = InstallOptions(packages=lines, switches={"no-deps"})
    if uv_project.is_package(call.tree, project) and "no-install-project" not in selection.switches:
        (options.packages if "no-editable" in selection.switches else options.editable).append(
            project
        )
    if options.packages or options.editable:
        prefix = Prefix.of_base(call.python)
        if root != prefix.root:
            prefix = Prefix.of_environment(root, call.python)
        announce(call, prefix, install_packages(target_of(call, prefix), options))
    return 0


def _requirements(call: Invocation, project: str, selection: uv_project.Selection) -> list[str]:
    environment = index_environment(call.env, {})
    version = call.python.series
    return uv_project.locked_requirements(
        call.tree, project, selection, environment, version, call.where
    )


def _environment(call: Invocation, project: str, active: bool) -> str:
    if active and call.env.get("VIRTUAL_ENV"):
        return call.path(call.env["VIRTUAL_ENV"])
    named = call.env.get("UV_PROJECT_ENVIRONMENT")
    return posixpath.normpath(posixpath.join(project, named or ".venv"))


def _run(call: Invocation, arguments: list[str]) -> int:
    selection, command = _selection(call, arguments)
    if not command:
        raise CommandFailedError("a command to run is missing", 2)
    project = uv_project.find_project(call.tree, call.cwd)
    if project is not None:
        if "no-sync" not in selection.switches and "no-project" not in selection.switches:
            _synchronise(call, selection)
        else:
            call.env = activated(call.env, _environment(call, project, False))
    if selection.chosen["with"]:
        raise UnsupportedCommandError(
            "`uv run --with` cannot work in a RUN.",
            where=call.where,
            hint="Add the package to the project, or `uv pip install` it.",
        )
    if "module" in selection.switches:
        command = ["python", "-m", *command]
    elif command[0].endswith(".py"):
        command = ["python", *command]
    return run_program(call.calling(command[0], *command[1:]))


def _export(call: Invocation, arguments: list[str]) -> int:
    output = None
    rest = iter(arguments)
    kept = []
    for word in rest:
        if word in ("-o", "--output-file"):
            output = next(rest, None)
        elif word.startswith("--output-file="):
            output = word.partition("=")[2]
        elif word == "--format":
            next(rest, None)
        elif not word.startswith(("--format=", "--no-emit", "--no-h", "--no-a")):
            kept.append(word)
    selection, _ = _selection(call, kept)
    project = uv_project.find_project(call.tree, call.cwd)
    if project is None:
        raise CommandFailedError("No `pyproject.toml` found in current directory or any parent", 2)
    lines = _requirements(call, project, selection)
    text = "".join(f"{line}\n" for line in lines)
    if output is None:
        call.out += text.encode()
    else:
        uid, gid = call.user.uid, call.user.gid
        call.tree.add_file(call.path(output), text.encode(), 0o644, uid, gid, call.epoch)
    return 0


def _build(call: Invocation, arguments: list[str]) -> int:
    """`uv build`: the wheel alone, since nothing installs an sdist where there is one."""
    folder, project = None, "."
    rest = iter(arguments)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in ("-o", "--out-dir"):
            folder = value if equals else next(rest, "")
        elif word in _VALUED or word == "--package":
            next(rest, None)
        elif not word.startswith("-"):
            project = word
    return build_project(call, call.path(folder or posixpath.join(project, "dist")), project)


def _lock(call: Invocation, arguments: list[str]) -> int:
    call.notice("`uv lock` does nothing in a RUN: `uv sync` resolves what the project asks for.")
    return 0


def _selection(call: Invocation, arguments: list[str]) -> tuple[uv_project.Selection, list[str]]:
    """The options before the first word that is none, and the words from there."""
    selection = uv_project.Selection()
    argv = list(arguments)
    while argv and argv[0].startswith("-"):
        word = argv.pop(0)
        if word == "--":
            break
        name, equals, value = word.partition("=")
        valued = name in _VALUED or name in _SELECTING or name in _WITH_VALUE
        if valued and not equals:
            value = argv.pop(0) if argv else ""
        if name in _FOLDERS:
            call.cwd = call.path(value)
        elif name in ("-r", "--requirements", "--requirement"):
            selection.chosen["requirements"].append(value)
        elif name in ("--with", "-w"):
            selection.chosen["with"].append(value)
        elif name in _SELECTING:
            selection.chosen[_SELECTING[name]].append(value)
        elif name in ("-m", "--module"):
            selection.switches.add("module")
        elif not valued:
            selection.switches.add(name.lstrip("-"))
    return selection, argv


def _add(call: Invocation, arguments: list[str]) -> int:
    """`uv add`: installed at once; the project's file is read-only to a build."""
    selection, packages = _selection(call, arguments)
    _synchronise(call, selection)
    call.arguments = ["install", *(word for word in packages if not word.startswith("-"))]
    files = selection.chosen["requirements"]
    call.arguments += [word for path in files for word in ("-r", path)]
    call.notice("`uv add` in a RUN installs the packages; pyproject.toml stays as it is.")
    return pip(call)


_ACTIONS = {
    "add": _add,
    "build": _build,
    "tool": tool,
    "pip": uv_pip,
    "venv": _venv,
    "sync": _sync,
    "run": _run,
    "export": _export,
    "lock": _lock,
}

COMMANDS = {"uv": Command(uv, reads_stdin=True, makes_programs=True)}

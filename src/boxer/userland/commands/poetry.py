"""poetry in a RUN: `poetry install`, `poetry export`, `poetry run`.

Belongs here: its command line. Does not: what a project asks for (`pip.poetry`).
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from boxer.errors import UnsupportedCommandError
from boxer.filetree import File
from boxer.packages import (
    InstallOptions,
    LocalRequirement,
    Prefix,
    Wanted,
    install_packages,
    marker_environment,
    poetry_project,
    require_python_of_project,
    uv_project,
)
from boxer.userland.commands.pip import (
    announce,
    build_project,
    chosen_prefix,
    exported,
    target_of,
)
from boxer.userland.commands.python import run_program
from boxer.userland.commands.venv import venv
from boxer.userland.invocation import Command, CommandFailedError, Invocation

_HARMLESS = frozenset(
    ("-n", "--no-interaction", "--no-ansi", "--ansi", "-q", "-v", "-vv", "-vvv", "--no-cache")
)
_GROUPING = frozenset(("--only", "--without", "--with", "--extras", "-E"))
_SWITCHES = frozenset(
    ("--no-root", "--no-directory", "--sync", "--compile", "--all-extras", "--all-groups",
     "--only-root", "--no-dev", "--dev", "--remove-untracked", "--no-plugins", "--dry-run")
)  # fmt: skip
# Options of `poetry add` that have a value, and those of them that make no difference here.
_ADD_VALUED = frozenset(("--group", "-G", "--extras", "-E", "--python", "--platform", "--markers"))
VERSION = "2.1.0"  # what poetry would say it is; scripts only ever show it


def poetry(call: Invocation) -> int:
    """One poetry command. Raises what `install_packages` raises, UnsupportedCommandError."""
    argv = _in_project(call, [word for word in call.arguments if word not in _HARMLESS])
    call.env = _with_logins(call.env)
    action, rest = (argv[0], argv[1:]) if argv else ("--version", [])
    if action in ("--version", "-V", "about"):
        call.print(f"Poetry (version {VERSION})")
        return 0
    if action == "config":
        return _config(call, rest)
    if action in ("lock", "check", "self", "cache", "env"):
        return 0
    if action == "build":
        return build_project(call, call.path(_output(rest) or "dist"), _project(call))
    if action in _ACTIONS:
        return _ACTIONS[action](call, rest)
    raise UnsupportedCommandError(
        f"`poetry {action}` cannot work in a RUN.",
        where=call.where,
        hint="A build has `poetry install`, `add`, `export`, `run`, `build` and `config`.",
    )


def _in_project(call: Invocation, argv: list[str]) -> list[str]:
    """The words without the options that say which project is meant."""
    kept: list[str] = []
    rest = iter(argv)
    for word in rest:
        name, equals, value = word.partition("=")
        if kept[:1] != ["run"] and name in ("-C", "--directory", "-P", "--project"):
            call.cwd = call.path(value if equals else next(rest, "."))
        else:
            kept.append(word)
    return kept


def _with_logins(variables: Mapping[str, str]) -> dict[str, str]:
    """POETRY_HTTP_BASIC_NAME_USERNAME and its password, under uv's names for them."""
    head = "POETRY_HTTP_BASIC_"
    logins = {
        f"UV_INDEX_{name.removeprefix(head)}": value
        for name, value in variables.items()
        if name.startswith(head)
    }
    return {**variables, **logins}


def _output(argv: list[str]) -> str | None:
    """The value of `-o`, `--output`."""
    for place, word in enumerate(argv):
        if word.startswith("--output="):
            return word.partition("=")[2]
        if word in ("-o", "--output"):
            return argv[place + 1] if place + 1 < len(argv) else None
    return None


def _config(call: Invocation, argv: list[str]) -> int:
    """Only whether environments are made, and where, matters; the stage remembers it as a file."""
    values = [word for word in argv if not word.startswith("-")]
    if len(values) == 2 and values[0].startswith("virtualenvs."):
        path = _settings_path(call)
        node = call.tree.get(path)
        before = node.data if isinstance(node, File) else b""
        call.tree.make_directories(posixpath.dirname(path))
        line = f"{values[0]}={values[1]}\n".encode()
        call.tree.add_file(path, before + line, 0o644, call.user.uid, call.user.gid, call.epoch)
    return 0


def _settings_path(call: Invocation) -> str:
    return posixpath.join(call.env.get("HOME", "/root"), ".config/pypoetry/boxer.settings")


def _setting(call: Invocation, name: str) -> bool | None:
    variable = call.env.get("POETRY_" + name.upper().replace(".", "_").replace("-", "_"))
    text = _text(call, name) if variable is None else variable
    return None if text is None else text.lower() in ("1", "true", "yes")


def _text(call: Invocation, name: str) -> str | None:
    """What `poetry config` was told last."""
    node = call.tree.get(_settings_path(call))
    if isinstance(node, File):
        for line in reversed(node.data.decode().splitlines()):
            key, _, value = line.partition("=")
            if key == name:
                return value
    return None


def _project(call: Invocation) -> str:
    project = uv_project.find_project(call.tree, call.cwd)
    if project is None:
        raise CommandFailedError("Poetry could not find a pyproject.toml file", 1)
    return project


def _install(call: Invocation, argv: list[str]) -> int:
    project = _project(call)
    _require_known(argv)
    groups, extras = _groups(argv)
    options = InstallOptions()
    options.switches |= {"dry-run"} & {word.lstrip("-") for word in argv}
    if "--only-root" not in argv:
        options.take(_wanted(call, project, groups, extras))
    if "--sync" in argv or call.arguments[:1] == ["sync"]:
        options.switches.add("exact")
    prefix = _prefix(call, project)
    if "--no-root" not in argv and poetry_project.has_package(call.tree, project):
        options.local.append(LocalRequirement(project, editable=True))
    announce(call, prefix, install_packages(target_of(call, prefix), options))
    return 0


def _require_known(argv: list[str]) -> None:
    """Raises CommandFailedError for an option of `poetry install` that is not known."""
    rest = iter(argv)
    for word in rest:
        name, equals, _ = word.partition("=")
        if name in _GROUPING:
            if not equals:
                next(rest, None)
        elif word.startswith("-") and word not in _SWITCHES:
            raise CommandFailedError(f'The "{name}" option does not exist.')


def _wanted(call: Invocation, project: str, groups: set[str], extras: set[str]) -> Wanted:
    markers = marker_environment(call.python)
    asked = (call.python, call.ports.python_asked, call.where)
    require_python_of_project(call.tree, project, *asked)
    return poetry_project.wanted(call.tree, project, groups, extras, markers, call.where)


def _prefix(call: Invocation, project: str) -> Prefix:
    """The base where poetry is told to make no environment, or one is active; else `.venv`, or the
    environment poetry would make below the user's cache."""
    if _setting(call, "virtualenvs.create") is False or call.env.get("VIRTUAL_ENV"):
        return chosen_prefix(call, InstallOptions())
    root = _environment(call, project)
    if not isinstance(call.tree.get(f"{root}/bin/python"), File):
        made = call.calling("venv", root)
        venv(made)
    call.env = {**call.env, "VIRTUAL_ENV": root, "PATH": f"{root}/bin:{call.env.get('PATH', '')}"}
    return Prefix.of_environment(root, call.python)


def _environment(call: Invocation, project: str) -> str:
    inside = _setting(call, "virtualenvs.in-project")
    if inside or isinstance(call.tree.get(f"{project}/.venv/pyvenv.cfg"), File):
        return f"{project}/.venv"
    home = call.env.get("HOME", "/root")
    name = posixpath.basename(project) or "project"
    stated = call.env.get("POETRY_VIRTUALENVS_PATH") or _text(call, "virtualenvs.path")
    cache = call.env.get("POETRY_CACHE_DIR") or f"{home}/.cache/pypoetry"
    folder = (stated or "").replace("{cache-dir}", cache) or f"{cache}/virtualenvs"
    return f"{call.path(folder)}/{name}-py{call.python.series}"


def _groups(argv: list[str]) -> tuple[set[str], set[str]]:
    """The groups and extras that are wanted; `*` for the groups that are not optional."""
    groups, extras = {"*"}, set()
    rest = iter(argv)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in ("--only", "--without", "--with", "--extras", "-E") and not equals:
            value = next(rest, "")
        listed = {part.strip() for part in value.replace(",", " ").split()}
        if name == "--only":
            groups = listed
        elif name == "--without":
            groups |= {f"-{part}" for part in listed}
        elif name == "--with":
            groups |= listed
        elif name in ("--extras", "-E"):
            extras |= listed
        elif name in ("--no-dev", "--only-root"):
            groups = {"main"}
        elif name == "--all-extras":
            extras.add("*")
        elif name == "--all-groups":
            groups.add("**")
    return groups, extras


def _export(call: Invocation, argv: list[str]) -> int:
    project = _project(call)
    rest = iter(argv)
    output, kept = None, []
    for word in rest:
        name, equals, value = word.partition("=")
        if name in ("-o", "--output", "-f", "--format"):
            value = value if equals else next(rest, "")
            output = value if name in ("-o", "--output") else output
        else:
            kept.append(word)
    groups, extras = _groups(["--only", "main", *kept])
    lines = exported(_wanted(call, project, groups, extras), "--without-hashes" in argv)
    text = "".join(f"{line}\n" for line in lines)
    if output is None:
        call.out += text.encode()
    else:
        uid, gid = call.user.uid, call.user.gid
        call.tree.add_file(call.path(output), text.encode(), 0o644, uid, gid, call.epoch)
    return 0


def _run(call: Invocation, argv: list[str]) -> int:
    if not argv:
        raise CommandFailedError("a command to run is missing", 1)
    root = _environment(call, _project(call))
    if isinstance(call.tree.get(f"{root}/pyvenv.cfg"), File):
        call.env = {**call.env, "PATH": f"{root}/bin:{call.env.get('PATH', '')}"}
    return run_program(call.calling(argv[0], *argv[1:]))


def _add(call: Invocation, argv: list[str]) -> int:
    """`poetry add`: installed at once; the project's file is read-only to a build."""
    packages = []
    rest = iter(argv)
    for word in rest:
        name = word.partition("=")[0]
        if name == "--source":
            raise UnsupportedCommandError(
                "`poetry add --source` cannot work in a RUN.",
                where=call.where,
                hint="State the package with its source in pyproject.toml, and `poetry install`.",
            )
        if word in _ADD_VALUED:
            next(rest, None)
        elif not word.startswith("-"):
            packages.append(poetry_project.requirement(word))
    options = InstallOptions(packages=packages)
    prefix = _prefix(call, _project(call))
    call.notice("`poetry add` in a RUN installs the packages; pyproject.toml stays as it is.")
    announce(call, prefix, install_packages(target_of(call, prefix), options))
    return 0


_ACTIONS = {"add": _add, "install": _install, "sync": _install, "export": _export, "run": _run}

COMMANDS = {"poetry": Command(poetry, reads_stdin=True, makes_programs=True)}

"""pipenv in a RUN: `pipenv install`, `pipenv sync`, `pipenv run`, `pipenv requirements`.

Belongs here: its command line, its lock file, and where its environment is. Does not: installing
(`boxer.packages`).
"""

from __future__ import annotations

import posixpath

from boxer.errors import UnsupportedCommandError
from boxer.filetree import File
from boxer.packages import InstallOptions, Prefix, Wanted, install_packages, pipenv_project
from boxer.userland.commands.pip import announce, chosen_prefix, exported, target_of
from boxer.userland.commands.python import run_program
from boxer.userland.commands.venv import venv
from boxer.userland.invocation import Command, CommandFailedError, Invocation

_DEV = frozenset(("--dev", "-d"))
# Option -> what its value is; empty where it makes no difference in a box.
_VALUED = {
    "--python": "", "-c": "", "-r": "requirement", "--requirements": "requirement",
    "-i": "index", "--index": "index", "--pypi-mirror": "index", "--categories": "categories",
    "--extra-pip-args": "",
}  # fmt: skip


def pipenv(call: Invocation) -> int:
    """One pipenv command. Raises what `install_packages` raises, UnsupportedCommandError."""
    argv: list[str] = []
    switches: set[str] = set()
    values: dict[str, list[str]] = {}
    rest = iter(call.arguments)
    for word in rest:
        if argv[:1] == ["run"]:
            argv.append(word)
        elif word.partition("=")[0] in _VALUED and not (word == "-r" and argv[:1] == ["lock"]):
            name, equals, value = word.partition("=")
            values.setdefault(_VALUED[name], []).append(value if equals else next(rest, ""))
        elif word.startswith("-"):
            switches.add(word)
        else:
            argv.append(word)
    action = argv[0] if argv else ""
    if action in ("requirements", "lock") and not (action == "lock" and "-r" not in switches):
        for line in exported(_wanted(call, switches, values), "--hash" not in switches):
            call.print(line)
        return 0
    if action in ("install", "sync"):
        return _install(call, argv[1:], switches, values)
    if action == "run" and len(argv) > 1:
        return _run(call, argv[1:])
    if "--version" in switches or action in ("check", "verify", "lock", "clean", "graph"):
        return 0
    raise UnsupportedCommandError(
        f"`pipenv {' '.join(call.arguments[:2])}` cannot work in a RUN.",
        where=call.where,
        hint="A build has `pipenv install`, `pipenv sync`, `pipenv run`, `pipenv requirements`.",
    )


def _install(
    call: Invocation, packages: list[str], switches: set[str], values: dict[str, list[str]]
) -> int:
    options = InstallOptions(packages=packages, requirement=values.get("requirement", []))
    options.index = [("index-url", url) for url in values.get("index", [])]
    if not packages and not options.requirement:
        options.take(_wanted(call, switches, values))
    if "--system" in switches:
        prefix = chosen_prefix(call, options)
    else:
        root = _environment(call)
        if not isinstance(call.tree.get(f"{root}/bin/python"), File):
            venv(call.calling("venv", root))
        prefix = Prefix.of_environment(root, call.python)
    announce(call, prefix, install_packages(target_of(call, prefix), options))
    return 0


def _environment(call: Invocation) -> str:
    """In the project where pipenv is told so, or one lies there; else below the user's home."""
    project = _project(call)
    inside = call.env.get("PIPENV_VENV_IN_PROJECT", "").lower() in ("1", "true", "yes")
    if inside or isinstance(call.tree.get(f"{project}/.venv/pyvenv.cfg"), File):
        return f"{project}/.venv"
    home = (
        call.env.get("WORKON_HOME") or f"{call.env.get('HOME', '/root')}/.local/share/virtualenvs"
    )
    return f"{home}/{posixpath.basename(project)}"


def _project(call: Invocation) -> str:
    """The nearest folder upwards with a Pipfile, else the one the command is in."""
    folder = call.cwd
    while folder not in ("", "/"):
        if call.tree.get(f"{folder}/Pipfile") or call.tree.get(f"{folder}/Pipfile.lock"):
            return folder
        folder = posixpath.dirname(folder)
    return call.cwd


def _run(call: Invocation, argv: list[str]) -> int:
    root = _environment(call)
    if isinstance(call.tree.get(f"{root}/pyvenv.cfg"), File):
        path = f"{root}/bin:{call.env.get('PATH', '')}"
        call.env = {**call.env, "VIRTUAL_ENV": root, "PATH": path}
    return run_program(call.calling(argv[0], *argv[1:]))


def _wanted(call: Invocation, switches: set[str], values: dict[str, list[str]]) -> Wanted:
    groups = ["packages", *(["dev-packages"] if switches & _DEV else [])]
    stated = " ".join(values.get("categories", [])).replace(",", " ").split()
    groups = stated or groups
    locked = "--skip-lock" not in switches
    found = pipenv_project.wanted(call.tree, _project(call), groups, call.where, locked=locked)
    if found is None:
        raise CommandFailedError("No Pipfile present at project home. Aborting")
    return found


COMMANDS = {"pipenv": Command(pipenv, reads_stdin=True, makes_programs=True)}

"""pdm in a RUN: `pdm install`, `pdm sync`, `pdm export`, `pdm run`, `pdm build`.

Belongs here: its command line, and where its packages lie. Does not: what a project asks for
(`packages.projects.pdm`).
"""

from __future__ import annotations

import posixpath
from dataclasses import replace

from boxer.errors import UnsupportedCommandError
from boxer.filetree import Directory, File
from boxer.packages import (
    InstallOptions,
    LocalRequirement,
    Prefix,
    Wanted,
    install_packages,
    marker_environment,
    pdm_project,
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
from boxer.userland.commands.venv import venv
from boxer.userland.invocation import Command, CommandFailedError, Invocation

VERSION = "2.26.0"  # what pdm would say it is; scripts only ever show it

_LOCAL = "__pypackages__"  # PEP 582
_NOTHING = frozenset(("lock", "config", "use", "venv", "cache", "self", "plugin", "info", "list",
                      "update", "fix", "show", "init", "py", "python"))  # fmt: skip
_VALUED = frozenset(("-L", "--lockfile", "-p", "--project", "--override", "-S", "-k", "--skip",
                     "--config-setting", "-C", "-c", "--config", "-f", "--format",
                     "--venv"))  # fmt: skip


def pdm(call: Invocation) -> int:
    """One pdm command. Raises what `install_packages` raises, UnsupportedCommandError."""
    argv = list(call.arguments)
    while argv and argv[0] in ("-q", "-v", "-vv", "-n", "--non-interactive", "--quiet", "-I"):
        argv.pop(0)
    action, rest = (argv[0], argv[1:]) if argv else ("--version", [])
    if action in ("--version", "-V"):
        call.print(f"PDM, version {VERSION}")
        return 0
    if action in _NOTHING:
        return 0
    if action in _ACTIONS:
        return _ACTIONS[action](call, rest)
    raise UnsupportedCommandError(
        f"`pdm {action}` cannot work in a RUN.",
        where=call.where,
        hint="A build has `pdm install`, `sync`, `add`, `export`, `run` and `build`.",
    )


def _project(call: Invocation, argv: list[str]) -> str:
    for name in ("-p", "--project"):
        if name in argv[:-1]:
            return call.path(argv[argv.index(name) + 1])
    project = uv_project.find_project(call.tree, call.cwd)
    if project is None:
        raise CommandFailedError("No pyproject.toml has been initialized yet", 1)
    return project


def _install(call: Invocation, argv: list[str]) -> int:
    project = _project(call, argv)
    options = InstallOptions().take(_wanted(call, project, argv))
    if "--clean" in argv:
        options.switches.add("exact")
    own = not set(argv) & {"--no-self", "--no-default"} and pdm_project.is_package(
        call.tree, project
    )
    if own:
        options.local.append(LocalRequirement(project, editable="--no-editable" not in argv))
    prefix = _prefix(call, project, argv)
    announce(call, prefix, install_packages(target_of(call, prefix), options))
    return 0


def _wanted(call: Invocation, project: str, argv: list[str]) -> Wanted:
    markers = marker_environment(call.python)
    asked = (call.python, call.ports.python_asked, call.where)
    require_python_of_project(call.tree, project, *asked)
    return pdm_project.wanted(call.tree, project, _groups(argv), markers, call.where)


def _groups(argv: list[str]) -> pdm_project.Groups:
    groups = pdm_project.Groups()
    rest = iter(argv)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in ("-G", "--group", "-dG", "--without", "--with") and not equals:
            value = next(rest, "")
        listed = {part.strip() for part in value.split(",") if part.strip()}
        if name in ("--prod", "--production", "--no-dev"):
            groups.dev = False
        elif name in ("-G", "--group", "-dG", "--with"):
            groups.named |= listed
            groups.dev = groups.dev and name == "-dG"
        elif name == "--without":
            groups.without |= listed
        elif name == "--no-default":
            groups.default = False
        elif name in _VALUED and not equals:
            next(rest, None)
    return groups


def _prefix(call: Invocation, project: str, argv: list[str]) -> Prefix:
    """The base with `--global`, an active environment, the folder of PEP 582 where it lies, else
    the project's `.venv`."""
    if set(argv) & {"-g", "--global"} or call.env.get("VIRTUAL_ENV"):
        return chosen_prefix(call, InstallOptions())
    if isinstance(call.tree.get(f"{project}/{_LOCAL}"), Directory):
        version = call.ports.python_asked or call.python.series
        base = Prefix.of_base(call.python)
        return replace(base, root=f"{project}/{_LOCAL}/{version}/lib", flat=True)
    root = f"{project}/.venv"
    if not isinstance(call.tree.get(f"{root}/bin/python"), File):
        venv(call.calling("venv", root))
    return Prefix.of_environment(root, call.python)


def _export(call: Invocation, argv: list[str]) -> int:
    project = _project(call, argv)
    lines = exported(_wanted(call, project, argv), "--without-hashes" in argv)
    text = "".join(f"{line}\n" for line in lines)
    for name in ("-o", "--output"):
        if name in argv[:-1]:
            path = call.path(argv[argv.index(name) + 1])
            uid, gid = call.user.uid, call.user.gid
            call.tree.add_file(path, text.encode(), 0o644, uid, gid, call.epoch)
            return 0
    call.out += text.encode()
    return 0


def _run(call: Invocation, argv: list[str]) -> int:
    while argv and argv[0].startswith("-"):
        argv = argv[2 if argv[0] in _VALUED else 1 :]
    if not argv:
        raise CommandFailedError("a command to run is missing", 1)
    project = _project(call, [])
    environment = dict(call.env)
    if isinstance(call.tree.get(f"{project}/.venv/pyvenv.cfg"), File):
        environment["PATH"] = f"{project}/.venv/bin:{call.env.get('PATH', '')}"
        environment["VIRTUAL_ENV"] = f"{project}/.venv"
    local = f"{project}/{_LOCAL}/{call.ports.python_asked or call.python.series}/lib"
    if call.tree.get(local) is not None:
        environment["PYTHONPATH"] = f"{local}:{call.env.get('PYTHONPATH', '')}".rstrip(":")
        environment["PATH"] = f"{local}/bin:{environment.get('PATH', '')}"
    line = pdm_project.script(call.tree, project, argv)
    status, out, err = call.shell(line, project, environment)
    call.out += out
    call.err += err
    return status


def _add(call: Invocation, argv: list[str]) -> int:
    """`pdm add`: installed at once; the project's file is read-only to a build."""
    project = _project(call, argv)
    packages: list[str] = []
    editable: list[str] = []
    rest = iter(argv)
    for word in rest:
        if word in ("-G", "--group", "-dG", *_VALUED):
            next(rest, None)
        elif word in ("-e", "--editable"):
            editable.append(next(rest, "."))
        elif not word.startswith("-"):
            packages.append(word)
    prefix = _prefix(call, project, argv)
    call.notice("`pdm add` in a RUN installs the packages; pyproject.toml stays as it is.")
    options = InstallOptions(packages=packages, editable=editable)
    announce(call, prefix, install_packages(target_of(call, prefix), options))
    return 0


def _build(call: Invocation, argv: list[str]) -> int:
    folder = posixpath.join(_project(call, argv), "dist")
    for name in ("-d", "--dest"):
        if name in argv[:-1]:
            folder = call.path(argv[argv.index(name) + 1])
    return build_project(call, folder, _project(call, argv))


_ACTIONS = {"add": _add, "build": _build, "export": _export, "install": _install, "run": _run,
            "sync": _install}  # fmt: skip

COMMANDS = {"pdm": Command(pdm, reads_stdin=True, makes_programs=True)}

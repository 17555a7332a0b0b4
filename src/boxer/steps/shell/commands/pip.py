"""pip, pip3, `python -m pip` and `uv pip` in a RUN.

Belongs here: pip's subcommands and what it says. Does not: how packages get in (`boxer.steps.pip`).
"""

from __future__ import annotations

import json
import posixpath

from boxer.errors import PipUsageError, UnsupportedCommandError
from boxer.filetree import File, home_of
from boxer.steps.pip.installer import Outcome, Target, install_packages
from boxer.steps.pip.options import InstallOptions, parse_install
from boxer.steps.pip.placement import uninstall
from boxer.steps.pip.prefix import BASE_PREFIX, Installed, Prefix, installed, license_of, normalize
from boxer.steps.shell.invocation import Command, CommandFailedError, Invocation
from boxer.steps.shell.programs import find_program
from boxer.steps.shell.volume import WRITE, permitted

VERSION = "25.1"  # what pip would say it is; scripts only ever show it
_UNSUPPORTED = ("hash", "search", "index", "lock", "check")


def pip(call: Invocation) -> int:
    """One pip command. Raises what `install_packages` raises."""
    words = list(call.arguments)
    while words and words[0] in ("--no-cache-dir", "--disable-pip-version-check", "-q", "--quiet",
                                 "-v", "--verbose", "--no-input", "--no-color"):  # fmt: skip
        words.pop(0)
    if not words or words[0] in ("--help", "-h", "help"):
        call.print("usage: pip install|uninstall|list|freeze|show [options]")
        return 0
    action, rest = words[0], words[1:]
    if action in ("--version", "-V"):
        version = _prefix(call).version
        call.print(f"pip {VERSION} from {_prefix(call).site_packages}/pip (python {version})")
        return 0
    if action in _ACTIONS:
        return _ACTIONS[action](call, rest)
    if action in ("cache", "config", "debug", "completion"):
        return 0
    if action in _UNSUPPORTED:
        raise UnsupportedCommandError(
            f"`pip {action}` cannot work in a RUN.",
            where=call.where,
            hint="`pip install` fetches what it needs; wheels made before can be COPYed.",
        )
    raise PipUsageError(f"`pip {action}` is no pip command.", where=call.where)


def uv(call: Invocation) -> int:
    """uv: its pip part, and venv."""
    words = [word for word in call.arguments if word not in ("--no-cache", "-q", "--quiet")]
    if words[:1] == ["pip"]:
        call.arguments = words[1:]
        return pip(call)
    if words[:1] in (["--version"], ["version"], ["-V"]):
        call.print("uv 0.0.0 (in a box's build)")
        return 0
    if words[:1] in (["cache"], ["self"]):
        return 0
    raise UnsupportedCommandError(
        f"`uv {' '.join(words[:1])}` cannot work in a RUN yet.",
        where=call.where,
        hint="Export the lock (`uv export -o requirements.txt`) and use `uv pip install -r`.",
    )


def _install(call: Invocation, arguments: list[str]) -> int:
    options = parse_install(arguments, call.where)
    if not (options.packages or options.requirement or options.editable):
        raise CommandFailedError("You must give at least one requirement to install")
    prefix = _chosen_prefix(call, options)
    _say(call, prefix, install_packages(_target(call, prefix), options))
    return 0


def _wheel(call: Invocation, arguments: list[str]) -> int:
    """`pip wheel` and `pip download`: the files, in a folder of the box."""
    options = parse_install(arguments, call.where)
    options.wheel_folder = call.path(options.wheel_folder or ".")
    prefix = _prefix(call)
    nothing = Prefix(f"{options.wheel_folder}/.none", prefix.version, prefix.python, flat=True)
    outcome = install_packages(_target(call, nothing), options)
    for name, version in outcome.installed:
        call.print(f"Saved {options.wheel_folder}/{name}-{version}")
    return 0


def _target(call: Invocation, prefix: Prefix) -> Target:
    return Target(
        tree=call.tree,
        prefix=prefix,
        cwd=call.cwd,
        owner=(call.user.uid, call.user.gid),
        epoch=call.epoch,
        variables=call.env,
        where=call.where,
        wheels=call.ports.wheels,
        listener=call.ports.listener,
    )


def _say(call: Invocation, prefix: Prefix, outcome: Outcome) -> None:
    for name in outcome.skipped:
        call.print(f"Requirement already satisfied: {name} (the build's own)")
    for name, version in outcome.satisfied:
        call.print(f"Requirement already satisfied: {name} in {prefix.site_packages} ({version})")
    for name, version in outcome.uninstalled:
        call.print(f"Uninstalled {name}-{version}")
    if outcome.installed:
        listed = " ".join(f"{name}-{version}" for name, version in outcome.installed)
        call.print(f"Successfully installed {listed}")


def _chosen_prefix(call: Invocation, options: InstallOptions) -> Prefix:
    prefix = _prefix(call)
    if options.target is not None:
        return Prefix(call.path(options.target), prefix.version, prefix.python, flat=True)
    if options.prefix is not None:
        return Prefix(call.path(options.prefix), prefix.version, prefix.python)
    in_base = prefix.root == BASE_PREFIX
    if in_base and ("user" in options.switches or not _writable(call, prefix)):
        home = call.env.get("HOME") or home_of(call.tree, call.user.uid)
        root = posixpath.join(home, ".local")
        return Prefix(root, prefix.version, prefix.python, sees_base=True)
    if not _writable(call, prefix):
        raise CommandFailedError(f"Permission denied: '{prefix.site_packages}'")
    return prefix


def _writable(call: Invocation, prefix: Prefix) -> bool:
    path = prefix.site_packages
    while call.tree.get(path) is None:
        path = path.rpartition("/")[0] or "/"
    node = call.tree.get(path)
    return node is not None and permitted(node, call.user, WRITE)


def _prefix(call: Invocation) -> Prefix:
    """The environment whose python comes first on PATH, or whose pip was called by its path."""
    paths = call.env.get("PATH", "")
    python = None
    if "/" in call.name:
        folder = call.path(call.name).rpartition("/")[0]
        python = find_program(call.tree, f"{folder}/python", paths, call.cwd)
    if python is None:
        python = find_program(call.tree, "python", paths, call.cwd)
    if python is None:
        python = find_program(call.tree, "python3", paths, call.cwd)
    if python is None:
        raise CommandFailedError("there is no Python in this stage", 127)
    root = posixpath.dirname(posixpath.dirname(python))
    config = call.tree.get(f"{root}/pyvenv.cfg")
    if not isinstance(config, File):
        return Prefix()
    shared = b"include-system-site-packages = true" in config.data
    return Prefix(root, python=f"{root}/bin/python", sees_base=shared)


def _uninstall(call: Invocation, arguments: list[str]) -> int:
    options = parse_install(arguments, call.where)
    prefix = _prefix(call)
    present = installed(call.tree, prefix)
    for name in options.packages:
        found = present.get(normalize(name))
        if found is None:
            call.err += f"WARNING: Skipping {name} as it is not installed.\n".encode()
            continue
        uninstall(call.tree, prefix, found)
        call.print(f"Successfully uninstalled {found.name}-{found.version}")
    return 0


def _list(call: Invocation, arguments: list[str]) -> int:
    found = _sorted(call)
    if "--format=json" in arguments or ("--format" in arguments and "json" in arguments):
        call.print(json.dumps([{"name": entry.name, "version": entry.version} for entry in found]))
        return 0
    if "--format=freeze" in arguments:
        return _freeze(call, [])
    width = max([len(entry.name) for entry in found] + [7])
    call.print(f"{'Package':{width}} Version")
    call.print(f"{'-' * width} -------")
    for entry in found:
        call.print(f"{entry.name:{width}} {entry.version}")
    return 0


def _freeze(call: Invocation, arguments: list[str]) -> int:
    for entry in _sorted(call):
        call.print(f"{entry.name}=={entry.version}")
    return 0


def _show(call: Invocation, arguments: list[str]) -> int:
    present = installed(call.tree, _prefix(call))
    status = 0
    for name in [word for word in arguments if not word.startswith("-")]:
        entry = present.get(normalize(name))
        if entry is None:
            call.err += f"WARNING: Package(s) not found: {name}\n".encode()
            status = 1
            continue
        call.print(f"Name: {entry.name}")
        call.print(f"Version: {entry.version}")
        call.print(f"Summary: {entry.metadata['Summary'] or ''}")
        call.print(f"License: {license_of(entry.metadata)}")
        call.print(f"Location: {posixpath.dirname(entry.folder)}")
    return status


def _sorted(call: Invocation) -> list[Installed]:
    present = installed(call.tree, _prefix(call))
    return [present[key] for key in sorted(present)]


_ACTIONS = {
    "install": _install,
    "wheel": _wheel,
    "download": _wheel,
    "uninstall": _uninstall,
    "remove": _uninstall,
    "list": _list,
    "freeze": _freeze,
    "show": _show,
}

COMMANDS = {
    "pip": Command(pip, makes_programs=True),
    "pip3": Command(pip, makes_programs=True),
    "pip3.13": Command(pip, makes_programs=True),
    "uv": Command(uv, makes_programs=True),
}

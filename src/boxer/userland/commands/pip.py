"""pip, pip3 and `python -m pip` in a RUN.

Belongs here: pip's subcommands and what it says. Does not: how packages get in
(`packages`).
"""

from __future__ import annotations

import posixpath

from boxer.errors import PipUsageError, UnsupportedCommandError
from boxer.filetree import WRITE, File, home_of, permitted
from boxer.packages import (
    Installed,
    InstallOptions,
    Outcome,
    Prefix,
    Reader,
    Target,
    Wanted,
    install_packages,
    installed,
    normalize,
    parse_install,
    requirement_name,
    uninstall,
    what_is_lost,
)
from boxer.userland.commands.pipconfig import configure, said_besides
from boxer.userland.commands.pipreports import REPORTS
from boxer.userland.invocation import Command, CommandFailedError, Invocation
from boxer.userland.programs import find_program
from boxer.userland.tools import TOOLS, add_module, add_tool

VERSION = "25.1"  # what pip would say it is; scripts only ever show it
_UNSUPPORTED = ("hash", "search", "index", "lock")


def pip(call: Invocation) -> int:
    """One pip command. Raises what `install_packages` raises."""
    argv = list(call.arguments)
    while argv and argv[0] in ("--no-cache-dir", "--disable-pip-version-check", "-q", "--quiet",
                                 "-v", "--verbose", "--no-input", "--no-color"):  # fmt: skip
        argv.pop(0)
    if not argv or argv[0] in ("--help", "-h", "help"):
        call.print("usage: pip install|uninstall|list|freeze|show [options]")
        return 0
    action, rest = argv[0], argv[1:]
    if action in ("--version", "-V"):
        version = _prefix(call).version
        call.print(f"pip {VERSION} from {_prefix(call).site_packages}/pip (python {version})")
        return 0
    if action in _ACTIONS:
        return _ACTIONS[action](call, rest)
    if action in REPORTS:
        return REPORTS[action](call, _present(call), rest)
    if action in ("cache", "debug", "completion"):
        return 0
    if action in _UNSUPPORTED:
        raise UnsupportedCommandError(
            f"`pip {action}` cannot work in a RUN.",
            where=call.where,
            hint="`pip install` fetches what it needs; wheels made before can be COPYed.",
        )
    raise PipUsageError(f"`pip {action}` is no pip command.", where=call.where)


def _install(call: Invocation, arguments: list[str]) -> int:
    return install(
        call, parse_install([*said_besides(call, _prefix(call)), *arguments], call.where)
    )


def _config(call: Invocation, arguments: list[str]) -> int:
    return configure(call, _prefix(call), arguments)


def install(call: Invocation, options: InstallOptions) -> int:
    """`pip install`, with its options read. Raises what `install_packages` raises."""
    if not options.asks_for_something:
        raise CommandFailedError("You must give at least one requirement to install")
    prefix = chosen_prefix(call, options)
    outcome = install_packages(target_of(call, prefix), options)
    announce(call, prefix, outcome)
    for tool in TOOLS.keys() & set(outcome.skipped):
        add_tool(call.tree, tool, prefix.scripts, call.epoch)
        add_module(call.tree, tool, prefix.site_packages, call.epoch)
    return 0


def _wheel(call: Invocation, arguments: list[str]) -> int:
    """`pip wheel` and `pip download`: the files, in a folder of the box."""
    options = parse_install([*said_besides(call, _prefix(call)), *arguments], call.where)
    options.wheel_folder = call.path(options.wheel_folder or ".")
    prefix = _prefix(call)
    nothing = Prefix(f"{options.wheel_folder}/.none", prefix.version, prefix.python, flat=True)
    outcome = install_packages(target_of(call, nothing), options)
    for name, version in outcome.installed:
        call.print(f"Saved {options.wheel_folder}/{name}-{version}")
    return 0


def exported(wanted: Wanted, without_hashes: bool) -> list[str]:
    """A project's packages as lines of a requirements file."""
    lines = [line.split(" --hash", 1)[0] if without_hashes else line for line in wanted.lines]
    indexes = wanted.sources.indexes
    head = [f"--index-url {index.url}" for index in indexes if index.default]
    head += [f"--extra-index-url {index.url}" for index in indexes if not index.default]
    local = [f"{'-e ' * entry.editable}{entry.path}{entry.extras}" for entry in wanted.local]
    return [*head, *local, *lines]


def build_project(call: Invocation, folder: str, project: str) -> int:
    """`uv build` and its like: a project's wheel, in a folder of the box."""
    return _wheel(call, ["--no-deps", "-w", folder, call.path(project)])


def target_of(call: Invocation, prefix: Prefix) -> Target:
    return Target(
        tree=call.tree,
        prefix=prefix,
        python=call.python,
        cwd=call.cwd,
        owner=(call.user.uid, call.user.gid),
        epoch=call.epoch,
        variables=call.env,
        where=call.where,
        wheels=call.ports.wheels,
        listener=call.ports.listener,
        python_asked=call.ports.python_asked,
    )


def announce(call: Invocation, prefix: Prefix, outcome: Outcome) -> None:
    for name in outcome.skipped:
        call.print(f"Requirement already satisfied: {name} (the build's own)")
    if outcome.left_out:
        listed = ", ".join(f"`{name}`" for name in outcome.left_out)
        call.notice(
            f"{listed}: not installed, since native code; what asks for it does without it.",
            " ".join(dict.fromkeys(what_is_lost(name) for name in outcome.left_out)),
        )
    if outcome.elsewhere:
        listed = ", ".join(f"`{name}`" for name in outcome.elsewhere)
        call.notice(
            f"{listed}: not installed, since native code; only some machines need it, and what asks"
            " for it does without it on the others.",
            "What it does there is not done in a box.",
        )
    for name, version in outcome.satisfied:
        call.print(f"Requirement already satisfied: {name} in {prefix.site_packages} ({version})")
    for name, version in outcome.uninstalled:
        call.print(f"Uninstalled {name}-{version}")
    if outcome.installed:
        listed = " ".join(f"{name}-{version}" for name, version in outcome.installed)
        call.print(f"Successfully installed {listed}")


def chosen_prefix(call: Invocation, options: InstallOptions) -> Prefix:
    prefix = _prefix(call)
    if options.target is not None:
        return Prefix(call.path(options.target), prefix.version, prefix.python, flat=True)
    if options.prefix is not None:
        return Prefix(call.path(options.prefix), prefix.version, prefix.python)
    in_base = prefix.root == call.python.prefix
    if in_base and ("user" in options.switches or not _writable(call, prefix)):
        return _user_prefix(call, prefix)
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
        return Prefix.of_base(call.python)
    shared = b"include-system-site-packages = true" in config.data
    return Prefix.of_environment(root, call.python, sees_base=shared)


def _places(call: Invocation) -> list[Prefix]:
    """Where the packages that can be imported lie, the first found first: ~/.local, the prefix."""
    prefix = _prefix(call)
    places = [prefix]
    base = Prefix.of_base(call.python)
    if prefix.root == base.root or prefix.sees_base:
        places.insert(0, _user_prefix(call, prefix))
    if prefix.sees_base and prefix.root != base.root:
        places.append(base)
    return places


def _present(call: Invocation) -> dict[str, Installed]:
    found: dict[str, Installed] = {}
    for place in reversed(_places(call)):
        found.update(installed(call.tree, place))
    return found


def _user_prefix(call: Invocation, prefix: Prefix) -> Prefix:
    home = call.env.get("HOME") or home_of(call.tree, call.user.uid)
    root = call.env.get("PYTHONUSERBASE") or posixpath.join(home, ".local")
    return Prefix(root, prefix.version, prefix.python, sees_base=True)


def _uninstall(call: Invocation, arguments: list[str]) -> int:
    options = parse_install(arguments, call.where)
    names = list(options.packages)
    for path in options.requirement:
        names += _named_in(call, path)
    for name in names:
        place, found = _installed_at(call, name)
        if place is None or found is None:
            call.err += f"WARNING: Skipping {name} as it is not installed.\n".encode()
            continue
        uninstall(call.tree, place, found)
        call.print(f"Successfully uninstalled {found.name}-{found.version}")
    return 0


def _installed_at(call: Invocation, name: str) -> tuple[Prefix | None, Installed | None]:
    for place in _places(call):
        found = installed(call.tree, place).get(normalize(requirement_name(name)))
        if found is not None:
            return place, found
    return None, None


def _named_in(call: Invocation, path: str) -> list[str]:
    reader = Reader(call.tree, call.cwd, call.env, call.where)
    reader.add_file(path)
    return reader.found.lines


_ACTIONS = {
    "config": _config,
    "install": _install,
    "wheel": _wheel,
    "download": _wheel,
    "uninstall": _uninstall,
    "remove": _uninstall,
}

COMMANDS = {
    "pip": Command(pip, makes_programs=True),
    "pip3": Command(pip, makes_programs=True),
    # Whatever Python a Dockerfile was written for.
    **{f"pip3.{minor}": Command(pip, makes_programs=True) for minor in range(6, 15)},
}

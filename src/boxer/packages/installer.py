"""`pip install`: from requirements to files in a tree.

Belongs here: the order of the work. Does not: any of the work itself.

The order: read requirements, build what is local, resolve for the box, keep what is there already,
choose and fetch files, build what has no pure wheel, and only then change the tree. So a failing
install leaves the tree as it was.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import Path

from boxer.ending import temporary_folder
from boxer.errors import PipUsageError
from boxer.filetree import Directory, File
from boxer.packages.answer import resolve_for_a_box
from boxer.packages.catalogue.backports import bring_back
from boxer.packages.editable import as_editable
from boxer.packages.files import with_allowed_files
from boxer.packages.obtain import built, checked_wheel, obtain, shown_building, with_pure_files
from boxer.packages.optional import without_optional
from boxer.packages.options import InstallOptions
from boxer.packages.placement import install, uninstall
from boxer.packages.prefix import Installed, Prefix, installed, normalize
from boxer.packages.requirements import (
    LocalRequirement,
    Reader,
    Requirements,
    requirement_name,
    stated_hashes,
)
from boxer.packages.resolve import Locked, Question
from boxer.packages.sdist import (
    build_folder,
    native_switches,
    require_pure,
    write_folder,
)
from boxer.packages.settings import index_environment
from boxer.packages.substitutes import substitutes
from boxer.packages.target import Outcome, Target
from boxer.packages.wheel import Wheel

# The installers themselves: a box has no use for a newer one.
_INSTALLERS = ("pip", "setuptools", "wheel", "uv")
# Whatever version is asked for, a RUN has its own.
_OURS = ("pip", "uv", "poetry", "pipenv", "pdm", "hatch", "pipx", "virtualenv")


def install_packages(target: Target, options: InstallOptions) -> Outcome:
    """Installs what is asked for. Raises what reading, resolving, fetching, building raise."""
    outcome = Outcome()
    reader = _read(target, options, outcome)
    found = reader.found
    if not (found.lines or found.local):
        return outcome
    for name, value in options.index:
        found.add_option(name, value)
    if target.variables.get("PIP_FIND_LINKS"):
        found.add_option("find-links", target.variables["PIP_FIND_LINKS"])
    with temporary_folder("boxer-local-") as folder:
        _bring_out_links(target, found, folder)
        environment = {**index_environment(target.variables, found.options), **native_switches()}
        local = _build_local(target, found.local, environment, folder)
        present = _present(target)
        question = _question(target, options, reader, local, present)
        answer = resolve_for_a_box(target, question, environment)
        missing = _missing(answer.locked, local, present, options, outcome)
        if "dry-run" in options.switches:
            return outcome
        missing = without_optional(missing, answer, environment, outcome)
        allowed = {k: v for k, v in stated_hashes(found.lines).items() if k not in answer.replaced}
        missing = with_pure_files(missing, environment, target.prefix.version)
        missing = [with_allowed_files(package, allowed) for package in missing]
        replaced = substitutes(target, missing)
        missing = [package for package in missing if package.key not in replaced]
        wheels = obtain(target, missing, answer.question, environment)
        wheels += replaced.values()
        wheels += [wheel for wheel, _ in local.values()]
        wheels += bring_back(target, wheels, set(present), environment)
    if options.wheel_folder is not None:
        _save(target, wheels, options.wheel_folder, outcome)
        return outcome
    requested = {requirement_name(line) for line in found.lines} | set(local)
    _change(target, wheels, present, requested, outcome)
    return outcome


def _read(target: Target, options: InstallOptions, outcome: Outcome) -> Reader:
    reader = Reader(target.tree, target.cwd, target.variables, target.where)
    for path in options.requirement:
        if path.endswith("pyproject.toml"):
            raise PipUsageError(
                f"`-r {path}` is no requirements file.",
                where=target.where,
                hint="Install the project itself: `pip install .`",
            )
        reader.add_file(path)
    named = (target.variables.get(name) for name in ("PIP_CONSTRAINT", "UV_CONSTRAINT"))
    for path in (*options.constraint, *filter(None, named)):
        reader.add_file(path, constraints=True)
    upgrading = "upgrade" in options.switches
    names = [normalize(requirement_name(package)) for package in options.packages]
    for package, name in zip(options.packages, names, strict=True):
        tools_only = set(names) <= set(_INSTALLERS)
        if name in _OURS or (name in _INSTALLERS and upgrading and tools_only):
            outcome.skipped.append(name)
        else:
            reader.add(package)
    reader.found.constraints += options.pinned
    for project in options.editable:
        reader.add(project, editable=True)
    return reader


def _bring_out_links(target: Target, found: Requirements, folder: Path) -> None:
    """Folders of the box that --find-links names, as folders of this machine for uv."""
    argv = []
    for number, word in enumerate(found.options.get("find-links", "").split()):
        path = posixpath.join(target.cwd, word.removeprefix("file://"))
        node = target.tree.get(path)
        if "://" in word.removeprefix("file://"):
            argv.append(word)
        elif isinstance(node, Directory):
            out = folder / f"links-{number}"
            write_folder(node, out)
            argv.append(str(out))
        else:
            raise PipUsageError(
                f"`--find-links {word}` names no folder of the box.",
                where=target.where,
                hint="COPY the folder before this RUN; paths are those of the box.",
            )
    if argv:
        found.options["find-links"] = " ".join(argv)


def _save(target: Target, wheels: list[Wheel], folder: str, outcome: Outcome) -> None:
    """`pip wheel`: the wheels as files of the box."""
    uid, gid = target.owner
    target.tree.make_directories(folder, 0o755, uid, gid, target.epoch)
    for wheel in wheels:
        path = f"{folder}/{wheel.pure_filename}"
        target.tree.add_file(path, wheel.archive, 0o644, uid, gid, target.epoch)
        outcome.installed.append((wheel.name, wheel.version))


def _build_local(
    target: Target,
    local: list[LocalRequirement],
    environment: Mapping[str, str],
    folder: Path,
) -> dict[str, tuple[Wheel, str]]:
    """The wheels of local requirements by normalised name, each with its requirement for uv."""
    found = {}
    for requirement in local:
        wheel = _local_wheel(target, requirement, environment)
        kept = folder / wheel.pure_filename
        kept.write_bytes(wheel.archive)
        line = f"{wheel.name}{requirement.extras} @ {kept.as_uri()}"
        if requirement.editable:
            node = target.tree.directory(requirement.path)
            wheel = as_editable(wheel, requirement.path, node)
        found[wheel.key] = (wheel, line)
    return found


def _local_wheel(
    target: Target, requirement: LocalRequirement, environment: Mapping[str, str]
) -> Wheel:
    node = target.tree.get(requirement.path)
    name = requirement.path.rpartition("/")[2]
    if isinstance(node, Directory):
        with shown_building(name or "the project", target.listener):
            wheel = build_folder(node, name, environment, target.where, target.wheels)
    elif isinstance(node, File) and name.endswith(".whl"):
        wheel = checked_wheel(node.data, name, target.where)
        require_pure(wheel, name, target.where)
    elif isinstance(node, File):
        wheel = built(target, node.data, name, environment)
    else:
        raise PipUsageError(f"`{requirement.path}` is no project.", where=target.where)
    return wheel


def _question(
    target: Target,
    options: InstallOptions,
    reader: Reader,
    local: Mapping[str, tuple[Wheel, str]],
    present: Mapping[str, Installed],
) -> Question:
    lines = [*reader.found.lines, *(line for _, line in local.values())]
    named = {normalize(requirement_name(line)) for line in reader.found.lines} - {""}
    upgrade = sorted(named) if "upgrade" in options.switches else []
    arguments = list(options.resolver)
    arguments += ["--no-deps"] if "no-deps" in options.switches else []
    arguments += ["--prerelease", "allow"] if "pre" in options.switches else []
    return Question(
        lines=lines,
        constraints=reader.found.constraints,
        preferred={key: entry.version for key, entry in present.items() if key not in local},
        upgrade=[*upgrade, *(normalize(name) for name in options.upgrade_package)],
        python_version=target.prefix.version,
        options=arguments,
    )


def _present(target: Target) -> dict[str, Installed]:
    """What is importable from the prefix; one that shadows the base sees the base's as well."""
    found = installed(target.tree, target.prefix)
    if target.prefix.sees_base:
        found = {**installed(target.tree, Prefix.of_base(target.python)), **found}
    return found


def _missing(
    locked: list[Locked],
    local: Mapping[str, tuple[Wheel, str]],
    present: Mapping[str, Installed],
    options: InstallOptions,
    outcome: Outcome,
) -> list[Locked]:
    """What of a resolution has to be fetched."""
    missing = []
    for package in locked:
        there = present.get(package.key)
        if package.key in local:
            continue
        if there and there.version == package.version and "reinstall" not in options.switches:
            outcome.satisfied.append((there.name, there.version))
        else:
            missing.append(package)
    return missing


def _change(
    target: Target,
    wheels: list[Wheel],
    present: Mapping[str, Installed],
    requested: set[str],
    outcome: Outcome,
) -> None:
    for wheel in sorted(wheels, key=lambda wheel: wheel.key):
        old = present.get(wheel.key)
        if old is not None and old.folder.startswith(target.prefix.site_packages + "/"):
            uninstall(target.tree, target.prefix, old)
            outcome.uninstalled.append((old.name, old.version))
        named = wheel.key in {normalize(name) for name in requested}
        install(target.tree, target.prefix, wheel, target.owner, target.epoch, named)
        outcome.installed.append((wheel.name, wheel.version))

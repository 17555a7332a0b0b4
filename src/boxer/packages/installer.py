"""`pip install`: from requirements to files in a tree.

Belongs here: the order of the work. Does not: any of the work itself.

The order: read requirements, build what is local, resolve for the box, keep what is there already,
choose and fetch files, build what has no pure wheel, and only then change the tree. So a failing
install leaves the tree as it was.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from boxer.ending import temporary_folder
from boxer.errors import BoxerError, PipUsageError
from boxer.packages.answer import resolve_for_a_box
from boxer.packages.catalogue.backports import bring_back
from boxer.packages.disk import Disk
from boxer.packages.elsewhere import without_those_of_other_machines
from boxer.packages.fetch import LOGINS
from boxer.packages.files import with_allowed_files
from boxer.packages.local import Local, build_local
from boxer.packages.obtain import EarlierError, obtain, with_pure_files
from boxer.packages.ondisk import bring_out_links, folder_of, host_words, on_this_disk
from boxer.packages.optional import without_optional
from boxer.packages.options import InstallOptions
from boxer.packages.placement import install, uninstall
from boxer.packages.prefix import Installed, Prefix, installed, normalize
from boxer.packages.relatives import relatives_of, with_relatives
from boxer.packages.requirements import (
    Reader,
    requirement_name,
    stated_hashes,
)
from boxer.packages.resolve import Locked, Question
from boxer.packages.sdist import native_switches
from boxer.packages.settings import index_environment, stated_indexes
from boxer.packages.sources import logins
from boxer.packages.substitutes import substitutes
from boxer.packages.target import Outcome, Target
from boxer.packages.wheel import Wheel

# The installers themselves: a box has no use for a newer one.
_INSTALLERS = ("pip", "setuptools", "wheel", "uv")
# Whatever version is asked for, a RUN has its own.
_OURS = ("pip", "uv", "poetry", "pipenv", "pdm", "hatch", "pipx", "virtualenv")


def install_packages(target: Target, options: InstallOptions) -> Outcome:
    """Installs what is asked for. Raises what reading, resolving, fetching, building raise."""
    try:
        return _install(target, options)
    except EarlierError as found:
        limits, error = found.limits, found.error
    if options.within is None and (options.answer is not None or "no-deps" in options.switches):
        raise error
    try:
        within = options.within(limits) if options.within else replace(options, limits=limits)
        outcome = _install(target, within)
    except (BoxerError, EarlierError):
        raise error from None
    listed = ", ".join(f"`{limit}`" for limit in limits)
    message = f"{error.message.splitlines()[0]} An earlier version is installed: {listed}."
    target.listener.notice(message, target.where, "Pin it if that is well.")
    return outcome


def _install(target: Target, options: InstallOptions) -> Outcome:
    outcome = Outcome()
    reader = _read(target, options, outcome)
    found = reader.found
    if not (found.lines or found.local or options.projects or options.answer or options.groups):
        return _exactly(target, options, set(), outcome)
    for name, value in options.index:
        found.add_option(name, value)
    if "no-index" in options.switches:
        found.add_option("no-index", "1")
    with temporary_folder("boxer-local-") as folder:
        disk = Disk(target.tree, folder)
        bring_out_links(target, found, disk)
        environment = {
            **index_environment(
                target.variables,
                found.options,
                host_words(target, disk),
                options.sources.stated or (_stated(target, disk) if options.by_uv else ()),
            ),
            **native_switches(),
            **disk.uv_settings(target.variables),
        }
        environment[LOGINS] = logins(_indexes(target, options, disk), environment)
        local = build_local(target, found.local, environment, disk, for_uv=options.by_uv)
        present = _present(target)
        question = _question(target, options, reader, local, present, disk)
        try:
            answer = resolve_for_a_box(target, question, environment)
        except BoxerError as error:
            error.message = disk.words(error.message)
            raise
        folders = [folder_of(package, disk, target) for package in answer.locked if package.other]
        local |= build_local(
            target, [f for f in folders if f], environment, disk, for_uv=options.by_uv
        )
        missing = _missing(answer.locked, local, present, options, outcome)
        if "dry-run" in options.switches:
            return outcome
        missing = without_optional(missing, answer, environment, outcome, target.wheels)
        missing = without_those_of_other_machines(target, missing, answer, environment, outcome)
        there = {(p.key, p.version) for p in answer.locked if p.key in local}
        there |= {(key, entry.version) for key, entry in present.items()}
        missing = with_relatives(target, missing, there, answer.question, environment)
        allowed = {k: v for k, v in stated_hashes(found.lines).items() if k not in answer.replaced}
        missing = with_pure_files(missing, answer.question, environment)
        missing = [with_allowed_files(package, allowed) for package in missing]
        replaced = substitutes(target, missing)
        missing = [package for package in missing if package.key not in replaced]
        wheels = obtain(target, missing, answer.question, environment)
        wheels += replaced.values()
        wheels += [built.wheel for built in local.values()]
        wheels += bring_back(target, wheels, set(present), environment)
    if options.wheel_folder is not None:
        _save(target, wheels, options.wheel_folder, outcome)
        return outcome
    requested = {requirement_name(line) for line in found.lines} | set(local)
    _change(target, wheels, present, requested, outcome)
    kept = {package.key for package in answer.locked} | {wheel.key for wheel in wheels}
    kept |= relatives_of(kept)
    return _exactly(target, options, kept, outcome)


def _indexes(target: Target, options: InstallOptions, disk: Disk) -> Iterator[tuple[str, str]]:
    """The names and addresses of the indexes that are stated by name."""
    yield from ((index.name, index.url) for index in options.sources.indexes)
    for table in disk.uv_tables(target.cwd, target.variables) if options.by_uv else ():
        for index in table.get("index", ()):
            yield str(index.get("name", "")), str(index.get("url", ""))
    for word in target.variables.get("UV_INDEX", "").split():
        name, equals, url = word.partition("=")
        if equals:
            yield name, url


def _stated(target: Target, disk: Disk) -> Collection[str]:
    return stated_indexes(disk.uv_tables(target.cwd, target.variables))


def _exactly(target: Target, options: InstallOptions, kept: set[str], outcome: Outcome) -> Outcome:
    """Removes what was not asked for, where just that is wanted to be there (`uv sync`)."""
    if "exact" in options.switches and "dry-run" not in options.switches:
        for key, entry in installed(target.tree, target.prefix).items():
            if key not in kept and key not in _INSTALLERS:
                uninstall(target.tree, target.prefix, entry)
                outcome.uninstalled.append((entry.name, entry.version))
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
    reader.found.local += options.local
    reader.found.lines += options.lines
    for path in options.constraint:
        reader.add_file(path, constraints=True)
    upgrading = "upgrade" in options.switches
    names = [normalize(requirement_name(package)) for package in options.packages]
    for package, name in zip(options.packages, names, strict=True):
        tools_only = set(names) <= set(_INSTALLERS)
        if name in _OURS or (name in _INSTALLERS and upgrading and tools_only):
            outcome.skipped.append(name)
        else:
            reader.add(package)
    for project in options.editable:
        reader.add(project, editable=True)
    return reader


def _save(target: Target, wheels: list[Wheel], folder: str, outcome: Outcome) -> None:
    """`pip wheel`: the wheels as files of the box."""
    uid, gid = target.owner
    target.tree.make_directories(folder, 0o755, uid, gid, target.epoch)
    for wheel in wheels:
        path = f"{folder}/{wheel.pure_filename}"
        target.tree.add_file(path, wheel.archive, 0o644, uid, gid, target.epoch)
        outcome.installed.append((wheel.name, wheel.version))


def _question(
    target: Target,
    options: InstallOptions,
    reader: Reader,
    local: Mapping[str, Local],
    present: Mapping[str, Installed],
    disk: Disk,
) -> Question:
    lines = [*reader.found.lines, *(built.line for built in local.values())]
    named = {normalize(requirement_name(line)) for line in reader.found.lines} - {""}
    upgrade = sorted(named) if "upgrade" in options.switches else []
    arguments = [disk.host_word(word) for word in options.resolver]
    for word in options.resolver:
        disk.write_file(posixpath.join(target.cwd, word))
    arguments += ["--no-deps"] if "no-deps" in options.switches else []
    arguments += ["--prerelease", "allow"] if "pre" in options.switches else []
    for group in options.groups:
        path, _, name = group.rpartition(":")
        project = disk.host(posixpath.join(target.cwd, path or "pyproject.toml"))
        arguments += ["--group", f"{project}:{name}"]
    if options.groups and not options.by_uv:
        arguments.append("--no-sources")  # pip knows none
    answer = options.answer and [on_this_disk(package, disk) for package in options.answer]
    return Question(
        lines=[*lines, *(f"{package.name}=={package.version}" for package in answer or ())],
        constraints=[*reader.found.constraints, *options.limits],
        preferred={key: entry.version for key, entry in present.items() if key not in local},
        upgrade=[*upgrade, *(normalize(name) for name in options.upgrade_package)],
        python_version=target.prefix.version,
        options=arguments,
        files=[str(disk.host(path)) for path in options.projects],
        folder=disk.host(target.cwd) if options.by_uv and disk.host(target.cwd).is_dir() else None,
        sources=options.sources,
        answer=answer,
    )


def _present(target: Target) -> dict[str, Installed]:
    """What is importable from the prefix; one that shadows the base sees the base's as well."""
    found = installed(target.tree, target.prefix)
    if target.prefix.sees_base:
        found = {**installed(target.tree, Prefix.of_base(target.python)), **found}
    return found


def _missing(
    locked: list[Locked],
    local: Mapping[str, Local],
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

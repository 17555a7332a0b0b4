"""pip's command lines.

Belongs here: the options of `pip install` and `uv pip install` that people use, and the kind
refusal of the others. Does not: doing it (`commands`).

Invariant: no option is passed over because it is not known. Each is carried out, or known to make
no difference in a box, or refused with its reason.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from boxer.errors import PipUsageError, Where
from boxer.packages.projects.pylock import Wanted
from boxer.packages.requirements import LocalRequirement
from boxer.packages.resolve import Locked
from boxer.packages.sources import Sources

# No difference in a box: caches, output, safety checks of the machine's own Python, byte code.
_HARMLESS = frozenset(
    [
        "--no-cache-dir",
        "--no-cache",
        "--disable-pip-version-check",
        "--no-input",
        "--quiet",
        "-q",
        "-qq",
        "-qqq",
        "--verbose",
        "-v",
        "-vv",
        "-vvv",
        "--break-system-packages",
        "--no-warn-script-location",
        "--no-color",
        "--isolated",
        "--no-compile",
        "--compile",
        "--prefer-binary",
        "--system",
        "--no-warn-conflicts",
        "--exists-action=w",
        "--force",
        "--no-build-isolation",
        "--use-pep517",
        "--no-python-version-warning",
        "--no-progress",
        "--compile-bytecode",
        "--no-compile-bytecode",
        "--no-clean",
        "--only-binary=:all:",
        "--require-virtualenv",
        "--require-hashes",
        "--debug",
        "--no-managed-python",
        "--native-tls",
        "--system-certs",
    ]
)
_HARMLESS_WITH_VALUE = frozenset(
    [
        "--cache-dir",
        "--progress-bar",
        "--retries",
        "--root-user-action",
        "--exists-action",
        "--log",
        "--python",
        "--link-mode",
        "--use-feature",
        "--use-deprecated",
        "--upgrade-strategy",
        "--python-version",
        "--config-settings",
        "--config-setting",
        "-C",
        "--color",
        "--keyring-provider",
        "--build-constraint",
        "--build-constraints",
        "-b",
    ]
)
_INDEX = {
    "-i": "index-url", "--index-url": "index-url", "--default-index": "index-url",
    "--extra-index-url": "extra-index-url", "--index": "extra-index-url",
    "-f": "find-links", "--find-links": "find-links", "--trusted-host": "trusted-host",
    "--allow-insecure-host": "trusted-host", "--cert": "cert", "--timeout": "timeout",
    "--default-timeout": "timeout",
}  # fmt: skip
_SWITCHES = {
    "-U": "upgrade", "--upgrade": "upgrade", "--pre": "pre", "--no-deps": "no-deps",
    "--no-dependencies": "no-deps", "--force-reinstall": "reinstall", "--reinstall": "reinstall",
    "-I": "reinstall", "--ignore-installed": "reinstall", "--no-index": "no-index",
    "--dry-run": "dry-run", "-y": "yes", "--yes": "yes", "--user": "user",
}  # fmt: skip
_VALUES = {
    "-r": "requirement", "--requirement": "requirement", "--requirements": "requirement",
    "-c": "constraint", "--constraint": "constraint", "--constraints": "constraint",
    "-e": "editable", "--editable": "editable", "-t": "target", "--target": "target",
    "--prefix": "prefix", "-w": "wheel_folder", "--wheel-dir": "wheel_folder",
    "-d": "wheel_folder", "--dest": "wheel_folder",
    "-P": "upgrade-package", "--upgrade-package": "upgrade-package",
    "--prerelease": "prerelease", "--resolution": "resolution", "--extra": "extra",
    "--group": "group", "--index-strategy": "index-strategy", "--exclude-newer": "exclude-newer",
    "--exclude-newer-package": "exclude-newer-package", "--fork-strategy": "fork-strategy",
    "--override": "override", "--overrides": "override", "--torch-backend": "torch-backend",
    "--no-sources-package": "no-sources-package", "--excludes": "excludes",
    "--no-binary": "no-binary", "--only-binary": "only-binary",
}  # fmt: skip
_REFUSED = {
    "--root": "a box has one root",
    "--platform": "a box is one platform",
    "--implementation": "a box has CPython",
    "--abi": "a box has one ABI",
    "--global-option": "setup.py options are no part of an isolated build",
    "--build-option": "setup.py options are no part of an isolated build",
    "--install-option": "setup.py options are no part of an isolated build",
    "--src": "nothing is checked out in a build",
    "--report": "the build keeps no report",
    "--proxy": "the proxy is a setting of your machine (HTTPS_PROXY)",
    "--client-cert": "the certificate is a setting of your machine",
}


@dataclass(slots=True)
class InstallOptions:
    """What a `pip install` asks for."""

    packages: list[str] = field(default_factory=list)
    requirement: list[str] = field(default_factory=list)
    constraint: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)  # constraints that a first try showed
    lines: list[str] = field(default_factory=list)  # requirements as they are, from a project
    local: list[LocalRequirement] = field(default_factory=list)
    answer: list[Locked] | None = None  # from a lock file that says where all files are
    # The same with other limits, where no lock file of the user's says which versions are meant.
    within: Callable[[list[str]], InstallOptions] | None = None
    sources: Sources = field(default_factory=Sources)
    projects: list[str] = field(default_factory=list)  # pyproject.toml, for uv to read
    groups: list[str] = field(default_factory=list)  # `[PATH:]NAME`, dependency groups
    by_uv: bool = False  # as uv does it: heeding [tool.uv] of projects
    editable: list[str] = field(default_factory=list)
    upgrade_package: list[str] = field(default_factory=list)
    index: list[tuple[str, str]] = field(default_factory=list)
    switches: set[str] = field(default_factory=set)
    target: str | None = None
    prefix: str | None = None
    wheel_folder: str | None = None  # `pip wheel -w`: keep the wheels there, install nothing
    resolver: list[str] = field(default_factory=list)  # what uv is told as it is

    def take(self, wanted: Wanted) -> InstallOptions:
        """With what a project's files ask for."""
        self.lines += wanted.lines
        self.local += wanted.local
        self.sources = wanted.sources
        self.resolver += wanted.options
        self.switches |= {"no-deps"} if wanted.complete else set()
        if wanted.locked:
            self.answer = wanted.locked
        return self

    @property
    def asks_for_something(self) -> bool:
        """Whether there is anything to install, be it an empty file of requirements."""
        named = self.packages or self.requirement or self.editable or self.projects or self.groups
        return bool(named) or self.answer is not None


def parse_install(arguments: Sequence[str], where: Where | None) -> InstallOptions:
    """The options of `install`. Raises PipUsageError."""
    options = InstallOptions()
    argv = iter(_split(arguments))
    for word in argv:
        if not word.startswith("-") or word == "-":
            options.packages.append(word)
        elif word == "--":
            options.packages.extend(argv)
        else:
            _option(word, argv, options, where)
    return options


def _split(arguments: Sequence[str]) -> Iterator[str]:
    """`--name=value` as two words; `-rfile` as two; `-qU` as two options."""
    for word in arguments:
        if word in _HARMLESS or not word.startswith("-") or word == "-":
            yield word
        elif word.startswith("--"):
            name, equals, value = word.partition("=")
            yield name
            if equals:
                yield value
        elif len(word) > 2 and word[:2] in (*_VALUES, *_INDEX, *_HARMLESS_WITH_VALUE):
            yield word[:2]
            yield word[2:].removeprefix("=")
        elif len(word) > 2:
            yield from (f"-{letter}" for letter in word[1:])
        else:
            yield word


def _option(word: str, argv: Iterator[str], options: InstallOptions, where: Where | None) -> None:
    if word in _HARMLESS:
        return
    if word in _SWITCHES:
        options.switches.add(_SWITCHES[word])
        return
    if word in _REFUSED:
        raise PipUsageError(
            f"pip's option `{word}` cannot be used in a RUN: {_REFUSED[word]}.",
            where=where,
            hint="Remove the option.",
        )
    if word not in _VALUES and word not in _INDEX and word not in _HARMLESS_WITH_VALUE:
        raise _unknown(word, where)
    value = next(argv, None)
    if value is None:
        raise PipUsageError(f"pip's option `{word}` needs a value.", where=where)
    if word in _INDEX:
        options.index.append((_INDEX[word], value))
    elif word in _VALUES:
        _value(_VALUES[word], value, options)


def _value(name: str, value: str, options: InstallOptions) -> None:
    if name in ("target", "prefix", "wheel_folder"):
        setattr(options, name, value)
    elif name in ("requirement", "constraint", "editable", "upgrade-package"):
        getattr(options, name.replace("-", "_")).append(value)
    elif name == "group":
        options.groups.append(value)
    elif name not in ("no-binary", "only-binary"):  # which file is taken is ours to choose
        options.resolver += [f"--{name}", value]


def kind_of(option: str) -> str:
    """`switch` or `value`: what an option is; empty for one that is not known."""
    if option in _SWITCHES:
        return "switch"
    return "value" if option in _VALUES or option in _INDEX or option in _REFUSED else ""


def _unknown(word: str, where: Where | None) -> PipUsageError:
    known = [*_HARMLESS, *_HARMLESS_WITH_VALUE, *_SWITCHES, *_VALUES, *_INDEX]
    near = difflib.get_close_matches(word, [name for name in known if name.startswith("--")], 1)
    return PipUsageError(
        f"pip's option `{word}` is not known to Boxer.",
        where=where,
        hint=f"Did you mean `{near[0]}`?" if near else "Remove the option if it is not needed.",
    )

"""The user's package index: which one, with which certificate, reached how.

Belongs here: what pip is told by its variables and files, put into the words uv reads; and the
same for our own downloads. Does not: any address of an index; we never name one.

Order, the first that says something wins: the command line of the RUN, the variables of the RUN
(ENV, ARG), this machine's UV_* variables, its PIP_* variables, pip's configuration files.
uv reads its own configuration files itself.

Source: pip, "Configuration"; uv, "Environment variables".
"""

from __future__ import annotations

import configparser
import functools
import os
import re
import sys
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

# pip's option -> uv's variable. uv wants commas where pip has white space in find-links.
_CARRIED = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_EXTRA_INDEX_URL",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "constraint": "UV_CONSTRAINT",
    "pre": "UV_PRERELEASE",
    "timeout": "UV_HTTP_TIMEOUT",
    "cert": "SSL_CERT_FILE",
}
# Where uv's and pip's indexes come from: the one, and others beside it.
_INDEXES = {
    "default": ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"),
    "more": ("UV_EXTRA_INDEX_URL", "UV_INDEX", "UV_FIND_LINKS", "PIP_EXTRA_INDEX_URL",
             "PIP_FIND_LINKS"),
}  # fmt: skip
# Of a project, so not for this machine to say in a build.
_OF_PROJECTS = frozenset(
    ("UV_DEV", "UV_EXCLUDE", "UV_FROZEN", "UV_LOCKED", "UV_NO_DEFAULT_GROUPS", "UV_NO_DEV",
     "UV_NO_EDITABLE", "UV_NO_GROUP", "UV_NO_SOURCES", "UV_NO_SOURCES_PACKAGE", "UV_OVERRIDE",
     "UV_PYTHON", "UV_RESOLUTION", "UV_TORCH_BACKEND")
)  # fmt: skip
# Other names uv has for the same thing: if the user set one of them, pip's does not count.
_SYNONYMS = {
    "UV_DEFAULT_INDEX": ("UV_INDEX_URL",),
    "UV_EXTRA_INDEX_URL": ("UV_INDEX",),
    "UV_INSECURE_HOST": ("UV_ALLOW_INSECURE_HOST",),
}
# What a RUN's PIP_* variables may change here; others are options of a command line (`options`).
_FROM_RUN = (
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "PIP_TRUSTED_HOST", "PIP_PRE",
    "PIP_DEFAULT_TIMEOUT",
)  # fmt: skip
_LOGIN = re.compile(r"UV_INDEX_\w+_(?:USERNAME|PASSWORD)")
# What would make uv look at a project or an interpreter of this machine.
_DROPPED = ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH")


def index_environment(
    run: Mapping[str, str],
    options: Mapping[str, str],
    host_word: Callable[[str], str] = str,
    stated: Collection[str] = (),
) -> dict[str, str]:
    """The environment for uv and for build back ends.

    run: the variables of the RUN. options: pip's options of the command line by their long names.
    host_word: makes paths of the box those of this machine. stated: `default` where a project
    says what takes the place of this machine's index, `more` where it says what comes before it:
    this machine's do not count then, since uv would look there first.
    """
    passed_over = {name for word in stated for name in _INDEXES[word]}
    environment = {
        name: value
        for name, value in os.environ.items()
        if _is_machines(name) and name not in passed_over
    }
    environment.update((name, run[name]) for name in _FROM_RUN if run.get(name))
    passed, paths = _table()["passed"], _table()["paths"]
    for name, value in run.items():
        if value and name in ("UV_INDEX_URL", "UV_DEFAULT_INDEX"):
            environment.pop("UV_DEFAULT_INDEX", None)  # this machine's, which would win
        if value and (name in passed or _LOGIN.fullmatch(name)):
            environment[name] = value
        elif value and name in paths:
            environment[name] = " ".join(host_word(word) for word in value.split())
    of_machine = {**_from_files(), **_from_variables(environment)}
    pip = {k: v for k, v in of_machine.items() if _CARRIED.get(k) not in passed_over} | {**options}
    for option, value in pip.items():
        variable = _CARRIED.get(option)
        if variable is None or not value.strip():
            continue
        names = (variable, *_SYNONYMS.get(variable, ()))
        if option in options or not any(environment.get(name) for name in names):
            for name in names:
                environment.pop(name, None)
            environment[variable] = _translated(option, value)
    if "extra-index-url" in pip and environment.get("UV_EXTRA_INDEX_URL"):
        # pip takes the best version of all its indexes; uv by itself would stop at the first.
        environment.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    environment["UV_NO_PROGRESS"] = "1"
    environment["UV_PYTHON_DOWNLOADS"] = "never"
    environment["NO_COLOR"] = "1"
    # A build gets packages from indexes, and nothing from elsewhere.
    environment["GIT_ALLOW_PROTOCOL"] = "none"
    environment["UV_NO_GITHUB_FAST_PATH"] = "1"
    return environment


def stated_indexes(tables: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """What settings of uv say takes the place of this machine's indexes. tables: [tool.uv], or a
    uv.toml."""
    found = set()
    for table in tables:
        for part in (table, table.get("pip", {})):
            indexes = [index for index in part.get("index", ()) if not index.get("explicit")]
            if part.get("index-url") or any(index.get("default") for index in indexes):
                found.add("default")
            if indexes or part.get("extra-index-url"):
                found.add("more")
    return frozenset(found)


def _is_machines(name: str) -> bool:
    """Whether a variable of this machine says something of its indexes, not of a project in it."""
    table = _table()
    of_projects = name in table["ours"] or name in table["refused"] or name in _OF_PROJECTS
    return name not in _DROPPED and not of_projects


def refused_variables(run: Mapping[str, str]) -> dict[str, str]:
    """uv's variables of a RUN that a build cannot heed, with the reasons."""
    refused: Mapping[str, str] = _table()["refused"]
    return {name: why for name, why in refused.items() if run.get(name)}


@functools.cache
def _table() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("uvvariables.toml").read_text("utf-8")
    return tomllib.loads(text)


def uv_options(environment: Mapping[str, str]) -> list[str]:
    """What uv has no variable for and must be told by an option, for every command of it."""
    return ["--no-index"] if environment.get("UV_NO_INDEX") == "1" else []


def _translated(option: str, value: str) -> str:
    argv = value.split()
    if option == "find-links":
        return ",".join(argv)
    if option == "no-index":
        return "0" if argv[0].lower() in ("0", "false", "no", "off") else "1"
    if option == "pre":
        return "if-necessary" if argv[0].lower() in ("0", "false", "no", "off") else "allow"
    if option == "timeout":
        return argv[0].partition(".")[0]
    return " ".join(argv)


def _from_variables(environment: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name, value in environment.items():
        if name.startswith("PIP_") and value:
            option = name[len("PIP_") :].lower().replace("_", "-")
            found["timeout" if option == "default-timeout" else option] = value
    return found


def _from_files() -> dict[str, str]:
    """pip.conf of the machine, of the user, of the environment, and the one PIP_CONFIG_FILE names;
    later ones win. A file that cannot be read is left out, as pip does."""
    named = os.environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return {}
    home = Path(os.environ.get("HOME") or "/")
    user = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    machine = os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    paths = [Path(folder) / "pip" / "pip.conf" for folder in machine.split(":")]
    paths += [Path("/etc/pip.conf"), home / ".pip" / "pip.conf", user / "pip" / "pip.conf"]
    paths.append(Path(sys.prefix) / "pip.conf")
    if named:
        paths.append(Path(named))
    found: dict[str, str] = {}
    for path in paths:
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read(path, "utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                found.update((k.replace("_", "-"), v) for k, v in parser.items(section))
    return found

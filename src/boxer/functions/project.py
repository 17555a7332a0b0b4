"""A function's project: `boxer.toml` in a folder, or a folder alone.

Belongs here: what the file may say. Does not: building it (`building`).

    name = "resize"                 default: the folder's
    tag = "1.0"                     default: "latest"
    entry = "app:resize"            module and function; of C the file; of JavaScript and
                                    TypeScript the file and what it exports, "app.ts:resize"
    language = "python"             or "c", "js"; default: by the entry's ending
    python = "3.X"                  the version of the base
    init = "app:load_model"         called once, before the box is frozen; Python's alone
    dockerfile = "Dockerfile"       instead of the one that is made
    signature = "signature.json"    what callers count on: a build that breaks it fails
    hosts = ["kv"]                  extensions that it needs, besides those it imports
    [limits]                        of a call: memory, time, cpu, output, ...
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boxer.blobstore import read_limited
from boxer.errors import BoxerError, FunctionError, Where
from boxer.runtime import Limits

FILE = "boxer.toml"
LARGEST_PROJECT = 1 << 20
LANGUAGES = ("python", "c", "js")
_ENDINGS = {".c": "c", ".js": "js", ".mjs": "js", ".ts": "js", ".mts": "js"}
_TEXTS = ("name", "tag", "entry", "language", "python", "init", "dockerfile", "signature")
_ENTRY = re.compile(r"[A-Za-z_][\w.]*(:[A-Za-z_][\w.]*)?")


@dataclass(frozen=True, slots=True)
class Project:
    """folder: what the build copies. See the module for the others."""

    folder: Path
    name: str
    entry: str
    tag: str = "latest"
    language: str = "python"
    python: str | None = None
    init: str | None = None
    dockerfile: str | None = None
    signature: str | None = None
    hosts: tuple[str, ...] = ()
    limits: dict[str, Any] = field(default_factory=dict)


def read_project(folder: Path) -> Project:
    """Of a folder with a `boxer.toml`. Raises `FunctionError` with file and line."""
    path = folder / FILE
    where = Where(str(path))
    try:
        told = tomllib.loads(read_limited(path, LARGEST_PROJECT, f"`{path}`").decode("utf-8"))
    except FileNotFoundError:
        raise FunctionError(
            f"There is no `{FILE}` in `{folder}`.",
            hint="`boxer fn new NAME` makes one; or say which: `boxer fn build MODULE:FUNCTION`.",
        ) from None
    except OSError as error:
        raise FunctionError(f"`{path}` cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise FunctionError(f"`{FILE}` is no TOML: {error}.", where=where) from None
    return _project(folder, told, where)


def project_of(target: str) -> Project:
    """Of a folder, or of what needs no `boxer.toml`: `[FOLDER/]MODULE:FUNCTION`, a file of
    JavaScript or TypeScript (what it exports by default, or `FILE:EXPORTED`) or of C."""
    path, colon, function = target.rpartition(":")
    if not colon:
        return _whole_file(Path(target)) or read_project(Path(target))
    folder, _, module = path.rpartition("/")
    if Path(module).suffix in _ENDINGS:
        entry = f"{module}:{function}"
        return Project(
            Path(folder or "."), _as_name(function), entry, language=_ENDINGS[Path(module).suffix]
        )
    module = module.removesuffix(".py")
    entry = f"{module}:{function}"
    if not _ENTRY.fullmatch(entry):
        raise FunctionError(f"`{target}` is not MODULE:FUNCTION.", hint="Like `app:resize`.")
    return Project(Path(folder or "."), _as_name(function), entry)


def _whole_file(path: Path) -> Project | None:
    """None: it is a folder. Raises `FunctionError`."""
    if path.suffix in _ENDINGS:
        return Project(path.parent, _as_name(path.stem), path.name, language=_ENDINGS[path.suffix])
    if path.suffix == ".py" and path.is_file():
        raise FunctionError(
            f"`{path}` may have many functions.", hint=f"Say which: {path}:FUNCTION"
        )
    return None


def is_project(target: str) -> bool:
    """Whether that names source to be built, and not a box."""
    path, colon, _ = target.rpartition(":")
    whole = Path(path if colon else target)
    if whole.suffix in _ENDINGS:
        return True
    if not colon:
        return (whole / FILE).is_file() or (whole.suffix == ".py" and whole.is_file())
    place = whole.parent / whole.name.removesuffix(".py").replace(".", "/")
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def _project(folder: Path, told: dict[str, Any], where: Where) -> Project:
    unknown = told.keys() - {*_TEXTS, "hosts", "limits"}
    if unknown:
        raise FunctionError(
            f"`{sorted(unknown)[0]}` is nothing that `{FILE}` says.", where=where,
            hint=f"It says {', '.join((*_TEXTS, 'hosts', 'limits'))}.",
        )  # fmt: skip
    for key in _TEXTS:
        if not isinstance(told.get(key, ""), str):
            raise FunctionError(f"`{key}` is not a string.", where=where)
    hosts, limits = told.get("hosts", []), told.get("limits", {})
    if not isinstance(hosts, list) or not all(isinstance(one, str) for one in hosts):
        raise FunctionError("`hosts` is not a list of names.", where=where)
    entry = told.get("entry")
    if not entry:
        raise FunctionError("`entry` is missing.", where=where, hint='entry = "app:handler"')
    language = told.get("language") or _ENDINGS.get(Path(entry.partition(":")[0]).suffix, "python")
    if language not in LANGUAGES:
        raise FunctionError(f"`{language}` is none of {', '.join(LANGUAGES)}.", where=where)
    if language == "python" and not _ENTRY.fullmatch(entry):
        raise FunctionError(f"`{entry}` is not MODULE:FUNCTION.", where=where)
    if language != "python" and (told.get("init") or told.get("python")):
        raise FunctionError(
            "`init` and `python` are a Python function's.", where=where,
            hint="In C it is `boxer_init`; in JavaScript what a module does at its top, once.",
        )  # fmt: skip
    limits_of(limits, where)
    texts = {key: told[key] for key in _TEXTS if key in told and key not in ("entry", "language")}
    texts.setdefault("name", _as_name(folder.resolve().name))
    return Project(
        folder, entry=entry, language=language, hosts=tuple(hosts), limits=limits, **texts
    )


def limits_of(told: dict[str, Any], where: Where | None = None) -> Limits:
    """Raises `FunctionError`."""
    if not isinstance(told, dict):
        raise FunctionError("`limits` is not a table.", where=where)
    try:
        return Limits(**told)
    except BoxerError as error:
        raise FunctionError(error.message, where=where, hint=error.hint) from None
    except TypeError:
        raise FunctionError(
            f"One of `{', '.join(sorted(map(str, told)))}` is no limit, or of another type.",
            where=where,
            hint="Limits: memory, time, cpu, output, files, storage, call_depth, tasks.",
        ) from None


def _as_name(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "function"

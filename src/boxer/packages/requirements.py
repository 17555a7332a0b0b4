"""Requirements files of a tree, read as pip reads them.

Belongs here: lines, continuations, comments, `-r`, `-c`, `-e` and the index options of a file, and
which requirement means something in the tree. Does not: names and versions themselves, which are
uv's to read.

Source: pip, "Requirements File Format".
"""

from __future__ import annotations

import codecs
import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from boxer.errors import PipUsageError, Where
from boxer.filetree import Directory, File, Tree
from boxer.packages.prefix import normalize

_COMMENT = re.compile(r"(^|\s+)#.*$")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_NAMED_LOCAL = re.compile(r"\s*[\w.-]+\s*(?:\[[^\]]*\])?\s*@\s*(file:\S+)")
_EXTRAS = re.compile(r"(.*?)(\[[^\]]*\])?")
_FETCHED = re.compile(r"^(?:[\w.\[\],-]+\s*@\s*)?(git|hg|svn|bzr)\+")
_HASH = re.compile(r"--hash[= ]sha256:([0-9a-f]{64})")
_NAME = re.compile(r"\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)")
# What is left of bytes that are no UTF-8, and of UTF-16 without its mark.
_NO_TEXT = re.compile("[\0\N{REPLACEMENT CHARACTER}]")
_MAX_DEPTH = 20
_MAX_FILES = 1000
# Byte order marks; that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# Options of a line that say where packages come from, and whether they have a value.
_INDEX_OPTIONS = {
    "-i": "index-url", "--index-url": "index-url", "--pypi-url": "index-url",
    "--extra-index-url": "extra-index-url", "-f": "find-links", "--find-links": "find-links",
    "--trusted-host": "trusted-host", "--no-index": "no-index", "--pre": "pre",
}  # fmt: skip
_FLAGS = ("no-index", "pre")
_HARMLESS = ("--prefer-binary", "--require-hashes")


@dataclass(frozen=True, slots=True)
class LocalRequirement:
    """A project folder or an archive in the tree. path: absolute. extras: `[a,b]` or empty."""

    path: str
    extras: str = ""
    editable: bool = False


@dataclass(slots=True)
class Requirements:
    """What a command line and its files ask for. lines are for uv; options are pip's long names."""

    lines: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    local: list[LocalRequirement] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)

    def add_option(self, name: str, value: str) -> None:
        """Values of options that may be repeated are joined."""
        if name in ("extra-index-url", "find-links", "trusted-host") and name in self.options:
            value = f"{self.options[name]} {value}"
        self.options[name] = value


class Reader:
    """Reads requirements into one `Requirements`. cwd: what paths of the command line mean."""

    def __init__(
        self, tree: Tree, cwd: str, variables: Mapping[str, str], where: Where | None
    ) -> None:
        self._tree = tree
        self._cwd = cwd
        self._variables = variables
        self._where = where
        self.found = Requirements()
        self._files = 0

    def add_file(self, path: str, constraints: bool = False) -> None:
        """Reads a requirements file. Raises PipUsageError."""
        self._file(posixpath.normpath(posixpath.join(self._cwd, path)), constraints, 0)

    def add(self, requirement: str, editable: bool = False) -> None:
        """A requirement of the command line. Raises PipUsageError."""
        self._requirement(requirement, self._cwd, editable, None)

    def _file(self, path: str, constraints: bool, depth: int) -> None:
        node = self._tree.get(path)
        if not isinstance(node, File):
            raise self._error(
                f"There is no requirements file `{path}` in the box.",
                "COPY it before this RUN; paths are those of the box.",
            )
        self._files += 1
        if depth > _MAX_DEPTH or self._files > _MAX_FILES:
            raise self._error(
                f"`{path}` is included by itself, or by too many others.",
                f"Remove one of the -r lines; {_MAX_DEPTH} in one another are the most, and"
                f" {_MAX_FILES} in all.",
            )
        for number, line in _logical_lines(decoded(node.data)):
            if _NO_TEXT.search(line):
                raise self._error(
                    f"{path}:{number}: `{line}` is no text in UTF-8.", "Save the file as UTF-8."
                )
            self._line(self._expand(line), path, number, constraints, depth)

    def _line(self, line: str, path: str, number: int, constraints: bool, depth: int) -> None:
        place = f"{path}:{number}"
        folder = posixpath.dirname(path)
        if not line.startswith("-"):
            if constraints:
                self.found.constraints.append(line)
            else:
                self._requirement(line, folder, False, place)
            return
        try:
            argv = shlex.split(line)
        except ValueError as error:
            raise self._error(f"{place}: `{line}` cannot be read: {error}.", None) from error
        option, equals, value = argv[0].partition("=")
        if option[:2] in ("-r", "-c", "-e", "-f", "-i") and option[1] != "-" and len(option) > 2:
            option, value, equals = option[:2], argv[0][2:], "="
        if not equals:
            value = " ".join(argv[1:])
        if option in ("-r", "--requirement"):
            self._file(posixpath.normpath(posixpath.join(folder, value)), constraints, depth + 1)
        elif option in ("-c", "--constraint"):
            self._file(posixpath.normpath(posixpath.join(folder, value)), True, depth + 1)
        elif option in ("-e", "--editable"):
            self._requirement(value, self._cwd, True, place)
        elif option in _INDEX_OPTIONS:
            name = _INDEX_OPTIONS[option]
            self.found.add_option(name, "1" if name in _FLAGS else value)
        elif option not in _HARMLESS:
            raise self._error(
                f"{place}: the option `{option}` cannot be used in a box.",
                "Remove the line, or put its meaning on the command line of pip.",
            )

    def _requirement(self, text: str, folder: str, editable: bool, place: str | None) -> None:
        text = text.strip()
        at = f"{place}: " if place else ""
        if _FETCHED.match(text):
            raise self._error(
                f"{at}`{text}` is fetched by a version control program, which a build has not.",
                "Use the released version, or an archive's URL (NAME @ https://.../x.tar.gz).",
            )
        path, extras = self._local(text, folder)
        if path is not None:
            node = self._tree.get(path)
            if node is None:
                raise self._error(
                    f"{at}There is no `{path}` in the box.", "COPY it before this RUN."
                )
            if isinstance(node, Directory) and not _is_project(node):
                raise self._error(
                    f"{at}`{path}` has neither pyproject.toml nor setup.py.",
                    "Name the folder that the project's pyproject.toml is in.",
                )
            self.found.local.append(LocalRequirement(path, extras, editable))
        elif editable:
            raise self._error(f"{at}`-e {text}` is no folder of the box.", "Remove the -e.")
        else:
            self.found.lines.append(text)

    def _local(self, text: str, folder: str) -> tuple[str | None, str]:
        """The path a requirement means in the tree, None for one by name or URL, and its extras."""
        bare = text.split(";", 1)[0].split(" --", 1)[0].strip()
        named = _NAMED_LOCAL.fullmatch(bare)
        if named is not None:
            bare = named[1]
        match = _EXTRAS.fullmatch(bare)
        path, extras = (match[1], match[2] or "") if match else (bare, "")
        if path.startswith("file:"):
            return posixpath.normpath(unquote(urlsplit(path).path)), extras
        looks_local = path in (".", "..") or path.startswith(("./", "../", "/"))
        if looks_local or ("://" not in path and path.endswith((".whl", ".tar.gz", ".zip"))):
            return posixpath.normpath(posixpath.join(folder, path)), extras
        if "/" in path and "://" not in path and "@" not in path:
            return posixpath.normpath(posixpath.join(folder, path)), extras
        return None, ""

    def _expand(self, line: str) -> str:
        return _VARIABLE.sub(lambda m: self._variables.get(m[1], m[0]), line)

    def _error(self, message: str, hint: str | None) -> PipUsageError:
        return PipUsageError(message, where=self._where, hint=hint)


def requirement_name(requirement: str) -> str:
    """The project a requirement names; empty if it names none."""
    match = _NAME.match(requirement)
    return match[1] if match else ""


def stated_hashes(lines: Iterable[str]) -> dict[str, set[str]]:
    """What `--hash=sha256:...` allows, by normalised name; names without one are not in it."""
    found: dict[str, set[str]] = {}
    for line in lines:
        allowed = set(_HASH.findall(line))
        if allowed:
            found.setdefault(normalize(requirement_name(line)), set()).update(allowed)
    return found


def decoded(data: bytes) -> str:
    """The text of a requirements file: `pip freeze > file` of PowerShell writes UTF-16."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    return data.decode("utf-8", "replace")


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with continuations joined and comments taken away, and their first line's number."""
    pending = ""
    first = 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first if pending else number
        if line.lstrip().startswith("#"):
            if not pending:
                continue
            line = ""
        if line.endswith("\\"):
            pending += line[:-1].strip() + " "
            continue
        whole = _COMMENT.sub("", pending + line).strip()
        pending = ""
        if whole:
            yield first, whole
    if pending.strip():
        yield first, _COMMENT.sub("", pending).strip()


def _is_project(node: Directory) -> bool:
    return bool({"pyproject.toml", "setup.py"} & set(node.entries))

"""A box whose command is a program in JavaScript: what Node has and QuickJS has not is refused
while the box is built.

Belongs here: the file that the command names and the files it imports, looked at as text. Does not:
functions (`boxer.functions`), which have a grammar.

Invariant: only what stands outside of comments and texts counts, and only names that the file does
not declare itself; what is missed is an error of the run, with the same reason.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from boxer.boxfile import ImageConfig
from boxer.errors import TreeError, UnsupportedModuleError, Where
from boxer.filetree import File, Tree
from boxer.pipeline.entry import find_program

PROGRAM = b"#!boxer qjs"
_VALUED = ("-e", "--eval", "-I", "--include")
_ENDINGS = ("", ".js", ".mjs", "/index.js")
_OWN = ("std", "os")
_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)
      | (?P<pattern>(?<=[(,=:\[!&|?{};\n])\s*/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+/)""",
    re.VERBOSE | re.DOTALL,
)
_IMPORT = re.compile(
    r"""(?:^|[;}\n])\s*(?:import|export)\b(?:[^;"'`()]*?\bfrom)?\s*["'](?P<static>[^"'\n]+)["']
      | \bimport\s*\(\s*["'](?P<dynamic>[^"'\n]+)["']""",
    re.VERBOSE,
)
_NODES = {
    r"require\s*\(": "Write `import ... from`: modules are ES modules.",
    r"module\.exports\b": "Write `export`: modules are ES modules.",
    r"process\.": "`std.getenv`, `std.exit` of `std` and `scriptArgs` are QuickJS's.",
    r"Buffer\s*[.(]": "Bytes are a Uint8Array; TextEncoder and TextDecoder are there.",
    r"__(?:dirname|filename)\b": "`import.meta.url` is the file's path.",
}
_BUNDLE = "Bundle it into one file before, as by `esbuild --bundle --format=esm`, and COPY that."


def check_scripts(config: ImageConfig, tree: Tree) -> None:
    """Raises `UnsupportedModuleError` with file and line."""
    first = _script(config, tree)
    found = [first] if first else []
    for path in found:
        text = _text(tree, path)
        if text is None:
            continue
        for place in _imported(path, _without(text, ("comment",)), tree):
            if place not in found:
                found.append(place)
        _refuse_nodes(path, _without(text, ("comment", "text", "pattern")))


def _script(config: ImageConfig, tree: Tree) -> str | None:
    """The file that the box's command runs with QuickJS."""
    argv = [*(config.entrypoint or ()), *(config.cmd or ())]
    try:
        program = find_program(argv[0], config, tree) if argv else None
    except TreeError:
        return None
    if program is None or not program[1].startswith(PROGRAM):
        return None
    words = iter(argv[1:])
    for word in words:
        if word in _VALUED:
            next(words, None)
        elif not word.startswith("-"):
            return posixpath.join(config.working_dir or "/", word)
    return None


def _text(tree: Tree, path: str) -> str | None:
    try:
        node = tree.get(path)
    except TreeError:
        return None
    return node.data.decode("utf-8", "replace") if isinstance(node, File) else None


def _without(text: str, kinds: tuple[str, ...]) -> str:
    """With spaces in the place of those, so that lines and columns stay."""

    def blank(found: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", found[0]) if found.lastgroup in kinds else found[0]

    return _TOKEN.sub(blank, text)


def _imported(path: str, text: str, tree: Tree) -> Iterator[str]:
    for found in _IMPORT.finditer(text):
        name = found["static"] or found["dynamic"]
        if name in _OWN or name == "boxer" or name.startswith("boxer:"):
            continue
        if not name.startswith((".", "/")):
            place = found.start("static") if found["static"] else found.start("dynamic")
            what = "a module of Node" if name.startswith("node:") else "a package, or of Node"
            raise UnsupportedModuleError(
                f"`{name}` is {what}: a box's JavaScript imports files, and QuickJS's `std` and"
                " `os`.",
                where=Where(path, text.count("\n", 0, place) + 1),
                hint=_BUNDLE,
            )
        whole = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
        for ending in _ENDINGS:
            if _text(tree, whole + ending) is not None:
                yield whole + ending
                break


def _refuse_nodes(path: str, text: str) -> None:
    for pattern, hint in _NODES.items():
        found = re.search(rf"(?<![\w$.])(?<!typeof ){pattern}", text)
        if found is None:
            continue
        name = re.match(r"\w+", found[0])
        if name is None or _is_declared(name[0], text):
            continue
        raise UnsupportedModuleError(
            f"`{name[0]}` is Node's: this is QuickJS, which has none.",
            where=Where(path, text.count("\n", 0, found.start()) + 1),
            hint=hint,
        )


def _is_declared(name: str, text: str) -> bool:
    return bool(
        re.search(rf"\b(?:const|let|var|function|class|import)\s+{name}\b", text)
        or re.search(rf"[(,{{]\s*{name}\s*(?:[,)=}}]|as\b)", text)
    )

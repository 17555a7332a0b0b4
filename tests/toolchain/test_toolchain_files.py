"""What a compiler in a RUN leaves, and archives."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxer.filetree import Ids, Tree
from boxer.toolchain import CompilerRequest, SdkCompiler
from boxer.toolchain.archives import Member, read_archive, write_archive
from boxer.toolchain.arguments import RefusedError
from boxer.toolchain.request import CompilerResult

NAMES = st.text(
    st.characters(codec="ascii", min_codepoint=33, exclude_characters="/\\"), min_size=1
)


@given(st.lists(st.builds(Member, NAMES.filter(lambda n: not n.startswith("#1")), st.binary())))
def test_an_archive_is_read_as_it_was_written(members: list[Member]) -> None:
    assert read_archive(write_archive(members), "a.a") == members


@given(st.binary())
def test_any_bytes_are_an_archive_or_refused(data: bytes) -> None:
    with suppress(RefusedError):
        assert sum(len(m.data) for m in read_archive(b"!<arch>\n" + data, "a")) <= len(data)


def _run(tree: Tree, *argv: str, stdin: bytes = b"") -> CompilerResult:
    return SdkCompiler().run(CompilerRequest(tree, argv, "/src", Ids(0, 0), stdin, 0))


def _tree() -> Tree:
    tree = Tree()
    tree.add_file("/src/a.c", b'#include "h.h"\nint main(void) { return N; }\n')
    tree.add_file("/src/h.h", b"#define N 4\n")
    return tree


@pytest.mark.base
@pytest.mark.parametrize(
    ("words", "files"),
    [
        (["a.c"], ["a.out"]),
        (["-c", "a.c"], ["a.o"]),
        (["-c", "a.c", "-o", "sub/x.o", "-MMD"], ["sub/x.d", "sub/x.o"]),
        (["-c", "a.c", "-MD", "-MF", "deps"], ["a.o", "deps"]),
        (["-S", "a.c"], ["a.s"]),
        (["-E", "a.c", "-o", "a.i"], ["a.i"]),
        (["-E", "a.c"], []),
        (["-fsyntax-only", "a.c"], []),
        (["-march=native", "-g3", "-flto", "-pthread", "-s", "-pipe", "a.c", "-lm"], ["a.out"]),
    ],
)
def test_files_are_named_as_gcc_names_them(words: list[str], files: list[str]) -> None:
    result = _run(_tree(), "cc", *words)
    assert (result.status, result.stderr) == (0, b"")
    assert sorted(result.files) == files


@pytest.mark.base
def test_a_rule_of_dependencies_names_the_stages_files() -> None:
    result = _run(_tree(), "cc", "-c", "a.c", "-o", "o/a.o", "-MMD", "-MP")
    assert result.files["o/a.d"][0] == b"o/a.o: a.c h.h\nh.h:\n"
    assert _run(_tree(), "cc", "-MM", "a.c").stdout == b"a.o: a.c h.h\n"


@pytest.mark.base
def test_errors_name_the_stages_files() -> None:
    tree = _tree()
    tree.add_file("/src/a.c", b"int main(void) { return missing(); }\nint missing(void);\n")
    assert b"a.c:1:25: error: " in _run(tree, "cc", "a.c").stderr
    tree.add_file("/src/a.c", b"int missing(void);\nint main(void) { return missing(); }\n")
    said = _run(tree, "cc", "a.c").stderr
    assert b"a.c: undefined symbol: missing" in said
    assert b"/tmp/" not in said


@pytest.mark.base
def test_source_from_standard_input_and_response_files() -> None:
    tree = _tree()
    tree.add_file("/src/words", b"-DN=9 -o 'b out'\n")
    result = _run(tree, "cc", "-x", "c", "-", "@words", stdin=b"int main(void) { return N; }\n")
    assert (result.status, list(result.files)) == (0, ["b out"])


@pytest.mark.base
def test_questions_are_answered() -> None:
    assert _run(_tree(), "cc", "-dumpmachine").stdout == b"wasm32-unknown-linux-musl\n"
    assert b"clang version" in _run(_tree(), "cc", "--version").stdout


def test_ar_adds_replaces_lists_and_takes_out() -> None:
    tree = Tree()
    for name in ("a", "a-name-that-is-longer-than-it-may-be"):
        tree.add_file(f"/src/{name}.o", name.encode())
    made = _run(tree, "ar", "rcs", "l.a", "a.o", "a-name-that-is-longer-than-it-may-be.o")
    tree.add_file("/src/l.a", made.files["l.a"][0])
    listed = _run(tree, "ar", "t", "l.a").stdout
    assert listed == b"a.o\na-name-that-is-longer-than-it-may-be.o\n"
    tree.add_file("/src/a.o", b"new")
    tree.add_file("/src/l.a", _run(tree, "ar", "-cru", "l.a", "a.o").files["l.a"][0])
    assert _run(tree, "ar", "x", "l.a", "a.o").files == {"a.o": (b"new", 0o644)}
    tree.add_file("/src/l.a", _run(tree, "ar", "d", "l.a", "a.o").files["l.a"][0])
    assert _run(tree, "ar", "t", "l.a").stdout.splitlines() == [listed.splitlines()[1]]
    assert _run(tree, "ar", "t", "no.a").status == 1

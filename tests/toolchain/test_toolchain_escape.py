"""A compiler in a RUN, asked for files of the machine that builds."""

from __future__ import annotations

from pathlib import Path

import pytest

from boxer.filetree import Ids, Tree
from boxer.toolchain import CompilerRequest, SdkCompiler, sdk
from boxer.toolchain.request import CompilerResult

pytestmark = pytest.mark.base

SECRET = "not_for_the_guest"


@pytest.fixture(params=["fenced", "alone"])
def secret(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of the host that must not be read, with the fence around the compiler and without."""
    if request.param == "alone":
        monkeypatch.setattr(sdk, "_fence", lambda sdk, folder: [])
    file = tmp_path / "secret.h"
    file.write_text(f'#error "{SECRET}"\nint {SECRET};\n')
    return file


def run(tree: Tree, *argv: str, stdin: bytes = b"") -> CompilerResult:
    request = CompilerRequest(tree, argv, "/src", Ids(0, 0), stdin, 0)
    return SdkCompiler().run(request)


def tree_of(source: str, name: str = "a.c") -> Tree:
    tree = Tree()
    tree.add_file(f"/src/{name}", source.encode())
    tree.add_file("/src/ok.c", b"int main(void) { return 0; }\n")
    return tree


def assert_kept(result: CompilerResult) -> None:
    assert result.status == 1, result
    assert not result.files
    assert SECRET.encode() not in result.stdout + result.stderr


@pytest.mark.parametrize(
    "source",
    [
        '#include "{secret}"\n',
        '#include "../../../../../../../../../..{secret}"\n',
        '#include "/usr/lib/boxer/include/machine/../../../../..{secret}"\n',
        'const char x[] = {{\n#embed "{secret}"\n}};\n',
        '#if __has_include("{secret}")\nint ok;\n#else\n#error absent\n#endif\n',
        '__asm__(".incbin \\"{secret}\\"");\n',
        'int main(void) {{ __asm__ volatile(".include \\"{secret}\\""); }}\n',
        "#define A __as\n#define B m__\n#define P(x, y) x##y\n#define Q(x, y) P(x, y)\n"
        'Q(A, B)(".inc" "bin \\"{secret}\\"");\n',
        "void f(void) {{\n"
        '__asm__ volatile(".macro m a\\n.inc\\\\a \\"{secret}\\"\\n.endm\\nm bin"); }}',
        '__asm__("");\n__asm__(" \\n\\t.incbin \\"{secret}\\"");\n',
    ],
)
def test_a_source_reads_no_file_of_the_host(secret: Path, source: str) -> None:
    tree = tree_of(source.format(secret=secret))
    for level in ("-O0", "-O2"):
        assert_kept(run(tree, "cc", level, "-std=gnu2x", "-c", "a.c"))


@pytest.mark.parametrize(
    "words",
    [
        ["-include", "{secret}", "ok.c"],
        ["-imacros", "{secret}", "ok.c"],
        ["-I{folder}", "-include", "secret.h", "ok.c"],
        ["-isystem", "{folder}", "-include", "secret.h", "ok.c"],
        ["-x", "c", "{secret}"],
        ["-E", "{secret}"],
        ["@{secret}"],
        ["-D", "@{secret}", "ok.c"],
        ["-o", "@{secret}", "-MD", "-c", "ok.c"],
        ["-MT", "@{secret}", "-MD", "-c", "ok.c"],
        ["-fplugin={secret}", "ok.c"],
        ["-fprofile-use={secret}", "ok.c"],
        ["-fsanitize-blacklist={secret}", "ok.c"],
        ["-fmodule-map-file={secret}", "ok.c"],
        ["-ivfsoverlay", "{secret}", "ok.c"],
        ["-Xclang", "-include", "-Xclang", "{secret}", "ok.c"],
        ["-mllvm", "-load={secret}", "ok.c"],
        ["-B{folder}", "ok.c"],
        ["-specs={secret}", "ok.c"],
        ["--sysroot={folder}", "ok.c"],
        ["--config={secret}", "ok.c"],
        ["-resource-dir", "{folder}", "ok.c"],
        ["-Wp,-include,{secret}", "ok.c"],
        ["-Wa,@{secret}", "ok.c"],
        ["-x", "assembler", "ok.c"],
        ["-x", "ir", "ok.c"],
        ["ok.c", "{secret}"],
        ["-L{folder}", "-l:secret.h", "ok.c"],
        ["-include-pch", "{secret}", "ok.c"],
    ],
)
def test_a_command_line_names_no_file_of_the_host(secret: Path, words: list[str]) -> None:
    given = [word.format(secret=secret, folder=secret.parent) for word in words]
    assert_kept(run(tree_of(""), "cc", *given))


def test_links_lead_into_the_stage_alone(secret: Path) -> None:
    tree = tree_of('#include "out/secret.h"\n')
    tree.add_symlink("/src/out", str(secret.parent))
    assert_kept(run(tree, "cc", "-c", "a.c"))
    tree.add_symlink("/src/b.c", str(secret))
    assert_kept(run(tree, "cc", "-c", "b.c"))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("thin.a", b"!<thin>\n//                                              4         `\n/a/\n"),
        ("bitcode.o", b"BC\xc0\xde" + bytes(60)),
        ("script.o", b"INPUT(/etc/hostname)\n"),
        ("elf.o", b"\x7fELF" + bytes(60)),
    ],
)
def test_the_linker_gets_objects_only(secret: Path, name: str, data: bytes) -> None:
    tree = tree_of("")
    tree.add_file(f"/src/{name}", data)
    assert_kept(run(tree, "cc", "ok.c", name))
    archive = b"!<arch>\n" + b"%-16s%-32s%-10d`\n" % (b"x.o/", b"0", len(data)) + data
    tree.add_file("/src/lib.a", archive)
    assert_kept(run(tree, "cc", "ok.c", "lib.a"))


def test_a_header_of_another_user_is_not_read(secret: Path) -> None:
    tree = tree_of('#include "private.h"\n')
    tree.add_file("/src/private.h", f'#error "{SECRET}"\n'.encode(), mode=0o600)
    request = CompilerRequest(tree, ("cc", "-c", "a.c"), "/src", Ids(5, 5), b"", 0)
    assert_kept(SdkCompiler().run(request))


def test_variables_of_the_host_are_not_heard(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPATH", str(secret.parent))
    monkeypatch.setenv("CCC_OVERRIDE_OPTIONS", f"+-include{secret}")
    assert_kept(run(tree_of('#include "secret.h"\n'), "cc", "-c", "a.c"))


def test_empty_assembly_and_names_of_symbols_are_no_assembly(secret: Path) -> None:
    source = """
    int named(void) __asm__("other");
    int named(void) { return 3; }
    const char *text(void) { return "asm \\".incbin\\" asm"; }
    int main(void) { __asm__ volatile("" ::: "memory"); return named() + !text(); }
    """
    result = run(tree_of(source), "cc", "-O2", "a.c", "-o", "a")
    assert (result.status, result.stderr) == (0, b"")
    assert result.files["a"][0][:4] == b"\0asm"


def test_the_same_source_gives_the_same_bytes(secret: Path) -> None:
    source = (
        "#include <stdio.h>\nint main(void) { puts(__FILE__ __DATE__ __TIME__ __TIMESTAMP__); }\n"
    )
    first, second = (run(tree_of(source), "cc", "a.c") for _ in range(2))
    assert first.files == second.files
    assert b"boxer-cc-" not in first.files["a.out"][0]
    assert str(Path.home()).encode() not in first.files["a.out"][0]

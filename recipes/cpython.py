"""CPython for the guest, instrumented: configure, make, and the frozen modules it makes itself.

A cross build of CPython asks for a native Python of the same version, which few machines have. It
is only used to freeze modules; we build upstream's own freezing program for the guest and run it in
our sandbox instead.

What is compiled here counts how often each of its branches is taken. It is run once to be counted
(`training`), and compiled anew with what that showed (`interpreter`).

Invariant: the product does not depend on the kernel. It is compiled against a stub and linked with
the kernel later (base.py), so that a change of the kernel costs a link.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

from recipes import driver, toolchain
from recipes.logged import run_logged
from recipes.progress import Progress
from recipes.recipe import Recipe
from recipes.sources import unpacked
from recipes.workshop import GUEST, ROOT, digest_of, product

FOLDER = Path(__file__).with_name("python")
HOST = "wasm32-unknown-linux-musl"
# CPython asks for -fno-strict-overflow, of which it needs that signed numbers wrap. That pointers
# wrap, too, keeps the compiler from putting fields' offsets into loads and stores: 5 % slower.
FLAGS = ("-fno-wrapv-pointer",)
INSTRUMENTED = ("-Xclang", "-fprofile-instrument=llvm")
# For what guest/python/depth.c counts with: as deep as the main thread, but for the compiler.
THREAD_STACK = 2 << 20
LIBRARIES = ("-lz", "-lbz2", "-llzma", "-lsqlite3", "-lffi", "-lssl", "-lcrypto")
# By library, the beginning of the variables that tell configure of it.
VARIABLES = {
    "z": "ZLIB",
    "bz2": "BZIP2",
    "lzma": "LIBLZMA",
    "sqlite3": "LIBSQLITE3",
    "ffi": "LIBFFI",
}
# Which objects lie in the libraries that CPython's makefile makes on its way.
MEMBERS = {
    "Modules/_decimal/libmpdec/libmpdec.a": "Modules/_decimal/libmpdec/",
    "Modules/_hacl/libHacl_Hash_SHA2.a": "Modules/_hacl/Hacl_Hash_SHA2",
    "Modules/expat/libexpat.a": "Modules/expat/",
}
# Of TLS 1.2's ciphers, in the order of CPython's own list but for the first two: without
# instructions for AES the other one takes a third of the time.
CIPHERS = "@SECLEVEL=2:ECDH+CHACHA20:ECDH+AESGCM:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM"
COUNTERS = GUEST / "training" / "counters.c"

# Enough of a machine for configure's programs to link. It refers to main by every name clang gives
# it: what nothing refers to is dropped before its undefined symbols are looked at.
PROBE = """
struct { char magic[8]; } boxer_boot;
__attribute__((section("thread_local"))) unsigned long boxer_thread_pointer;
long boxer_syscall(long n, long a, long b, long c, long d, long e, long f) { return -38; }
unsigned kernel_life(void) { return 0; }
void kernel_watch_pause(int more) {}
extern void __init_libc(char **, char *);
extern int __main_void(void) __attribute__((weak));
extern int __main_argc_argv(int, char **) __attribute__((weak));
extern int main_of_three(int, char **, char **) __asm__("main") __attribute__((weak));
int _start(void) {
    __init_libc(0, 0);
    return __main_void ? __main_void() : __main_argc_argv ? __main_argc_argv(0, 0)
         : main_of_three ? main_of_three(0, 0, 0) : 0;
}
"""


def objects(
    recipe: Recipe,
    sysroot: Path,
    libraries: list[Path],
    machine: list[Path],
    progress: Progress,
) -> Path:
    """The folder with build/ (objects, Makefile, headers) and its logs; built on first use.

    machine: crt and kernel, to run the freezing program with.
    """
    source = recipe.source
    names = [repr(source), sysroot.name, *(path.name for path in libraries)]
    names += driver.cases().values()
    files = [
        source.patch,
        FOLDER / "config.site",
        Path(__file__).with_name("freezing.py"),
        Path(__file__),
        Path(driver.__file__),
        COUNTERS.parent,
    ]
    digest = digest_of([*names, *files])

    def make(folder: Path) -> None:
        tree = unpacked(source)
        build = folder / "build"
        build.mkdir()
        probe = _probe(folder, sysroot)
        driver.write_cc(folder / "cc", sysroot, [probe])
        driver.write_cc(folder / "cc-machine", sysroot, [_counters(folder, sysroot), *machine])
        driver.write_note(folder / "cc-note", folder / "link.log")
        for tool in ("ar", "ranlib"):
            driver.write_tool(folder / tool, tool)
        _write_build_python(folder, tree, recipe.series)
        progress.step("configuring CPython")
        _configure(folder, tree, libraries)
        _make(folder, progress)

    return product("cpython", digest, make)


def _probe(folder: Path, sysroot: Path) -> Path:
    (folder / "probe.c").write_text(PROBE)
    command = [*driver.compile_command(sysroot), "-w", "-c", str(folder / "probe.c")]
    toolchain.run([*command, "-o", str(folder / "probe.o")])
    return folder / "probe.o"


def _counters(folder: Path, sysroot: Path) -> Path:
    """What instrumented code calls, for the freezing program; nothing reads what it counts."""
    command = [*driver.compile_command(sysroot), "-c", str(COUNTERS)]
    toolchain.run([*command, "-o", str(folder / "counters.o")])
    return folder / "counters.o"


def _write_build_python(folder: Path, tree: Path, version: str) -> None:
    """A stub of the native Python: answers configure's question, freezes, refuses the rest."""
    script = folder / "build-python"
    script.write_text(
        f"""#!/bin/sh
case "$1 $2" in
"-c import sys; print(f'"*) echo {version} ;;
*/_freeze_module.py*)
    shift
    # make puts a PYTHONPATH of its own into the environment.
    export PYTHONPATH={shlex.quote(str(ROOT))}
    exec {shlex.quote(sys.executable)} -m recipes.freezing {shlex.quote(str(tree))} "$@" ;;
*) echo "build-python: not served: $*" >&2; exit 1 ;;
esac
"""
    )
    script.chmod(0o755)


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "CONFIG_SITE": str(FOLDER / "config.site"),
        "PKG_CONFIG": "false",
        "PKG_CONFIG_LIBDIR": str(folder),
        "SOURCE_DATE_EPOCH": "0",
    }


def _configure(folder: Path, tree: Path, libraries: list[Path]) -> None:
    found: dict[str, str] = {}
    openssl = next(path for path in libraries if (path / "lib" / "libssl.a").exists())
    for library in libraries:
        if library == openssl:
            continue
        archive = next((library / "lib").glob("*.a"))
        name = VARIABLES[archive.stem.removeprefix("lib")]
        found[f"{name}_CFLAGS"] = f"-I{library / 'include'}"
        found[f"{name}_LIBS"] = f"-L{library / 'lib'} -l{archive.stem.removeprefix('lib')}"
    command = [
        # Relative, as the names of its sources are then, which some messages have: they do not
        # depend on where this is built.
        os.path.relpath(tree / "configure", folder / "build"),
        f"--host={HOST}",
        "--build=x86_64-pc-linux-gnu",
        f"--with-build-python={folder / 'build-python'}",
        "--prefix=/usr/local",
        "--with-pymalloc",
        "--disable-test-modules",
        "--without-ensurepip",
        "--disable-shared",
        "--enable-ipv6",
        f"--with-openssl={openssl}",
        f"--with-ssl-default-suites={CIPHERS}",
        f"CC={folder / 'cc'}",
        f"AR={folder / 'ar'}",
        f"RANLIB={folder / 'ranlib'}",
        "READELF=true",
        # NODEV of glibc's sys/param.h: os.major(-1) is -1.
        f"CFLAGS=-g0 -DNODEV=-1 -DTHREAD_STACK_SIZE={THREAD_STACK}",
    ]
    _run(command, folder, {**_environment(folder), **found}, "configure")


def _make(folder: Path, progress: Progress) -> None:
    freeze = f"{folder / 'build-python'} $(srcdir)/Programs/_freeze_module.py"
    jobs = f"-j{os.cpu_count() or 1}"
    progress.step("compiling CPython")
    environment = _environment(folder)
    machine = f"LINKCC={folder / 'cc-machine'}"
    flags = f"EXTRA_CFLAGS={' '.join((*FLAGS, *INSTRUMENTED))}"
    common = ["make", jobs, "LINKFORSHARED=", "PYTHON_FOR_BUILD=false", flags]
    _run([*common, machine, "Programs/_freeze_module"], folder, environment, "make-freezer")
    progress.step("compiling CPython: the interpreter")
    frozen = [f"FREEZE_MODULE_BOOTSTRAP={freeze}", f"FREEZE_MODULE={freeze}"]
    note = f"LINKCC={folder / 'cc-note'}"
    _run([*common, *frozen, note, "python"], folder, environment, "make")


def _run(command: list[str], folder: Path, environment: dict[str, str], name: str) -> None:
    run_logged(command, folder / "build", environment, folder / f"{name}.log", "CPython")


def _link_words(built: Path) -> list[str]:
    lines = (built / "link.log").read_text().splitlines()
    return next(line for line in reversed(lines) if line.startswith("-o python ")).split()


def link_libraries(built: Path) -> list[str]:
    """The libraries the interpreter is linked with, as `-l` options."""
    return [word for word in _link_words(built) if word in LIBRARIES]


def objects_of(built: Path) -> list[str]:
    """Objects of the interpreter without its own main, members of CPython's own libraries among
    them, relative to built/build and in the linker's order."""
    compiled = compilations(built)
    found: list[str] = []
    for word in _link_words(built):
        if word.endswith(".a"):
            found += [name for name in compiled if name.startswith(MEMBERS[word])]
        elif word.endswith(".o") and word != "Programs/python.o":
            found.append(word)
    return list(dict.fromkeys(found))


def compilations(built: Path) -> dict[str, str]:
    """By object, the arguments that make compiled it with: text for a shell in built/build."""
    found: dict[str, str] = {}
    for log in ("make-freezer", "make"):
        text = (built / f"{log}.log").read_text(errors="replace").replace("\\\n", " ")
        for line in re.findall(r"(?m)^\S+/cc (.* -c .*|-c .*)$", text):
            found[re.findall(r"\s-o (\S+)", line)[-1]] = line
    return dict(sorted(found.items()))

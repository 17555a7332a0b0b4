"""CPython for the guest: configure, make, and its frozen modules made by the interpreter itself.

A cross build of CPython asks for a native Python of the same version, which few machines have. It
is only used to freeze modules; we build upstream's own freezing program for the guest and run it in
our sandbox instead.

Invariant: the product does not depend on the kernel. It is compiled against a stub and linked with
the kernel later (base.py), so that a change of the kernel costs a link.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from recipes import driver, toolchain
from recipes.failures import RecipeError
from recipes.progress import Progress
from recipes.sources import PATCHES, load_sources, unpacked
from recipes.workshop import ROOT, digest_of, product

FOLDER = Path(__file__).with_name("python")
HOST = "wasm32-unknown-linux-musl"

# Enough of a machine for configure's programs to link. It refers to main by every name clang gives
# it: what nothing refers to is dropped before its undefined symbols are looked at.
PROBE = """
struct { char magic[8]; } boxer_boot;
long boxer_syscall(long n, long a, long b, long c, long d, long e, long f) { return -38; }
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


def objects(sysroot: Path, libraries: list[Path], machine: list[Path], progress: Progress) -> Path:
    """The folder with build/ (objects, libraries, link.log) and stdlib sources; built on first use.

    machine: crt and kernel, to run the freezing program with.
    """
    source = load_sources()["cpython"]
    names = [repr(source), sysroot.name, *(path.name for path in libraries)]
    site = FOLDER / "config.site"
    digest = digest_of([*names, PATCHES, site, Path(__file__), Path(driver.__file__)])

    def make(folder: Path) -> None:
        tree = unpacked(source)
        build = folder / "build"
        build.mkdir()
        probe = _probe(folder, sysroot)
        driver.write_cc(folder / "cc", sysroot, [probe])
        driver.write_cc(folder / "cc-machine", sysroot, machine)
        for tool in ("ar", "ranlib"):
            driver.write_tool(folder / tool, tool)
        _write_build_python(folder, tree)
        progress.step("configuring CPython")
        _configure(folder, tree, libraries)
        _make(folder, progress)

    return product("cpython", digest, make)


def _probe(folder: Path, sysroot: Path) -> Path:
    (folder / "probe.c").write_text(PROBE)
    command = [*driver.compile_command(sysroot), "-w", "-c", str(folder / "probe.c")]
    toolchain.run([*command, "-o", str(folder / "probe.o")])
    return folder / "probe.o"


def _write_build_python(folder: Path, tree: Path) -> None:
    """A stand-in for the native Python: answers configure's question, freezes, refuses the rest."""
    version = load_sources()["cpython"].version.rpartition(".")[0]
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
        "BOXER_LINK_LOG": str(folder / "link.log"),
        "SOURCE_DATE_EPOCH": "0",
    }


def _configure(folder: Path, tree: Path, libraries: list[Path]) -> None:
    found: dict[str, str] = {}
    variables = {"z": "ZLIB", "bz2": "BZIP2", "lzma": "LIBLZMA", "sqlite3": "LIBSQLITE3"}
    for library in libraries:
        archive = next((library / "lib").glob("*.a"))
        name = variables[archive.stem.removeprefix("lib")]
        found[f"{name}_CFLAGS"] = f"-I{library / 'include'}"
        found[f"{name}_LIBS"] = f"-L{library / 'lib'} -l{archive.stem.removeprefix('lib')}"
    command = [
        str(tree / "configure"),
        f"--host={HOST}",
        "--build=x86_64-pc-linux-gnu",
        f"--with-build-python={folder / 'build-python'}",
        "--prefix=/usr/local",
        "--with-pymalloc",
        "--disable-test-modules",
        "--without-ensurepip",
        "--disable-shared",
        "--enable-ipv6",
        f"CC={folder / 'cc'}",
        f"AR={folder / 'ar'}",
        f"RANLIB={folder / 'ranlib'}",
        "READELF=true",
        "CFLAGS=-g0",
    ]
    _run(command, folder, {**_environment(folder), **found}, "configure")


def _make(folder: Path, progress: Progress) -> None:
    freeze = f"{folder / 'build-python'} $(srcdir)/Programs/_freeze_module.py"
    jobs = f"-j{os.cpu_count() or 1}"
    progress.step("compiling CPython")
    environment = _environment(folder)
    machine = f"LINKCC={folder / 'cc-machine'}"
    common = ["make", jobs, "LINKFORSHARED=", "PYTHON_FOR_BUILD=false"]
    _run([*common, machine, "Programs/_freeze_module"], folder, environment, "make-freezer")
    progress.step("compiling CPython: the interpreter")
    shutil.rmtree(folder / "link.log", ignore_errors=True)
    (folder / "link.log").unlink(missing_ok=True)
    frozen = [f"FREEZE_MODULE_BOOTSTRAP={freeze}", f"FREEZE_MODULE={freeze}"]
    _run([*common, *frozen, "python"], folder, environment, "make")


def _run(command: list[str], folder: Path, environment: dict[str, str], name: str) -> None:
    log = folder / f"{name}.log"
    with log.open("w") as output:
        done = subprocess.run(
            command,
            cwd=folder / "build",
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-25:])
        raise RecipeError(f"CPython: `{name}` failed with status {done.returncode}:\n{tail}")


def link_arguments(built: Path) -> list[str]:
    """Objects and libraries of the interpreter, relative to built/build, without its own main."""
    lines = (built / "link.log").read_text().splitlines()
    words = next(line for line in reversed(lines) if line.startswith("python ")).split()[1:]
    return [word for word in words if word != "Programs/python.o" and not word.startswith("-L")]

"""The SDK of a Python base: what extension modules are compiled with, and the interpreter's parts.

Belongs here: the folder `sdk` of a base: headers, settings for sysconfig, the parts of module.wasm
to link again. Does not: what a compiler's arguments come to (`extension/driver.py`), building
packages (`src/boxer/packages/native`).

    sdk.json driver.py linked/ pkgconfig.py pgconfig.py include/ lib/ sysconfig/
    bin/{cc,c++,ar,ranlib,link,pkg-config,pg_config}
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from recipes import cxx, driver, foreign, options, toolchain, vectors
from recipes.extension import linked
from recipes.extensionlibraries import ExtensionLibrary, Package
from recipes.recipe import MACHINE, Recipe
from recipes.sources import load_sources

SYSCONFIG = f"_sysconfigdata__linux_{MACHINE}"
# Each tool's program, and what of it is called.
TOOLS = {
    **{tool: f"driver.py {tool}" for tool in ("cc", "c++", "ar", "ranlib", "link")},
    "pkg-config": "pkgconfig.py",
    "pg_config": "pgconfig.py",
}
# The base's own libraries by the names pkg-config knows them by: source, words of -l.
BASE_PACKAGES = {
    "zlib": ("zlib", ("z",)),
    "bzip2": ("bzip2", ("bz2",)),
    "liblzma": ("xz", ("lzma",)),
    "sqlite3": ("sqlite", ("sqlite3",)),
    "libcrypto": ("openssl", ("crypto",)),
    "libssl": ("openssl", ("ssl", "crypto")),
    "openssl": ("openssl", ("ssl", "crypto")),
}


@dataclass(frozen=True)
class Parts:
    """What a base was linked from. extras: what packages are built against, and it is not; openssl:
    the fuller one, which packages may take in place of the base's.

    recipe: the base's. module_flags: those of its link; interpreter: its object; hints: of that.
    """

    recipe: Recipe
    sysroot: Path
    source: Path
    built: Path
    programs: Sequence[Path]
    interpreter: Path
    hints: Path
    libraries: Sequence[Path]
    extras: Sequence[ExtensionLibrary]
    openssl: Path
    machine: Sequence[Path]
    jumps: Path
    cxx: Path
    jump_flags: Sequence[str]
    module_flags: Sequence[str]
    sysconfig_data: str


def write_sdk(folder: Path, parts: Parts) -> None:
    """Makes the SDK in a folder that is not there yet."""
    lib = folder / "lib"
    (folder / "bin").mkdir(parents=True)
    (lib / "programs").mkdir(parents=True)
    (folder / "linked").mkdir()
    (lib / "libraries").mkdir()
    for program in parts.programs:
        shutil.copy(program, lib / "programs")
    shutil.copy(parts.interpreter, lib / "interpreter.o")
    shutil.copy(parts.hints, lib)
    for module in sorted(Path(linked.__file__).parent.glob("*.py")):
        shutil.copy(module, folder / "linked")
    for part in [*parts.machine, parts.jumps / "libjumps.a"]:
        shutil.copy(part, lib)
    (lib / "c++").mkdir()
    shutil.copy(parts.cxx / "libc++.a", lib / "c++")
    for name in ("libc.a", "libcompiler_rt.a"):
        shutil.copy(parts.sysroot / "lib" / name, lib)
    for library in (*parts.libraries, *(extra.folder for extra in parts.extras)):
        for archive in sorted((library / "lib").glob("*.a")):
            shutil.copy(archive, lib / "libraries")
    shutil.copytree(parts.openssl / "lib", lib / "fuller")
    (lib / "tools").mkdir()
    for extra in parts.extras:
        for program in sorted((extra.folder / "programs").glob("*.o")):
            shutil.copy(program, lib / "tools")
    _write_headers(folder / "include", parts)
    _write_settings(folder, parts)
    write_tools(folder, TOOLS)


def write_tools(folder: Path, tools: Mapping[str, str]) -> None:
    """Writes an SDK's programs, each a script that calls one of `recipes/extension` for it."""
    (folder / "bin").mkdir(exist_ok=True)
    for tool, words in tools.items():
        shutil.copy(Path(__file__).with_name("extension") / words.split()[0], folder)
        script = folder / "bin" / tool
        script.write_text(
            "#!/bin/sh\n"
            'here=$(dirname "$(readlink -f "$0")")\n'
            f'exec "${{BOXER_PYTHON:?is not set: boxer calls this}}" -IS "$here/../"{words} "$@"\n'
        )
        script.chmod(0o755)


def cxx_flags() -> list[str]:
    """What C++ has beside C's flags: its headers, which stand before C's, and exceptions."""
    return [
        *("-nostdinc++", "-I", "{sdk}/include/c++"),
        *("-mllvm", "-wasm-enable-eh", *cxx.definitions()),
        *toolchain.CXX_THREAD_LOCALS,
    ]


def _write_headers(folder: Path, parts: Parts) -> None:
    shutil.copytree(parts.source / "Include", folder)
    shutil.copy(parts.built / "build" / "pyconfig.h", folder)
    for library in (*parts.libraries, *(extra.folder for extra in parts.extras), parts.openssl):
        shutil.copytree(library / "include", folder, dirs_exist_ok=True)
    shutil.copytree(parts.sysroot / "include", folder / "machine")
    vectors.write_headers(folder / "vectors")
    for headers in cxx.headers(toolchain.zig().parent / "lib"):
        shutil.copytree(headers, folder / "c++", dirs_exist_ok=True)


def _write_settings(folder: Path, parts: Parts) -> None:
    # The compiler finds its own headers; a second folder of them would be an #include_next's. Those
    # of vectors stand before its own.
    machine = ("-I", "{sdk}/include/vectors", "-isystem", "{sdk}/include/machine")
    flags = [*toolchain.TARGET, *toolchain.HABITS, *toolchain.THREAD_LOCALS]
    flags += [*parts.jump_flags, *machine]
    settings = {
        "name": ["boxer's cc"],
        "shared": True,
        "options": options.load_options(),
        # The interpreter brings the last ones.
        "own_libraries": [
            *options.own_libraries(),
            *("python3", parts.recipe.program, "bz2", "lzma", "sqlite3", "ssl", "crypto"),
        ],
        "ziglang": [toolchain.zig_version()],
        "flags": flags,
        "cxx_flags": cxx_flags(),
        # The headers C code sees: what was compiled with others is built again.
        "sysroot": [parts.sysroot.name, vectors.digest()],
        "libraries": [*(extra.folder.name for extra in parts.extras), parts.openssl.name],
        "packages": _packages(parts.extras),
        # C programs a box may have, and what they are made of.
        "tools": {
            program.stem: [extra.source.name, extra.source.version, extra.source.license]
            for extra in parts.extras
            for program in sorted((extra.folder / "programs").glob("*.o"))
        },
        "link_flags": list(driver.LINK_FLAGS),
        "module_flags": list(parts.module_flags),
    }
    (folder / "sdk.json").write_text(json.dumps(settings, indent=1) + "\n")
    (folder / "sysconfig").mkdir()
    (folder / "sysconfig" / f"{SYSCONFIG}.py").write_text(
        parts.sysconfig_data + _cross(parts.recipe.soabi)
    )


def _packages(extras: Sequence[ExtensionLibrary]) -> dict[str, dict[str, object]]:
    """What pkg-config answers, by package."""
    sources = load_sources()
    found = {
        **{
            name: Package(sources[key].version, libs) for name, (key, libs) in BASE_PACKAGES.items()
        },
        "libffi": Package(foreign.VERSION, ("ffi",)),
    }
    for extra in extras:
        found |= extra.packages
    return {
        name: {"version": package.version, "libs": package.libs, "include": package.include}
        for name, package in found.items()
    }


def _cross(soabi: str) -> str:
    """Laid behind the box's own settings: the build runs on this machine, with the SDK's tools."""
    return f"""
import os
_sdk = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_bin = os.path.join(_sdk, "bin")
_cc, _cxx = os.path.join(_bin, "cc"), os.path.join(_bin, "c++")
_include = os.path.join(_sdk, "include")
build_time_vars.update(
    CC=_cc, CXX=_cxx, CPP=_cc + " -E", AR=os.path.join(_bin, "ar"), ARFLAGS="rcs",
    RANLIB=os.path.join(_bin, "ranlib"), LDSHARED=_cc + " -shared", LDCXXSHARED=_cxx + " -shared",
    BLDSHARED=_cc + " -shared", CCSHARED="", OPT="-DNDEBUG", CFLAGS="-DNDEBUG -O2",
    PY_CFLAGS="-DNDEBUG -O2", BASECFLAGS="", CONFIGURE_CFLAGS="", LDFLAGS="", PY_LDFLAGS="",
    INCLUDEPY=_include, CONFINCLUDEPY=_include, EXT_SUFFIX=".{soabi}.so", SHLIB_SUFFIX=".so",
    SOABI="{soabi}", MULTIARCH="{MACHINE}", Py_ENABLE_SHARED=0, LIBPYTHON="",
)
"""

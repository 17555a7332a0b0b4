"""The settings of build back ends: variables, a cross file, a toolchain file.

Belongs here: the words of setuptools, meson-python and scikit-build-core for one and the same
target. Does not: calling them (`crossbuild`).
"""

from __future__ import annotations

import os
from pathlib import Path

from boxer.packages.native.sdk import Sdk

# Programs that back ends call by their names alone, to hear where a library lies.
_ASKED_BY_NAME = ("pg_config",)
_MESON = """[host_machine]
system = 'linux'
cpu_family = 'wasm32'
cpu = 'wasm32'
endian = 'little'

[binaries]
c = '{bin}/cc'
cpp = '{bin}/c++'
ar = '{bin}/ar'
ranlib = '{bin}/ranlib'
strip = 'true'
pkg-config = '{bin}/pkg-config'
python = '{python}'

[properties]
needs_exe_wrapper = true
skip_sanity_check = true
longdouble_format = 'IEEE_QUAD_LE'

[built-in options]
b_lto = false
b_pie = false
b_lundef = false
"""
_CMAKE = """set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_C_COMPILER "{bin}/cc")
set(CMAKE_CXX_COMPILER "{bin}/c++")
set(CMAKE_AR "{bin}/ar" CACHE FILEPATH "")
set(CMAKE_RANLIB "{bin}/ranlib" CACHE FILEPATH "")
set(CMAKE_STRIP "true" CACHE FILEPATH "")
set(CMAKE_SIZEOF_VOID_P 4)
set(CMAKE_SKIP_RPATH ON)
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)
set(CMAKE_INTERPROCEDURAL_OPTIMIZATION OFF CACHE BOOL "" FORCE)
set(CMAKE_FIND_ROOT_PATH "{sdk}")
set(CMAKE_LIBRARY_PATH "{sdk}/lib/libraries")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE BOTH)
set(Python_INCLUDE_DIR "{sdk}/include" CACHE PATH "")
set(Python3_INCLUDE_DIR "{sdk}/include" CACHE PATH "")
set(Python_SOABI "{soabi}" CACHE STRING "")
set(THREADS_PREFER_PTHREAD_FLAG OFF)
set(CMAKE_HAVE_LIBC_PTHREAD ON CACHE BOOL "")
"""


def settings_module(sdk: Sdk) -> str:
    """The name of the SDK's settings for sysconfig."""
    return next((sdk.folder / "sysconfig").glob("_sysconfigdata*.py")).stem


def write_tool_files(sdk: Sdk, folder: Path) -> None:
    """Writes the files that back ends read, into a build's folder."""
    argv = {
        "bin": str(sdk.folder / "bin"),
        "sdk": str(sdk.folder),
        "python": str(folder / "env" / "bin" / "python"),
        "soabi": sdk.python.soabi,
    }
    (folder / "cross.ini").write_text(_MESON.format(**argv))
    (folder / "toolchain.cmake").write_text(_CMAKE.format(**argv))
    for name in ("home", "tmp", "zig"):
        (folder / name).mkdir()
    for program in _ASKED_BY_NAME:  # before those of this machine
        (folder / "env" / "bin" / program).symlink_to(sdk.program(program))


def cross_environment(sdk: Sdk, folder: Path) -> dict[str, str]:
    """The whole environment of a build: nothing else of this machine's reaches it."""
    tools = sdk.folder / "bin"
    return {
        **sdk.environment(),
        "PATH": f"{folder / 'env' / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "LC_ALL": "C.UTF-8",
        "VIRTUAL_ENV": str(folder / "env"),
        "PYTHONPATH": str(sdk.folder / "sysconfig"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "_PYTHON_SYSCONFIGDATA_NAME": settings_module(sdk),
        "_PYTHON_HOST_PLATFORM": sdk.python.platform,
        "PKG_CONFIG": str(tools / "pkg-config"),
        "PKG_CONFIG_LIBDIR": str(folder / "home"),
        "CMAKE_TOOLCHAIN_FILE": str(folder / "toolchain.cmake"),
        "SETUPTOOLS_USE_DISTUTILS": "local",
        "SOURCE_DATE_EPOCH": "315532800",
        "ZIG_GLOBAL_CACHE_DIR": str(folder / "zig"),
        "ZIG_LOCAL_CACHE_DIR": str(folder / "zig"),
        "BOXER_TOOLS": str(tools),
        "CARGO": "false",
        "RUSTC": "false",
    }


def build_settings(folder: Path, backend: str) -> dict[str, str]:
    """What a back end takes as its config settings."""
    if backend.startswith("mesonpy"):
        return {"setup-args": f"--cross-file={folder / 'cross.ini'}"}
    return {}

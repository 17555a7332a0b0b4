"""C++'s libraries for the guest: libc++, libc++abi and the unwinder, of zig's own sources.

Belongs here: their flags, and which files they are made of. Exceptions are WebAssembly's, as
setjmp's (`programsdk.JUMPS`): only modules that hold C++ with exceptions have them.

zig adds _LIBCPP_* by itself, with threads left out, for code that is linked by it; we link
ourselves and say all of them here. std::mutex and the like are over pthreads.
"""

from __future__ import annotations

from pathlib import Path

from recipes import toolchain
from recipes.progress import Progress
from recipes.workshop import digest_of, product

SETTINGS = {
    "_LIBCPP_ABI_VERSION": "1",
    "_LIBCPP_ABI_NAMESPACE": "__1",
    "_LIBCPP_ABI_FORCE_ITANIUM": "0",
    "_LIBCPP_ABI_FORCE_MICROSOFT": "0",
    "_LIBCPP_HAS_THREADS": "1",
    "_LIBCPP_HAS_THREAD_API_PTHREAD": "1",
    "_LIBCPP_HAS_THREAD_API_EXTERNAL": "0",
    "_LIBCPP_HAS_THREAD_API_WIN32": "0",
    "_LIBCPP_HAS_THREAD_API_C11": "0",
    "_LIBCPP_HAS_MONOTONIC_CLOCK": "1",
    "_LIBCPP_HAS_TERMINAL": "1",
    "_LIBCPP_HAS_MUSL_LIBC": "1",
    "_LIBCPP_HAS_VENDOR_AVAILABILITY_ANNOTATIONS": "0",
    "_LIBCPP_HAS_FILESYSTEM": "1",
    "_LIBCPP_HAS_RANDOM_DEVICE": "1",
    "_LIBCPP_HAS_LOCALIZATION": "1",
    "_LIBCPP_HAS_UNICODE": "1",
    "_LIBCPP_HAS_WIDE_CHARACTERS": "1",
    "_LIBCPP_HAS_TIME_ZONE_DATABASE": "0",
    "_LIBCPP_INSTRUMENTED_WITH_ASAN": "0",
    "_LIBCPP_PSTL_BACKEND_SERIAL": "",
    "_LIBCPP_HARDENING_MODE_DEFAULT": "_LIBCPP_HARDENING_MODE_NONE",
    "_LIBCPP_ASSERTION_SEMANTIC_DEFAULT": "_LIBCPP_ASSERTION_SEMANTIC_ENFORCE",
    "_LIBCPP_LIBC_NEWLIB": "0",
    "_LIBCPP_DISABLE_VISIBILITY_ANNOTATIONS": "",
    "_LIBCXXABI_DISABLE_VISIBILITY_ANNOTATIONS": "",
}
EXCEPTIONS = (
    "-mcpu=lime1+exception_handling",
    "-fwasm-exceptions",
    *("-mllvm", "-wasm-enable-eh", "-mllvm", "-wasm-use-legacy-eh=false"),
)
# The tag C++'s throw and catch agree on.
TAG = "\t.tagtype __cpp_exception i32\n\t.globl __cpp_exception\n__cpp_exception:\n"
_UNWIND = ("-D_LIBUNWIND_HIDE_SYMBOLS",)
_NOT_COMPILED = ("win32", "experimental", "pstl", "libdispatch")
_NOT_ABI = ("cxa_noexception.cpp",)


def definitions() -> list[str]:
    """The settings as a compiler's words."""
    words = []
    for name, value in SETTINGS.items():
        words.append(f"-D{name}={value}" if value else f"-D{name}")
    return words


def headers(zig_library: Path) -> list[Path]:
    """libc++'s own headers, which stand before C's."""
    return [zig_library / "libcxx" / "include", zig_library / "libcxxabi" / "include"]


def cxx_libraries(sysroot: Path, progress: Progress) -> Path:
    """The folder with libc++.a; built on first use."""
    digest = digest_of([sysroot.name, toolchain.zig_version(), Path(__file__)])

    def make(folder: Path) -> None:
        objects = toolchain.compile_all(_units(folder, sysroot), progress, "C++'s library")
        toolchain.archive(folder / "libc++.a", objects)

    return product("cxx", digest, make)


def _units(folder: Path, sysroot: Path) -> list[toolchain.Unit]:
    zig = toolchain.zig().parent / "lib"
    # The kernel's header with the numbers of its futex calls, which libc++ looks at.
    futex = folder / "include" / "linux" / "futex.h"
    futex.parent.mkdir(parents=True)
    futex.write_text("#define FUTEX_WAIT_PRIVATE 128\n#define FUTEX_WAKE_PRIVATE 129\n")
    includes = [*headers(zig), zig / "libunwind" / "include", futex.parent.parent]
    flags = (
        # Before zig's own headers, which stand before every -isystem.
        *("-nostdinc++", *(part for path in includes for part in ("-I", str(path)))),
        *toolchain.flags(sysroot / "include"),
        *EXCEPTIONS,
        *definitions(),
        *("-w", "-fvisibility=hidden", "-DNDEBUG"),
    )
    cxx = (
        *flags,
        *toolchain.CXX_THREAD_LOCALS,
        *("-std=c++23", "-D_LIBCPP_BUILDING_LIBRARY", "-DLIBCXX_BUILDING_LIBCXXABI"),
        *("-D_LIBCXXABI_BUILDING_LIBRARY", "-fvisibility-inlines-hidden"),
        *("-I", str(zig / "libcxx" / "src"), "-I", str(zig / "libcxx" / "libc")),
        *("-I", str(zig / "libcxxabi" / "src")),
    )
    sources = [
        file
        for file in sorted((zig / "libcxx" / "src").rglob("*.cpp"))
        if not any(part in _NOT_COMPILED for part in file.parts)
    ]
    sources += [
        file
        for file in sorted((zig / "libcxxabi" / "src").glob("*.cpp"))
        if file.name not in _NOT_ABI
    ]
    units = [
        toolchain.Unit(file, folder / "obj" / f"{number}-{file.stem}.o", cxx)
        for number, file in enumerate(sources)
    ]
    tag = folder / "tag.s"
    tag.write_text(TAG)
    unwind = zig / "libunwind" / "src" / "Unwind-wasm.c"
    units.append(toolchain.Unit(unwind, folder / "obj" / "unwind.o", (*flags, *_UNWIND)))
    units.append(toolchain.Unit(tag, folder / "obj" / "tag.o", (*toolchain.TARGET, *EXCEPTIONS)))
    return units

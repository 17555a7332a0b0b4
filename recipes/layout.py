"""The file tree of the Python base: the standard library as ordinary files, a small /etc, and
root certificates.

Belongs here: what lies where and with which mode. The paths are those of the official python image.
"""

from __future__ import annotations

import fnmatch
import importlib
import importlib.metadata
import importlib.resources
import pprint
import re
import sysconfig
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from recipes.archive import Member, tar_bytes
from recipes.recipe import Recipe
from recipes.toybox import toybox_commands
from recipes.workshop import GUEST, ROOT

ETC = Path(__file__).with_name("python") / "etc"

FOLDERS = {
    0o755: "dev etc home media mnt opt proc run srv sys usr usr/bin usr/lib usr/local "
    "usr/local/bin usr/local/lib usr/local/share usr/sbin usr/share usr/src "
    "var var/cache var/lib var/log var/spool",
    0o700: "root",
    0o1777: "tmp var/tmp run/lock",
}
# Commands of the shell that other systems have as programs. They print what GNU's print, know fewer
# options, and go on as toybox's where one is asked for that they do not know.
TOOLS = (
    "[ basename cat chgrp chmod chown cp dirname echo false head hostname id kill ln mkdir mv"
    " printenv printf pwd rm sleep test touch true wc whoami"
)
LINKS = {
    "bin": "usr/bin",
    "lib": "usr/lib",
    "sbin": "usr/sbin",
    "var/run": "/run",
    "var/lock": "/run/lock",
    "etc/mtab": "/proc/self/mounts",
    "etc/localtime": "/usr/share/zoneinfo/Etc/UTC",
}
# The root certificates, where Debian has them, and where OpenSSL looks (openssl.toml).
AUTHORITIES = "etc/ssl/certs/ca-certificates.crt"
AUTHORITY_LINKS = {
    "usr/lib/ssl/certs": "/etc/ssl/certs",
    "usr/lib/ssl/cert.pem": f"/{AUTHORITIES}",
}
# Ours, beside the standard library.
OWN_MODULES = (
    "_boxer.py",
    "_boxer_calls.py",
    "_boxer_looks.py",
    "_boxer_standing.py",
)
# Types as JSON Schema, which boxes and Boxer itself read and write alike.
SCHEMAS = ROOT / "src" / "boxer" / "schemas"
SHARED_MODULES = (
    "anything.py",
    "choices.py",
    "constraints.py",
    "containers.py",
    "invalid.py",
    "models.py",
    "records.py",
    "scalars.py",
    "signatures.py",
    "types.py",
)


def python_tree(recipe: Recipe, source: Path, built: Path) -> bytes:
    """The tree as a tar archive. source: CPython's; built: the product of cpython.objects."""
    library, table = recipe.library.lstrip("/"), recipe.table
    members = [
        *_skeleton(toybox_commands()),
        _link("usr/local/bin/python", "python3"),
        _link("usr/local/bin/python3", recipe.program),
        *_standard_library(source / "Lib", library, table["stdlib"]["exclude"]),
        _file(f"{library}/{_sysconfig_name(built)}.py", sysconfig_data(source, built).encode()),
        _file(f"{library}/LICENSE.txt", (source / "LICENSE").read_bytes()),
        *(
            _file(f"{library}/{name}", (GUEST / "python" / name).read_bytes())
            for name in OWN_MODULES
        ),
        _file(f"{library}/_boxer_left_out.py", _reasons(table["left_out"]).encode()),
        _folder(f"{library}/lib-dynload"),
        _folder(f"{library}/site-packages"),
        *_files_below(GUEST / "python" / "boxer", f"{library}/site-packages/boxer"),
        *(
            _file(f"{library}/site-packages/boxer/schemas/{name}", (SCHEMAS / name).read_bytes())
            for name in SHARED_MODULES
        ),
        _file(f"usr/local/bin/{recipe.program}", b"#!boxer python\n", 0o755),
        *_zoneinfo(),
        _file(AUTHORITIES, _authorities()),
        *(_link(name, target) for name, target in AUTHORITY_LINKS.items()),
    ]
    return tar_bytes(_with_parents(members))


def linux_tree(more: Mapping[str, bytes] | None = None) -> list[Member]:
    """The tree C programs find: no programs but the shell. more: files, of which those in a `bin`
    are programs."""
    files = sorted((more or {}).items())
    modes = {path: 0o755 if "/bin/" in path else 0o644 for path, _ in files}
    return _with_parents([*_skeleton(), *(_file(path, data, modes[path]) for path, data in files)])


def bundled_components(source: Path) -> list[dict[str, str]]:
    """Third-party code that CPython's own sources carry and we compile."""
    expat = (source / "Modules" / "expat" / "expat.h").read_text()
    numbers = [re.search(rf"XML_{p}_VERSION (\d+)", expat) for p in ("MAJOR", "MINOR", "MICRO")]
    mpdecimal = (source / "Modules" / "_decimal" / "libmpdec" / "mpdecimal.h").read_text()
    decimal = re.search(r'MPD_VERSION "([^"]+)"', mpdecimal)
    return [
        {"name": "expat", "version": ".".join(n[1] for n in numbers if n), "license": "MIT"},
        {"name": "libmpdec", "version": decimal[1] if decimal else "", "license": "BSD-2-Clause"},
        {"name": "hacl-star", "version": "bundled with CPython", "license": "Apache-2.0"},
        {"name": "mimalloc", "version": "bundled with CPython", "license": "MIT"},
        {
            "name": "certifi",
            "version": importlib.metadata.version("certifi"),
            "license": "MPL-2.0",
        },
        {"name": "tzdata", "version": _tzdata_version(), "license": "Apache-2.0"},
        {"name": "compiler-rt", "version": "of ziglang", "license": "MIT"},
    ]


def _skeleton(of_toybox: Sequence[str] = ()) -> Iterator[Member]:
    for mode, names in FOLDERS.items():
        for name in names.split():
            yield _folder(name, mode)
    for name, target in LINKS.items():
        yield _link(name, target)
    for file in sorted(ETC.iterdir()):
        yield _file(f"etc/{file.name}", file.read_bytes())
    programs = dict.fromkeys(("sh", "dash", "ash", "bash"), "sh")
    programs |= dict.fromkeys(of_toybox, "toybox")
    programs |= {name: name for name in ("env", *TOOLS.split())}
    for name, program in programs.items():
        yield _file(f"usr/bin/{name}", f"#!boxer {program}\n".encode(), 0o755)


def _standard_library(lib: Path, library: str, exclude: list[str]) -> Iterator[Member]:
    for file in sorted(lib.rglob("*")):
        relative = file.relative_to(lib)
        parents = [str(relative), *(str(parent) for parent in relative.parents)]
        names = [*parents, *relative.parts[-1:]]
        if any(fnmatch.fnmatch(name, pattern) for name in names for pattern in exclude):
            continue
        if any(part == "__pycache__" for part in relative.parts):
            continue
        if file.is_file():
            own = GUEST / "python" / "appended" / relative
            more = own.read_bytes() if own.is_file() else b""
            yield _file(f"{library}/{relative}", file.read_bytes() + more)


def _files_below(folder: Path, name: str) -> Iterator[Member]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            yield _file(f"{name}/{file.relative_to(folder)}", file.read_bytes())


def _zoneinfo() -> Iterator[Member]:
    root = Path(str(importlib.resources.files("tzdata"))) / "zoneinfo"
    for file in sorted(root.rglob("*")):
        if file.is_file() and file.suffix != ".py" and "__pycache__" not in file.parts:
            yield _file(f"usr/share/zoneinfo/{file.relative_to(root)}", file.read_bytes())


def _tzdata_version() -> str:
    return importlib.metadata.version("tzdata")


def _authorities() -> bytes:
    """Mozilla's root certificates as certifi has them, without its comments."""
    text = (importlib.resources.files("certifi") / "cacert.pem").read_text("ascii")
    pattern = r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n"
    return "".join(re.findall(pattern, text)).encode()


def _sysconfig_name(built: Path) -> str:
    makefile = (built / "build" / "Makefile").read_text()
    multiarch = re.search(r"(?m)^MULTIARCH=[ \t]*(\S*)", makefile)
    return f"_sysconfigdata__linux_{multiarch[1] if multiarch else ''}"


def sysconfig_data(source: Path, built: Path) -> str:
    """What `python -m sysconfig --generate-posix-vars` would write, free of our paths."""
    build = built / "build"
    values: dict[str, Any] = {}
    _makefile_parser()(str(build / "Makefile"), values)
    with (build / "pyconfig.h").open() as header:
        sysconfig.parse_config_h(header, values)
    values["srcdir"] = "."
    # What a build on this interpreter would call; the tools come with Boxer, not with the box.
    values |= {"CC": "cc", "CXX": "c++", "AR": "ar", "RANLIB": "ranlib", "LDSHARED": "cc -shared"}
    values = {
        name: _without_our_paths(value, source, built) if isinstance(value, str) else value
        for name, value in values.items()
    }
    text = pprint.pformat(values, width=120)
    return f"# Settings this interpreter was built with.\nbuild_time_vars = {text}\n"


def _makefile_parser() -> Callable[[str, dict[str, Any]], object]:
    """sysconfig's own, which is in its program in newer Pythons."""
    found = getattr(sysconfig, "_parse_makefile", None)
    found = found or importlib.import_module("sysconfig.__main__")._parse_makefile
    return cast("Callable[[str, dict[str, Any]], object]", found)


def _without_our_paths(text: str, source: Path, built: Path) -> str:
    # A product is made in a draft beside its place, which is named after the process.
    for path in (built, source):
        text = re.sub(rf"{re.escape(str(path))}(?:\.\d+)?", "/usr/src/python", text)
    return text.replace(str(built.parent), "/usr/src")


def _reasons(left_out: dict[str, str]) -> str:
    """A module of what is not in the box, for guest/python/appended/traceback.py."""
    text = pprint.pformat(left_out, width=120)
    return f"# Modules of the standard library that are not there, and why.\nREASONS = {text}\n"


def _with_parents(members: list[Member]) -> list[Member]:
    known = {info.name for info, _ in members}
    complete = list(members)
    for info, _ in members:
        for parent in Path(info.name).parents:
            if str(parent) not in (".", *known):
                known.add(str(parent))
                complete.append(_folder(str(parent)))
    return complete


def _file(name: str, data: bytes, mode: int = 0o644) -> Member:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), mode
    return info, data


def _folder(name: str, mode: int = 0o755) -> Member:
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, mode
    return info, None


def _link(name: str, target: str) -> Member:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
    return info, None

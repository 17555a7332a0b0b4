"""Where finished bases and SDKs lie: folders that are laid out alike.

    bases/NAME-VARIANT/current, bases/NAME-VARIANT/DIGEST/..
    sdk/current, sdk/DIGEST/..

Belongs here: which folders are looked at, in which order. Does not: what is in a base (`folder`) or
an SDK (`sdk`).

Invariant: the current folder and PYTHONPATH are never looked at. What packages bring lies beside
Boxer itself, or where the interpreter has its packages or those of its user.
"""

from __future__ import annotations

import functools
import os
import site
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

from boxer.blobstore import cache_folder, cache_problem

# The folder that wheels of bases and SDKs put their files into (`wheels`).
PACKAGED = "boxer_artifacts"


def bases_roots() -> list[Path]:
    """BOXER_BASES alone, else `bases` of what is installed, then of the cache."""
    named = os.environ.get("BOXER_BASES")
    if named:
        return [Path(named)]
    return [*(root / "bases" for root in installed_artifacts()), bases_folder()]


def unusable_cache(roots: Sequence[Path]) -> str:
    """The end of a sentence that says what is not in these folders: where that may be since the
    cache, in which one of them is, cannot be used."""
    if not any(root.is_relative_to(cache_folder()) for root in roots):
        return ""
    problem = cache_problem()
    return f": {problem}, where a checkout's would be" if problem else ""


def bases_folder() -> Path:
    """Where bases are made: BOXER_BASES, else `bases` in the cache."""
    named = os.environ.get("BOXER_BASES")
    return Path(named) if named else cache_folder() / "bases"


def sdk_roots() -> Iterator[Path]:
    """Where the SDK of C programs may lie."""
    for root in (*installed_artifacts(), cache_folder()):
        yield root / "sdk"


def is_installed(folder: Path) -> bool:
    """Whether a folder came with a package."""
    return any(folder.is_relative_to(root) for root in installed_artifacts())


@functools.cache
def installed_artifacts() -> tuple[Path, ...]:
    """The folders of installed wheels: beside Boxer, or in the interpreter's own place, or where
    `pip install --user` puts them."""
    homes = [Path(__file__).parents[2], Path(sysconfig.get_path("purelib"))]
    if site.ENABLE_USER_SITE:
        homes.append(Path(site.getusersitepackages()))
    return tuple(dict.fromkeys(home / PACKAGED for home in homes if (home / PACKAGED).is_dir()))

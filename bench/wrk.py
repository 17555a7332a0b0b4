"""wrk, which asks a server for pages as fast as it answers: this machine's, or Debian's.

Where it is not installed it is fetched once with its libraries, its libc too, into the user's cache
folder (`recipes.debian`), so that it runs whatever release this machine is.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recipes import debian
from recipes.workshop import cache_root


@dataclass(frozen=True)
class Answered:
    """count: of requests. rate: of them in a second. p99: of their latencies, in milliseconds."""

    count: int
    rate: float
    p99: float


def ask(
    port: int,
    connections: int,
    seconds: float,
    more: Sequence[str] = (),
    *,
    first: Sequence[str] = (),
) -> Answered:
    """Asks this machine's `port` for / by one thread. more: options of wrk's. first: words of a
    command that starts it.

    Raises SystemExit where not all was answered well, and as `words`.
    """
    told = subprocess.run(
        [*first, *words(), "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--latency", *more,
         f"http://127.0.0.1:{port}/"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    count = re.search(r"(\d+) requests in", told)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    late = re.search(r"99%\s+([\d.]+)(us|ms|s|m)\b", told)
    if not (count and rate and late) or "Non-2xx" in told or "Socket errors" in told:
        raise SystemExit(f"wrk says: {told}")
    scale = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}[late[2]]
    return Answered(int(count[1]), float(rate[1]), float(late[1]) * scale)


def words() -> list[str]:
    """The words of a command that starts it. Raises SystemExit where it cannot be had."""
    if found := shutil.which("wrk"):
        return [found]
    root = cache_root() / "wrk"
    if not root.is_dir():
        _fetch(root)
    [loader] = root.glob("usr/lib/*/ld-linux*.so.*")
    return [str(loader), "--library-path", str(loader.parent), str(root / "usr" / "bin" / "wrk")]


def _fetch(root: Path) -> None:
    draft = root.with_name(f"{root.name}.{os.getpid()}")
    store = draft / "packages"
    try:
        store.mkdir(parents=True)
        _, failure = debian.fetch_packages(["wrk"], [], store)
        if failure:
            raise SystemExit(f"wrk is not installed, and cannot be had: {failure}")
        for package in sorted(store.glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", package, draft], check=True)
        shutil.rmtree(store)
        draft.rename(root)
    finally:
        shutil.rmtree(draft, ignore_errors=True)

"""Programs of Debian's packages, unpacked into a folder of the tests' and not installed.

They are fetched with apt, once, and started by a test on loopback; where that cannot be, the test
is skipped and says why.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from boxer.blobstore import cache_folder

PATIENCE = 300


def unpacked(*packages: str) -> Path:
    """The folder of these packages' files. Skips where apt cannot fetch them."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        pytest.skip("apt-get and dpkg-deb are not there")
    folder = cache_folder() / "debian" / "-".join(packages)
    if folder.is_dir():
        return folder
    draft = folder.with_name(f"{folder.name}.{os.getpid()}")
    (draft / "files").mkdir(parents=True)
    try:
        fetch = ["apt-get", "download", *packages]
        done = subprocess.run(fetch, cwd=draft, capture_output=True, timeout=PATIENCE, check=False)
        if done.returncode:
            pytest.skip(f"apt-get cannot fetch {' '.join(packages)}")
        for package in draft.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, draft / "files"], check=True)
        with contextlib.suppress(OSError):  # another test was faster
            (draft / "files").rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def environment(folder: Path) -> Mapping[str, str]:
    libraries = [str(path) for path in (folder / "usr/lib").glob("*-linux-gnu")]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)}


@contextlib.contextmanager
def started(
    words: Sequence[object],
    port: int,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
) -> Iterator[int]:
    """A server, for the body, once its port answers. Skips where it cannot be started."""
    with subprocess.Popen(
        [str(word) for word in words], env=env, user=user,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            end = time.monotonic() + PATIENCE
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > end:
                    pytest.skip(f"{words[0]} cannot be started here")
                time.sleep(0.02)
            yield port
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
        return True
    return False

"""The kernel's file system beside the host's tmpfs: random calls, the same results and errors.

`make compare` makes a million calls. The program becomes root of a folder on the tmpfs (chroot) and
acts as several users, so it needs root; what it compares, and what not, stands in `compare_*.c`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.native.compiling import COMPILER, HERE, compile_object, link, run

TMPFS = Path("/dev/shm")
CALLS = int(os.environ.get("BOXER_COMPARE_CALLS", "120000"))
SEEDS = (1, 2, 3)
# root: nobody else acts. plain: no folder is sticky.
MODES = ("everybody", "root")

pytestmark = [
    pytest.mark.skipif(COMPILER is None, reason="gcc is not installed"),
    pytest.mark.skipif(os.geteuid() != 0, reason="changing the root and users needs root"),
    pytest.mark.skipif(not os.access(TMPFS, os.W_OK), reason="there is no tmpfs at /dev/shm"),
]


@pytest.fixture(scope="module")
def program(kernel_objects: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("compare")
    own = [compile_object(source, into) for source in sorted(HERE.glob("compare_*.c"))]
    return link([*own, *kernel_objects], into / "compare_tmpfs")


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=TMPFS) as made:
        yield Path(made)


def _protects(what: str) -> bool:
    switch = Path("/proc/sys/fs") / f"protected_{what}"
    return not switch.exists() or switch.read_text().strip() != "0"


def _host_differs() -> list[str]:
    """What is left out for this host: the kernel has protected_hardlinks and no other of these."""
    words = ["plain"] if any(map(_protects, ("symlinks", "fifos", "regular"))) else []
    return [*words, *([] if _protects("hardlinks") else ["root"])]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", SEEDS)
def test_calls_answer_as_on_the_hosts_tmpfs(
    program: Path, folder: Path, seed: int, mode: str
) -> None:
    calls = str(CALLS // (len(SEEDS) * len(MODES)))
    run([str(program), str(seed), calls, str(folder), mode, *_host_differs()], folder, 900)

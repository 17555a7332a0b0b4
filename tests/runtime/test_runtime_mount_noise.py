"""Calls at random over a mounted folder: nothing of the host is reached, and nothing ends it."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from boxer.runtime import Limits, Mount, run
from boxer.runtime.abi import SIGNATURES
from tests.runtime.conftest import make_box

NAMES = sorted(name for name in SIGNATURES if name.startswith(("fd_", "path_")))
# From 64 on, 32 bytes each: what paths are made of.
PARTS = ["file", "sub/link", "../secret", "sub/../../secret", "/etc/passwd", ".", "..", "new"]
PATHS = b"".join(part.encode().ljust(32, b"/") for part in PARTS)
ADDRESSES = [64 + 32 * place for place in range(len(PARTS))]
SMALL = [0, 1, 2, 3, 4, 8, 9, 11, 16, 64, 1024, *ADDRESSES]
LARGE = [-1, -5, 1 << 14, 1 << 15, (2 << 16) - 4, 2 << 16, 1 << 30, -(1 << 31)]
LARGEST = [(1 << 63) - 1, -(1 << 63), 0x2FF_FFFF]


def constant(noise: random.Random, kind: str, place: int) -> str:
    if place == 0 and noise.random() < 0.9:
        return f"(i32.const {noise.choice([3, 3, 3, 4, 5, 6])})"
    values = SMALL if noise.random() < 0.98 else LARGE if kind == "i" else LARGE + LARGEST
    return f"(i{64 if kind == 'I' else 32}.const {noise.choice(values)})"


def calls(noise: random.Random) -> str:
    lines = []
    for _ in range(40):
        name = noise.choice(NAMES)
        kinds = enumerate(SIGNATURES[name])
        arguments = " ".join(constant(noise, kind, place) for place, kind in kinds)
        lines.append(f"(drop (call ${name} {arguments}))")
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(12))
def test_calls_at_random_stay_inside(tmp_path: Path, seed: int) -> None:
    inside, secret = tmp_path / "inside", tmp_path / "secret"
    (inside / "sub").mkdir(parents=True)
    (inside / "file").write_bytes(b"x" * 100)
    (inside / "sub" / "link").symlink_to("../../secret")
    secret.write_text("SECRET")
    before = secret.stat()
    box = make_box(calls(random.Random(seed)), *NAMES, image=PATHS)
    run(box, mounts=[Mount(inside, "/data")], limits=Limits(time=10))
    after = secret.stat()
    assert secret.read_text() == "SECRET"
    assert (after.st_mode, after.st_nlink, after.st_mtime_ns) == (
        before.st_mode, before.st_nlink, before.st_mtime_ns,
    )  # fmt: skip
    assert sorted(os.listdir(tmp_path)) == ["inside", "secret"]  # noqa: PTH208

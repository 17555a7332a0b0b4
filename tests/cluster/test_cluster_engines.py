"""Functions on clusters of this machine: Ray with two nodes, Ray Serve, Dask with two processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from boxer.blobstore import cache_folder
from boxer.functions import build_function, project_of
from tests.ports import free_port

HERE = Path(__file__).resolve().parent
PACKAGES = ("ray[serve]==2.60.0", "distributed==2026.8.0")
SECONDS = 1200
pytestmark = [pytest.mark.base, pytest.mark.network]


@pytest.fixture(scope="module")
def packages() -> Path:
    """Where the engines are, apart from what the tests themselves are run with."""
    folder = cache_folder().parent / "boxer-tests" / "cluster-2.60.0"
    if not (folder / "ray").is_dir():
        command = [
            str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet", "--python",
            sys.executable, "--target", str(folder), *PACKAGES,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        if done.returncode != 0:
            pytest.skip(f"ray and dask cannot be installed here: {done.stderr[-300:]}")
    return folder


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "app.py").write_text("def double(number: int) -> int:\n    return number * 2\n")
    path = folder / "double.wasm"
    path.write_bytes(build_function(project_of(f"{folder}/app:double")).data)
    return path


def run(packages: Path, *words: str) -> None:
    env = {
        **os.environ,
        "PYTHONPATH": str(packages),
        "RAY_USAGE_STATS_ENABLED": "0",
        # A machine that does much else at once.
        "RAY_raylet_start_wait_time_s": "600",
        "RAY_agent_register_timeout_ms": "600000",
        "RAY_prestart_worker_first_driver": "0",
    }
    with Path(os.devnull).open("rb") as nothing:
        done = subprocess.run(
            [sys.executable, *words], env=env, stdin=nothing, capture_output=True, text=True,
            timeout=SECONDS,
        )  # fmt: skip
    assert done.stdout.endswith("done\n"), done.stderr[-3000:]


@pytest.mark.parametrize("case", ["results", "lost", "served"])
def test_ray(case: str, packages: Path, box: Path) -> None:
    run(packages, str(HERE / "program.py"), case, str(box), str(free_port()))


def test_dask(packages: Path, box: Path) -> None:
    run(packages, str(HERE / "dasked.py"), str(box))

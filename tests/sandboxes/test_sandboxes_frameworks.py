"""smolagents, LangChain and the OpenAI Agents SDK, each as pip installs it, with machines."""

from __future__ import annotations

import os
import site
import subprocess
import sys
from pathlib import Path

import pytest

from boxer.blobstore import cache_folder

pytestmark = pytest.mark.base

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "langchain": "langchain-core==1.8.3",
    "smolagents": "smolagents==1.26.0",
    "openai": "openai-agents==0.24.0",
}


def environment(name: str) -> Path:
    """An environment with a framework in it, made once; skips where pip cannot have it."""
    folder = cache_folder() / "frameworks" / PACKAGES[name].replace("==", "-")
    mark = folder / "whole"
    if mark.exists():
        return folder
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=300)
    installed = subprocess.run(
        [str(folder / "bin/python"), "-m", "pip", "install", "-q", PACKAGES[name]],
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    if installed.returncode:
        pytest.skip(f"pip cannot install {PACKAGES[name]}: {installed.stderr[-300:]}")
    mark.touch()
    return folder


@pytest.mark.parametrize("name", PACKAGES)
def test_a_framework_works_in_a_machine(sandbox_box: Path, name: str) -> None:
    folder = environment(name)
    ours = [str(ROOT / "src"), *site.getsitepackages()]
    theirs = next(folder.glob("lib/python*/site-packages"))
    done = subprocess.run(
        [str(folder / "bin/python"), str(ROOT / "tests/sandboxes/frameworks.py"), str(sandbox_box),
         name],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(theirs), *ours])},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.stdout.endswith("done\n"), done.stderr[-2000:]

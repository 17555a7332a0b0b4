"""What a box asks of its host: the golden list."""

from __future__ import annotations

from pathlib import Path

import pytest

from boxer.images import load, resolve
from boxer.wasmformat import Module, imports

GOLDEN = Path(__file__).parent / "expected" / "imports.txt"


@pytest.mark.base
def test_base_imports_the_golden_list_of_preview_1_only() -> None:
    module = Module.parse(load(resolve("python:3.13")).module)
    found = sorted(f"{entry.module}.{entry.name}" for entry in imports(module))
    assert found == GOLDEN.read_text().split()
    assert all(name.startswith("wasi_snapshot_preview1.") for name in found)

"""The kernel compiled natively once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.native.compiling import GUEST, HERE, SUPPORT, compile_object


@pytest.fixture(scope="session")
def kernel_objects(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    into = tmp_path_factory.mktemp("kernel")
    sources = sorted((GUEST / "kernel").glob("*.c")) + [HERE / f"{name}.c" for name in SUPPORT]
    return [compile_object(source, into) for source in sources]

"""The kernel compiled natively once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.native.compiling import HERE, SUPPORT, compile_object, kernel_sources


@pytest.fixture(scope="session")
def kernel_objects(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    into = tmp_path_factory.mktemp("kernel")
    sources = kernel_sources() + [HERE / f"{name}.c" for name in SUPPORT]
    return [compile_object(source, into) for source in sources]

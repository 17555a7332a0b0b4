"""What tests of several rooms are given."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from boxer.blobstore import cache_folder

# What tests of instructions, userland and packages share.
pytest_plugins = ["tests.stages"]

# 500 MB of Debian's packages: who wants the tests that take them says `make rust`.
os.environ["BOXER_MAKE_RUST"] = "0"

# A shell starts what it puts in the background with SIGINT and SIGQUIT ignored, and processes hand
# that on: tests of ctrl-c would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)

# No test depends on time: how long an example takes on a busy machine says nothing of it.
settings.register_profile("boxer", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("boxer")


@pytest.fixture(scope="session")
def cache_of_tests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder with nothing in it but the native parts."""
    native = cache_folder() / "native"
    cache = tmp_path_factory.mktemp("cache")
    (cache / "boxer").mkdir(mode=0o700)
    if native.exists():
        (cache / "boxer" / "native").symlink_to(native)
    return cache

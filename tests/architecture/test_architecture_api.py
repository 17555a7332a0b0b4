"""The names people import from `boxer`."""

from __future__ import annotations

import subprocess
import sys

import boxer


def test_every_name_is_there() -> None:
    assert all(getattr(boxer, name) is not None for name in boxer.__all__)
    assert set(boxer.__all__) <= set(dir(boxer))


def test_build_is_the_function_whatever_was_imported() -> None:
    program = "import boxer.pipeline; import boxer.library; import boxer; boxer.build.__call__"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_import_of_the_package_loads_no_room() -> None:
    program = "import boxer, sys; print(*[n for n in sys.modules if n.startswith('boxer.')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.split() == []

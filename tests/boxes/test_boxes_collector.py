"""Collections at any moment of a run, over what the image has frozen: nothing breaks.

What breaks is C (`cases/garbage-of-every-kind`), and whether it is called at all hangs on when
collections ran: on how many allocations they are apart, and on what has been frozen before.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]

# How many allocations lie between two collections; 2,000 is Python's own.
THRESHOLDS = (1, 2, 3, 5, 7, 11, 31, 101, 307, 701, 2000)
STANDARD = [
    *("asyncio", "ctypes", "decimal", "email.message", "http.server", "inspect", "json"),
    *("logging.config", "pickle", "sqlite3", "statistics", "tarfile", "typing", "unittest.mock"),
    *("urllib.request", "xml.etree.ElementTree", "xml.sax", "zipfile"),
]
PACKAGE = "sqlalchemy"
# The end of the run clears what it has imported, and collects once more.
IMPORTING = """
import gc, importlib, sys
gc.set_threshold(int(sys.argv[1]))
before = set(sys.modules)
for name in sys.argv[2:]:
    importlib.import_module(name)
assert not before.issuperset(sys.argv[2:]), "they were frozen: nothing was imported"
print("imported")
"""


def imported(boxer: Boxer, box: Path, threshold: int, names: list[str]) -> tuple[int, str, str]:
    done = boxer("run", box, "python", "-c", IMPORTING, str(threshold), *names)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("threshold", THRESHOLDS[::3])
def test_collections_while_the_standard_library_is_imported(
    boxer: Boxer, example: Example, threshold: int
) -> None:
    assert imported(boxer, example("hello"), threshold, STANDARD) == (0, "imported\n", "")


@pytest.fixture(scope="module")
def installed(boxer: Boxer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A box whose start does not need the package, so that it is not frozen with it."""
    folder = tmp_path_factory.mktemp("installed")
    (folder / "Dockerfile").write_text(
        "FROM python:3.13-slim\n"
        f"RUN pip install {PACKAGE}==2.1.9\n"
        'CMD ["python", "-c", "print(1)"]\n'
    )
    built = boxer("build", "-o", folder / "box.wasm", folder)
    assert built.returncode == 0, built.stderr
    return folder / "box.wasm"


@pytest.mark.network
@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_collections_while_a_large_package_is_imported(
    boxer: Boxer, installed: Path, threshold: int
) -> None:
    assert imported(boxer, installed, threshold, [PACKAGE]) == (0, "imported\n", "")

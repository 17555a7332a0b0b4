"""The two sides of a package's own tests: a box, and a native Python of the same version.

Belongs here: sources, environments, boxes, running. Does not: what outcomes mean.

Source archives come from the package index through pip, at test time, and are compared with their
pinned sha256; those whose tests the index has not from Debian's, through apt-get.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from recipes.sources import read_source, unpacked
from recipes.workshop import cache_root, digest_of, product
from tests.conformance.comparing import native_python
from tests.conformance.outcomes import Outcome
from tests.conformance.watching import Patience, tests_of
from tests.pythons import PYTHON

HERE = Path(__file__).parent
INSIDE = HERE / "inside.py"
BOXER = (sys.executable, "-m", "boxer")
# The folder of the tests in a box.
PLACE = "/suite"
DOCKERFILE = """\
FROM python
RUN pip install {install} && python -m compileall -q {packages}
COPY suite {place}
COPY programs /usr/local/bin
WORKDIR {place}
ENV HOME=/tmp PYTHONDONTWRITEBYTECODE=1 {path}
CMD ["python"]
"""
LIMITS = ("time=1800", "cpu=1800", "memory=3GiB", "output=200MB", "storage=1GiB")


@dataclass(frozen=True)
class Suite:
    """A row of compared.toml."""

    name: str
    version: str
    archive: str
    sha256: str
    install: tuple[str, ...]
    files: tuple[str, ...]
    arguments: tuple[str, ...]
    debian: str = ""
    absent: bool = False

    def digest(self) -> str:
        """Of all that the outcome depends on but the sides."""
        return digest_of([json.dumps(asdict(self)), INSIDE, HERE / "absent", HERE / "programs"])

    def settings(self, behind: str) -> str:
        return json.dumps({"arguments": self.arguments, "options": {}, "behind": behind})


def load_suites() -> dict[str, Suite]:
    table = tomllib.loads((HERE / "compared.toml").read_text("utf-8"))
    return {name: _suite(name, row) for name, row in table.items()}


def _suite(name: str, row: dict[str, Any]) -> Suite:
    lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
    return Suite(**{**row, **lists, "name": name})


def run_natively(suite: Suite, patience: Patience) -> Outcome:
    """In a virtual environment of its own, made once. Ends the program where no Python is kept."""
    if not native_python():
        sys.exit(
            "There is no native Python of the box's version to compare with: build one from the"
            " recipe's source (--prefix below the cache's native/python-VERSION-plain)."
        )

    def make(folder: Path) -> None:
        subprocess.run([native_python(), "-m", "venv", "--copies", str(folder)], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "-q", *suite.install], check=True)

    digest = digest_of([native_python(), *suite.install])
    home = product(f"suite-{suite.name}", digest, make)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay_out(suite, folder / "suite")
        environment = {"HOME": name, "TMPDIR": name, "PYTHONDONTWRITEBYTECODE": "1"}
        environment["PATH"] = f"{home / 'bin'}:/usr/local/bin:/usr/bin:/bin"
        if suite.absent:
            environment["PYTHONPATH"] = str(folder / "suite" / "absent")
        line = [str(home / "bin" / "python"), str(folder / "suite" / INSIDE.name)]
        command = lambda behind: [*line, suite.settings(behind)]  # noqa: E731
        outcome = tests_of(suite.name, command, patience, folder / "suite", environment, False)
        return _placed(outcome, str(folder / "suite"))


def _placed(outcome: Outcome, folder: str) -> Outcome:
    """Names of tests may hold the folder that they ran in: as in a box."""

    def named(told: dict[str, str]) -> dict[str, str]:
        return {name.replace(folder, PLACE): detail for name, detail in told.items()}

    outcome.passed = {name.replace(folder, PLACE) for name in outcome.passed}
    outcome.failed, outcome.hung = named(outcome.failed), named(outcome.hung)
    outcome.skipped = named(outcome.skipped)
    return outcome


def run_in_box(suite: Suite, patience: Patience) -> Outcome:
    """In a box with the same packages."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        context = folder / "context"
        lay_out(suite, context / "suite")
        shutil.copytree(HERE / "programs", context / "programs")
        path = f"PYTHONPATH={PLACE}/absent" if suite.absent else ""
        text = DOCKERFILE.format(
            install=shlex.join(suite.install),
            packages=f"{PYTHON.stdlib}/site-packages",  # as pip does outside
            place=PLACE,
            path=path,
        )
        (folder / "Dockerfile").write_text(text)
        box = folder / "suite.wasm"
        build = [*BOXER, "build", "-q", "-o", str(box), "-f", str(folder / "Dockerfile")]
        subprocess.run([*build, str(context)], stdout=subprocess.DEVNULL, check=True)
        limits = [word for limit in LIMITS for word in ("--limit", limit)]
        line = [*BOXER, "run", *limits, str(box), "python", f"{PLACE}/{INSIDE.name}"]
        command = lambda behind: [*line, suite.settings(behind)]  # noqa: E731
        return tests_of(suite.name, command, patience, folder, {}, False)


def lay_out(suite: Suite, folder: Path) -> None:
    """What lies in the folder that the tests run in."""
    folder.mkdir(parents=True)
    source = source_of(suite)
    for name in suite.files:
        if (source / name).is_dir():
            shutil.copytree(source / name, folder / name, symlinks=True)
        else:
            shutil.copy(source / name, folder / name)
    shutil.copy(INSIDE, folder)
    if suite.absent:
        shutil.copytree(HERE / "absent", folder / "absent")


@cache
def source_of(suite: Suite) -> Path:
    """Its source tree."""
    if suite.debian:
        archive = {
            "file": suite.archive, "sha256": suite.sha256, "debian": suite.debian,
            "debian_file": suite.archive,
        }  # fmt: skip
        entry = {
            "name": f"suite-{suite.name}", "version": suite.version, "license": "",
            "strip": f"{suite.name}-{suite.version}", "archives": [archive],
        }  # fmt: skip
        return unpacked(read_source(entry))

    def make(folder: Path) -> None:
        with tarfile.open(_fetched(suite)) as archive:
            archive.extractall(folder, filter="data")

    folder = product(f"suitesource-{suite.name}", digest_of([suite.sha256]), make)
    return next(path for path in folder.iterdir() if path.is_dir())


def _fetched(suite: Suite) -> Path:
    """The source archive from the package index; pip compares its sha256."""
    store = cache_root() / "suites"
    store.mkdir(parents=True, exist_ok=True)
    if not (store / suite.archive).exists():
        with tempfile.TemporaryDirectory(dir=store) as folder:
            asked = Path(folder) / "requirements.txt"
            asked.write_text(f"{suite.name}=={suite.version} --hash=sha256:{suite.sha256}\n")
            line = [
                sys.executable,
                "-m",
                "pip",
                "download",
                "-q",
                "--no-deps",
                f"--no-binary={suite.name}",
            ]
            line += ["--require-hashes", "-d", folder, "-r", str(asked)]
            subprocess.run(line, check=True)
            (Path(folder) / suite.archive).rename(store / suite.archive)
    return store / suite.archive

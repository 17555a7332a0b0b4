"""`python -m tests.suites [PACKAGE|MODULE ...]`: packages' own tests in a box (packages.toml).

numpy's take about three minutes, those of pandas half an hour. A table by module; then what is not
as expected (expected_failures.toml). Exit status 1 if there is any.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boxer
from tests.conformance.outcomes import Outcome, read_outcome, surprises

HERE = Path(__file__).parent
DOCKERFILE = """\
FROM python
RUN pip install {install}
WORKDIR /tmp
COPY inside.py list.py /
CMD ["python", "/list.py"]
"""
# The modules of tests that a package brings along.
LIST = """\
import pathlib, {name}
root = pathlib.Path({name}.__file__).parent
for path in sorted({{path for pattern in {modules} for path in root.glob(pattern)}}):
    print(".".join(path.relative_to(root.parent).with_suffix("").parts))
"""
LIMITS = boxer.Limits(time=600, cpu=600, memory="3GiB", output="200MB", storage="1GiB")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.suites", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="PACKAGE|MODULE")
    options = parser.parse_args()
    expected: dict[str, dict[str, str]] = tomllib.loads(
        (HERE / "expected_failures.toml").read_text("utf-8")
    )
    packages: dict[str, dict[str, list[str]]] = tomllib.loads(
        (HERE / "packages.toml").read_text("utf-8")
    )
    wanted = options.names or list(packages)
    found: list[str] = []
    for package, settings in packages.items():
        named = [name for name in wanted if name.partition(".")[0] == package]
        if named:
            found += tested(package, settings, [n for n in named if n != package], expected)
    print("\n".join(found) or "all as expected")
    return bool(found)


def tested(
    package: str,
    settings: dict[str, list[str]],
    named: list[str],
    expected: dict[str, dict[str, str]],
) -> list[str]:
    """Runs the named modules of a package, or all; what is not as expected."""
    box = built(package, settings)
    modules = named or box.run(["python", "/list.py"]).stdout.decode().split()
    outcomes: list[Outcome] = []
    found: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        for outcome in pool.map(lambda module: run(box, module, settings["options"]), modules):
            outcomes.append(outcome)
            counts = f"{len(outcome.passed):6} {len(outcome.failed):5} {len(outcome.skipped):5}"
            print(f"{outcome.module:<60}{counts} {outcome.seconds:6.1f} s", flush=True)
            # Packages skip what they find not to be there.
            found += surprises(outcome, expected.get(outcome.module, {}), skips=["*"])
    parts = ("passed", "failed", "skipped")
    totals = [f"{sum(len(getattr(o, part)) for o in outcomes)} {part}" for part in parts]
    print(f"{package}: {len(outcomes)} modules: {', '.join(totals)}")
    return found


def built(package: str, settings: dict[str, list[str]]) -> boxer.Box:
    """The box with a package and its tests."""
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        install = shlex.join(settings["install"])
        (context / "Dockerfile").write_text(DOCKERFILE.format(install=install))
        (context / "list.py").write_text(LIST.format(name=package, modules=settings["modules"]))
        (context / "inside.py").write_bytes((HERE / "inside.py").read_bytes())
        return boxer.build(context)


def run(box: boxer.Box, module: str, options: list[str]) -> Outcome:
    """Runs one module in a machine of its own."""
    began = time.monotonic()
    read = {name: json.loads(value) for name, _, value in (o.partition("=") for o in options)}
    settings = {"arguments": ["--pyargs", module], "options": read, "behind": ""}
    result = box.run(["python", "/inside.py", json.dumps(settings)], limits=LIMITS)
    lines = result.stdout.decode("ascii", "replace").split("\n")
    ending = result.limit or result.crash or f"status {result.exit_code}"
    outcome = read_outcome(module, lines, str(ending))
    outcome.seconds = time.monotonic() - began
    return outcome


if __name__ == "__main__":
    sys.exit(main())

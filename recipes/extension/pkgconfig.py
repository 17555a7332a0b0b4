"""The pkg-config that a Python package's build sees: it knows the SDK's libraries, and no others.

Belongs here: its command line, as far as configure scripts, Meson, CMake and setup.py files ask.
A program of its own, as `driver.py`; what there is stands in sdk.json.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

SDK = Path(__file__).resolve().parent
# `NAME` or `NAME >= VERSION`, several of them.
WANTED = re.compile(r"([\w.+-]*[A-Za-z][\w.+-]*)(?:\s*(>=|<=|=|<|>)\s*([\w.]+))?")


def main(arguments: list[str]) -> int:
    if "--version" in arguments:
        print("1.8.1")
        return 0
    packages: dict[str, dict[str, Any]] = json.loads((SDK / "sdk.json").read_text())["packages"]
    asked = " ".join(word for word in arguments if not word.startswith("-"))
    answer: list[str] = []
    for name, relation, version in WANTED.findall(asked):
        package = packages.get(name)
        if package is None or not fits(package["version"], relation, version):
            print(f"Package '{name}' is not in a box's SDK", file=sys.stderr)
            return 1
        answer += told(package, arguments)
    if answer:
        print(*answer)
    return 0


def told(package: dict[str, Any], arguments: list[str]) -> list[str]:
    """What is asked of one package."""
    include = SDK / "include" / package["include"]
    folder = SDK / "lib" / "libraries"
    flags, places = [f"-I{include}"], [f"-L{folder}"]
    libs = [f"-l{name}" for name in package["libs"]]
    variables = {"prefix": SDK, "includedir": include, "libdir": folder}
    answers = {
        "--modversion": [package["version"]],
        "--cflags": flags,
        "--cflags-only-I": flags,
        "--libs": [*places, *libs],
        "--libs-only-L": places,
        "--libs-only-l": libs,
        **{f"--variable={name}": [str(path)] for name, path in variables.items()},
    }
    return [word for argument in arguments for word in answers.get(argument, [])]


def fits(version: str, relation: str, wanted: str) -> bool:
    have, want = ([int(n) for n in re.findall(r"\d+", text)] for text in (version, wanted))
    orders = {">=": have >= want, "<=": have <= want, ">": have > want, "<": have < want}
    return orders.get(relation, not relation or have == want)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The wheels that an SDK brings along: the packages in Rust that are compiled for boxes.

Belongs here: which, and building them where Boxer is packed. Does not: how they lie in an SDK
(`native.brought`).
"""

from __future__ import annotations

from pathlib import Path

from packaging.utils import parse_wheel_filename

from boxer.listener import Listener
from boxer.packages.boxwheel import build_wheel
from boxer.packages.catalogue.known import rust_packages
from boxer.packages.native.brought import BroughtWheel, write_brought
from boxer.packages.prefix import normalize


def bring_wheels(folder: Path, base: str, listener: Listener | None = None) -> list[str]:
    """Fills an empty folder with them, the newest version of each that works; their file names.

    base: as `build_wheel`, which says what is raised; the Rust compiler is made where it is not
    there.
    """
    wheels = []
    for name, versions in rust_packages().items():
        made = build_wheel(f"{name}{versions}", base=base, listener=listener)
        version = str(parse_wheel_filename(made.filename)[1])
        one = BroughtWheel(normalize(name), version, made.source, folder / made.filename)
        wheels.append((one, made.data))
    write_brought(folder, wheels)
    return [wheel.path.name for wheel, _ in wheels]

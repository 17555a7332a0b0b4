"""A frozen program that has mapped files: its children go on from the freeze, mappings and all."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]

MAPPED = """
import mmap
made = [bytearray(n) for n in range(5000)]
with open("/usr/local/lib/python3.13/site-packages/mapped.txt", "r+b") as file:
    held = mmap.mmap(file.fileno(), 0)
"""
MAIN = """
import os, subprocess, sys, time
import mapped
def told():
    time.tzset()
    return id(mapped.made[-1]), bytes(mapped.held[:6]), time.tzname[0], time.localtime(0).tm_hour
if len(sys.argv) > 1:
    print(*told())
    mapped.held[:6] = b"child" + sys.argv[1].encode()
    sys.exit()
first = told()
mapped.held[:6] = b"parent"
for n in "12":
    done = subprocess.run([sys.executable, "/main.py", n], stdout=subprocess.PIPE, text=True)
    made, text, name, hour = done.stdout.split()
    print(int(made) == first[0], text, name, hour, bytes(mapped.held[:6]))
    mapped.held.flush()
with open("/usr/local/lib/python3.13/site-packages/mapped.txt", "rb") as file:
    print(file.read(6))
mapped.held.close()
time.tzset()
junk = [bytearray(50000) for _ in range(50)]
done = subprocess.run([sys.executable, "/main.py", "3"], stdout=subprocess.PIPE, text=True)
print(done.stdout.partition(" ")[2])
"""
# A time zone as tzfile(5) has it, version 2: one type, an hour east of Greenwich, called ABC.
BLOCK = (
    b"TZif2" + bytes(15) + b"".join(n.to_bytes(4, "big") for n in (1, 1, 0, 0, 1, 4))
    + (3600).to_bytes(4, "big") + b"\0\0" + b"ABC\0" + b"\0\0"
)  # fmt: skip
ZONE = BLOCK + BLOCK + b"\nABC-1\n"


def test_a_child_goes_on_from_the_freeze_with_its_mappings(boxer: Boxer, tmp_path: Path) -> None:
    (tmp_path / "mapped.py").write_text(MAPPED)
    (tmp_path / "main.py").write_text(MAIN)
    (tmp_path / "mapped.txt").write_text("frozen and more than that\n")
    (tmp_path / "zone").write_bytes(ZONE)
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.13\nCOPY mapped.py mapped.txt /usr/local/lib/python3.13/site-packages/\n"
        'ENV TZ=:/zone\nCOPY main.py zone /\nCMD ["python", "/main.py"]\n'
    )
    built = boxer("build", "-q", "-o", tmp_path / "box.wasm", tmp_path)
    assert built.returncode == 0, built.stderr
    done = boxer("run", tmp_path / "box.wasm")
    assert done.stdout.splitlines() == [
        "True b'parent' ABC 1 b'child1'",
        "True b'child1' ABC 1 b'child2'",
        "b'child2'",
        "b'child2' ABC 1",
        "",
    ], done.stderr

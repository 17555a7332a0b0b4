"""Bad input is refused with what happened, where, and what to do; nothing half-made is left."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]

# Dockerfile, reference of the error, line, words of the message or hint.
BUILDS = [
    ("FROM python:3.13\nCOYP a b\n", "dockerfile-syntax", 2, "Did you mean `COPY`?"),
    ("FROM python:3.13\nCOPY nothing /x\n", "copy-source", 2, "nothing"),
    ("FROM python:3.13\nCOPY ../secret /x\n", "context-escape", 2, "../secret"),
    ("FROM python:3.13\nCOPY out /x\n", "context-escape", 2, "out"),
    ('FROM python:3.13\nCMD ["a", 1]\n', "dockerfile-syntax", 2, "JSON"),
    ("FROM windows\n", "unknown-base", 1, "windows"),
    ("FROM python:3.13\nRUN apt-get install -y nginx\n", "unsupported-command", 2, "nginx"),
    ("FROM python:3.13\nRUN false\n", "run-failed", 2, "status 1"),
    ("FROM scratch\n", "unsupported-module", None, "no program"),
]


@pytest.mark.parametrize(("text", "reference", "line", "words"), BUILDS)
def test_build_of_bad_input(
    boxer: Boxer, tmp_path: Path, text: str, reference: str, line: int | None, words: str
) -> None:
    (tmp_path / "Dockerfile").write_text(text)
    (tmp_path / "out").symlink_to("/etc")
    out = tmp_path / "x.wasm"
    done = boxer("build", "-q", "-o", out, tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error[{reference}]: "), done.stderr
    assert words in done.stderr
    assert line is None or f"Dockerfile:{line}\n" in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()


@pytest.mark.network
def test_package_that_does_not_exist_stops_the_build(boxer: Boxer, tmp_path: Path) -> None:
    name = "boxer-no-such-package-at-all"
    (tmp_path / "Dockerfile").write_text(f"FROM python:3.13\nRUN pip install {name}\n")
    done = boxer("build", "-q", "-o", tmp_path / "x.wasm", tmp_path)
    assert done.returncode == 1
    assert name in done.stderr
    assert "Dockerfile:2\n" in done.stderr


def test_missing_dockerfile(boxer: Boxer, tmp_path: Path) -> None:
    done = boxer("build", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error[dockerfile-missing]: ")


@pytest.mark.parametrize("name", ["Dockerfile", ".dockerignore"])
def test_file_that_is_not_utf8_is_refused_by_its_line(
    boxer: Boxer, tmp_path: Path, name: str
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python:3.13\n")
    (tmp_path / name).write_bytes(b"FROM python:3.13\nENV A=\xff\n")
    done = boxer("build", "-q", "-o", tmp_path / "x.wasm", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error[dockerfile-syntax]: ")
    assert f"{name}:2\n" in done.stderr
    assert "0xff" in done.stderr


@pytest.mark.parametrize(
    ("place", "words"),
    [("none/x.wasm", "mkdir -p"), (".", "box.wasm"), ("Dockerfile/x.wasm", "must be a folder")],
)
def test_output_that_cannot_be_written_tells_what_to_do(
    boxer: Boxer, tmp_path: Path, place: str, words: str
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python:3.13\n")
    done = boxer("build", "-q", "-o", tmp_path / place, tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error[cannot-write]: ")
    assert words in done.stderr


@pytest.mark.parametrize(
    ("options", "reference"),
    [
        (["-u", "app"], "unknown-account"),
        (["-u", "-5"], "unknown-account"),
        (["-u", "99999999999"], "unknown-account"),
        (["-u", "0:"], "unknown-account"),
        (["-e", "=x"], "bad-variable"),
        (["-v", ".:/x:sideways"], "bad-mount"),
    ],
)
def test_options_of_a_run_that_mean_nothing(
    boxer: Boxer, example: Example, options: list[str], reference: str
) -> None:
    done = boxer("run", *options, example("hello"))
    assert (done.returncode, done.stdout) == (125, "")
    assert done.stderr.startswith(f"error[{reference}]: ")
    assert "\nhint: " in done.stderr


@pytest.mark.parametrize(
    ("box", "words"),
    [(".", "is a folder"), ("/dev/null", "no regular file"), ("a" * 5000, "too long")],
)
def test_what_is_no_file_is_no_box(boxer: Boxer, box: str, words: str) -> None:
    done = boxer("run", box)
    assert done.returncode == 125
    assert done.stderr.startswith("error[box-missing]: ")
    assert words in done.stderr


@pytest.mark.parametrize("command", [["images"], ["--version"]])
def test_standard_output_that_is_full_is_no_bug(command: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "boxer.cli", *command],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("error[cannot-write]: Standard output ")


@pytest.mark.parametrize("cut", [0, 4, 8, 100, 70_000, -1])
def test_truncated_box_is_refused(boxer: Boxer, example: Example, tmp_path: Path, cut: int) -> None:
    broken = tmp_path / "broken.wasm"
    broken.write_bytes(example("hello").read_bytes()[:cut])
    done = boxer("run", broken)
    assert (done.returncode, done.stdout) == (125, "")
    assert re.match(r"error\[(not-a-box|damaged-box|not-wasm|damaged-wasm)\]: ", done.stderr)


def test_foreign_module_is_refused(boxer: Boxer, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.wasm"
    foreign.write_bytes(b"\0asm\1\0\0\0")
    done = boxer("run", foreign)
    assert done.returncode == 125
    assert done.stderr.startswith("error[not-a-box]: ")


def test_damaged_base_is_found_out(
    boxer: Boxer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from boxer.images import bases_folder

    home = next(bases_folder().glob("python-*"))
    digest = (home / "current").read_text().strip()
    copy = tmp_path / "bases" / home.name / digest
    copy.mkdir(parents=True)
    (copy.parent / "current").write_text(digest)
    for name in ("base.json", "module.wasm", "tree.tar"):
        (copy / name).write_bytes((home / digest / name).read_bytes())
    with (copy / "module.wasm").open("r+b") as module:
        module.seek(5000)
        module.write(b"\xff\xff\xff\xff")
    monkeypatch.setenv("BOXER_BASES", str(tmp_path / "bases"))
    (tmp_path / "Dockerfile").write_text("FROM python:3.13\n")
    done = boxer("build", "-q", "-o", tmp_path / "x.wasm", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error[base-damaged]: ")
    assert "make bases" in done.stderr


def test_disk_full_leaves_nothing(
    boxer: Boxer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A limit on file sizes stands for the full disk: the write fails half-way.
    import resource

    (tmp_path / "Dockerfile").write_text("FROM python:3.13\n")
    folder = tmp_path / "out"
    folder.mkdir()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        done = boxer("build", "-q", "-o", folder / "x.wasm", tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert done.returncode == 1
    assert done.stderr.startswith("error[cannot-write]: ")
    assert list(folder.iterdir()) == []

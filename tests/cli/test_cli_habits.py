"""Small things that people expect of a command line like docker's."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from boxer.cli import main
from boxer.describe import ImageStore, parse_reference


def test_a_folder_that_is_missing_is_told_before_the_build(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nRUN echo built\n")
    for output, reason in (
        (tmp_path / "none" / "x.wasm", "No such file or directory"),
        (tmp_path / "Dockerfile" / "x.wasm", "Not a directory"),
        (tmp_path, "Is a directory"),
    ):
        assert main(["build", "-o", str(output), str(tmp_path)]) == 1
        error = capsys.readouterr().err
        assert error.startswith(f"error[cannot-write]: `{output}` cannot be written: {reason}")
        assert "FROM" not in error


def test_dockers_kinds_of_output_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "-o", "type=local,dest=out", "."]) == 2
    assert "a box is one file" in capsys.readouterr().err


def test_boxes_are_listed_by_the_time_they_were_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    before = time.time()
    image = ImageStore().put(parse_reference("team/app:1"), b"a box")
    assert before - 1 <= image.created <= time.time() + 1
    monkeypatch.setattr(time, "time", lambda: image.created + 7300)
    assert main(["images"]) == 0
    assert "  2 hours ago  " in capsys.readouterr().out
    assert main(["images", "-q"]) == 0
    assert capsys.readouterr().out == "team/app:1\n"
    assert main(["images", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert listed["digest"] == f"sha256:{image.digest}"
    assert (listed["name"], listed["tag"], listed["size"]) == ("team/app", "1", 5)
    assert listed["created"].endswith("+00:00")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rn", "x"], "there is no command `rn`; did you mean `run`?"),
        (["compose", "up"], "there is no command `compose`; `boxer --help` lists them"),
        (["fn", "buidl"], "there is no command `buidl`; did you mean `build`?"),
        (["build", "--no-cach", "."], "arguments: --no-cach (did you mean --no-cache?)"),
        (["build", "--tagg=x", "."], "arguments: --tagg=x (did you mean --tag?)"),
        (["images", "--nonsense"], "unrecognized arguments: --nonsense\n"),
    ],
)
def test_a_word_that_is_misspelt_is_told_with_the_nearest(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    err = capsys.readouterr().err
    assert said in err
    assert "choose from" not in err


@pytest.mark.parametrize("command", [["run"], ["inspect"]])
def test_a_file_that_is_no_box_is_named(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "text.wasm"
    for data in (b"", b"hello", b"\0asm\1\0\0\0\1\x7f"):
        file.write_bytes(data)
        assert main([*command, str(file)]) in (1, 125)
        err = capsys.readouterr().err
        assert f"--> {file}" in err


def test_a_source_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["cc", "-c", "-o", "none.c", "none.c"]) == 1
    assert capsys.readouterr().err == "cc: error: none.c: No such file\n"


@pytest.mark.parametrize("program", ["cc", "c++", "ar", "ranlib", "strip"])
def test_each_compiler_program_has_a_page(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([program, "--help"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"usage: boxer {program} ")
    assert err == ""

"""What a person reads of a build: stages by their names, output once, what the box has not."""

from __future__ import annotations

from pathlib import Path

import pytest

from boxer.cli import main

pytestmark = pytest.mark.base


def said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, *options: str
) -> tuple[int, str]:
    (tmp_path / "Dockerfile").write_text(text)
    status = main(["build", "--no-cache", *options, "-o", str(tmp_path / "x.wasm"), str(tmp_path)])
    return status, capsys.readouterr().err


def test_what_a_failing_command_wrote_is_shown_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "FROM scratch\nRUN echo seen; echo told >&2; exit 3\n"
    for options, indent in (((), "    "), (("-q",), "  ")):
        status, err = said(tmp_path, capsys, text, *options)
        assert status == 1
        lines = err.splitlines()
        assert [line for line in lines if line.strip() == "seen"] == [f"{indent}seen"]
        assert [line for line in lines if line.strip() == "told"] == [f"{indent}told"]
        assert "exited with status 3." in err


def test_stages_are_called_by_their_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "FROM scratch AS first\nRUN echo 1\nFROM first AS second\n"
    _, err = said(tmp_path, capsys, head + "COPY --from=first /none /\n")
    assert "\n[2] FROM first as second\n" in err
    assert "error[copy-source]: `/none` is not in `first`." in err
    _, err = said(tmp_path, capsys, "FROM scratch\nFROM 0\nCOPY --from=0 /none /\n")
    assert "\n[2] FROM the stage of line 1\n" in err
    assert "`/none` is not in the stage of line 1." in err
    mount = "RUN --mount=type=bind,from=first,source=/none,target=/x true\n"
    _, err = said(tmp_path, capsys, head + mount)
    assert "`/none` of a --mount is not in `first`." in err


def test_another_python_than_asked_for_is_said_at_the_end_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in ("FROM python:3.9\n", "FROM python:3.9 AS a\nRUN echo 1\nFROM a\n"):
        status, err = said(tmp_path, capsys, text)
        assert status == 0
        last = err.splitlines()[-1]
        assert last == "note: The Dockerfile asks for Python 3.9; the box has Python 3.13."
    _, err = said(tmp_path, capsys, "FROM python\n")
    assert err.splitlines()[-1].startswith("built ")


def test_findings_stop_a_build_that_asks_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "FROM python\nENV old style\nCMD []\n"
    status, err = said(tmp_path, capsys, f"# check=error=true\n{text}")
    assert status == 1
    assert "error[dockerfile-syntax]: LegacyKeyValueFormat: " in err
    assert "Dockerfile:3\n" in err
    status, _ = said(tmp_path, capsys, f"# check=error=true;skip=LegacyKeyValueFormat\n{text}")
    assert status == 0
    assert said(tmp_path, capsys, text)[0] == 0

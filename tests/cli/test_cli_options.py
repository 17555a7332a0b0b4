"""Options as people type them, docker's among them: followed, passed over, or refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from boxer.cli import main
from boxer.cli.commands.build import label, secret
from boxer.cli.runoptions import (
    read_environment,
    read_environment_file,
    read_limits,
)
from boxer.errors import (
    BuildArgumentError,
    EnvironmentFileError,
    LimitValueError,
    SecretError,
)
from boxer.runtime import ATTENDED

REFUSED = [
    (["run", "--link", "db", "x"], "`--link`: a box's addresses and names are its networks'"),
    (["run", "--privileged", "x"], "`--privileged`: a box reaches nothing"),
    (["run", "--read-only", "x"], "`--read-only`: the files of a box"),
    (["run", "--cpus", "2", "x"], "`--cpus`: the limits of a run have other names"),
    (["build", "--push", "."], "`--push`: a box is a file"),
    (["build", "--ssh", "default", "."], "`--ssh`: a build has no network"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED)
def test_what_a_box_has_not_is_refused_in_words(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error[unsupported-option]: {said}")
    assert "\nhint: " in err


PASSED_OVER = [
    ["--rm", "-it"],
    ["-i", "-t", "--init", "--name", "web", "--pull=always", "--platform", "linux/amd64"],
    ["--network", "none", "--net=none", "--cap-drop", "ALL", "--security-opt=no-new-privileges"],
]


@pytest.mark.parametrize("words", PASSED_OVER)
def test_what_a_box_is_anyway_is_passed_over(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", *words, "no-such-box"]) == 125
    assert capsys.readouterr().err.startswith("error[box-missing]: ")


def test_limits_of_a_run_are_named() -> None:
    limits = read_limits(["memory=256MB", "time=1.5", "files=10", "storage=1MiB", "call_depth=50"])
    assert (limits.memory_bytes, limits.time, limits.files) == (256_000_000, 1.5, 10)
    assert (limits.storage_bytes, limits.call_depth, limits.cpu) == (1 << 20, 50, None)
    assert read_limits([]) == ATTENDED


@pytest.mark.parametrize("text", ["memory=lots", "time=soon", "speed=1", "files", "time=-1", ""])
def test_limits_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(LimitValueError):
        read_limits([text])


def test_environment_files_are_read_as_docker_reads_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSED", "on")
    monkeypatch.delenv("ABSENT", raising=False)
    file = tmp_path / "env"
    file.write_text('# comment\n\nA=1\n  B= two words \nC="quoted" # kept\nPASSED\nABSENT\nE=\n')
    lines = read_environment_file(file)
    assert read_environment([*lines, "A=later"]) == {
        "A": "later",
        "B": " two words ",
        "C": '"quoted" # kept',
        "PASSED": "on",
        "E": "",
    }


@pytest.mark.parametrize("text", ["A=1\nexport B=2\n", "A=1\n=2\n", "A=1\nB =2\n"])
def test_a_bad_line_of_an_environment_file_is_told_by_its_number(tmp_path: Path, text: str) -> None:
    file = tmp_path / "env"
    file.write_text(text)
    with pytest.raises(EnvironmentFileError) as raised:
        read_environment_file(file)
    assert str(raised.value.where) == f"{file}:2"


@pytest.mark.parametrize("content", [None, b"\xff=1"])
def test_an_environment_file_that_is_no_text_is_refused(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "env"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(EnvironmentFileError):
        read_environment_file(file)


def test_secrets_come_from_files_and_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_bytes(b"of a file\n")
    monkeypatch.setenv("TOKEN", "of a variable")
    assert secret(f"id=a,src={file}") == ("a", b"of a file\n")
    assert secret(f"type=file,id=a,source={file}") == ("a", b"of a file\n")
    assert secret("id=a,env=TOKEN") == ("a", b"of a variable")
    assert secret("id=a,type=env,src=TOKEN") == ("a", b"of a variable")
    assert secret("id=TOKEN") == ("TOKEN", b"of a variable")
    monkeypatch.chdir(tmp_path)
    assert secret("id=token") == ("token", b"of a file\n")


@pytest.mark.parametrize("text", ["src=x", "id=a,src=/no/such", "id=a,env=NO_SUCH", "id=a,mode=4"])
def test_secrets_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(SecretError):
        secret(text)


def test_labels_of_the_command_line_have_names() -> None:
    assert [label("a=b=c"), label("a")] == [("a", "b=c"), ("a", "")]
    with pytest.raises(BuildArgumentError):
        label("=b")


def test_help_names_no_option_that_is_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    shown = capsys.readouterr().out
    assert "--limit NAME=VALUE" in shown
    assert not any(name in shown for name in ("--privileged", "--cap-drop", "--life"))

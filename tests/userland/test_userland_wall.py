"""The shell of a RUN sees the box's files and nothing of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boxer.errors import BoxerError

if TYPE_CHECKING:
    from tests.stages import Stage

SECRET = "what only this machine knows"
KNOWN = "it-is-there"

# {file}: a file of this machine. {folder}: the one it is in.
READING = [
    "cat {file}",
    "cat < {file}",
    "cat /proc/self/root{file}",
    "cat ../../../../../..{file}",
    "cat //{file}",
    "echo $(< {file})",
    "source {file}",
    ". {file}",
    "read line < {file}; echo $line",
    "mapfile -t lines < {file}; echo ${{lines[@]}}",
    "cat {folder}/*",
    "find {folder} -type f -exec cat {{}} +",
    "grep -r only {folder}",
    "ln -s {file} /l; cat /l",
    "ln {file} /l; cat /l",
    "cp {file} /l; cat /l",
    "mkdir -p {folder}; ln -s {folder} /d; cat /d/secret",
    "tar -cf - {folder} | cat",
    "base64 {file} | base64 -d",
    "sed -n p {file}; awk 1 {file}; head {file}; tail {file}; sort {file}; od -c {file}",
    "bash {file}",
    "{file}",
    "printf 'include {file}\\nall:\\n\\tcat {file}\\n' > Makefile; make",
    "curl -s file://{file}",
    "wget -qO- file://{file}",
    "unzip -p {file}; gzip -dc {file}",
    "env; set; export; printenv; cat /proc/self/environ /proc/1/environ",
    "cat /proc/self/cmdline /proc/mounts /etc/hostname; hostname; whoami; uname -a; ls -la / /root",
    "exec 3< {file}; cat <&3",
    "cat /dev/fd/3 /proc/self/fd/3 < {file}",
    "jq -Rs . {file}; yq . {file}",
    "git -C {folder} log; git config --file {file} -l",
    "date -r {file}; date -f {file}; stat {file}; test -e {file} && echo {known}",
]
WRITING = [
    "echo x > {folder}/made",
    "mkdir -p {folder}; echo x > {folder}/made",
    "mkdir -p {folder}; touch {folder}/made; cp /etc/passwd {folder}/made",
    "mkdir -p {folder}; ln -s {folder} /d; echo x > /d/made",
    "mkdir -p {folder}; install -m 755 /etc/passwd {folder}/made; mv {folder}/made {folder}/made2",
    "mkdir -p {folder}; echo x | tee {folder}/made",
    "rm -rf {folder}; rm -rf /tmp/* /root/*",
    "chmod -R 777 {folder}; chown -R app {folder}",
]


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BOXER_TEST_SECRET", SECRET)
    file = tmp_path / "secret"
    file.write_text(f"echo {SECRET}\n")
    file.chmod(0o755)
    return file


def attempt(stage: Stage, script: str, file: Path) -> str:
    """What the error says, if the script fails."""
    try:
        stage.run(script.format(file=file, folder=file.parent, known=KNOWN))
    except BoxerError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("script", READING)
def test_nothing_of_the_host_is_read(stage: Stage, secret: Path, script: str) -> None:
    said = attempt(stage, script, secret).encode()
    heard = stage.heard.out + stage.heard.err + said
    assert SECRET.encode() not in heard
    assert KNOWN.encode() not in heard


@pytest.mark.parametrize("script", WRITING)
def test_nothing_of_the_host_is_changed(stage: Stage, secret: Path, script: str) -> None:
    before = secret.stat()
    attempt(stage, script, secret)
    assert [path.name for path in secret.parent.iterdir()] == ["secret"]
    after = secret.stat()
    assert (after.st_mode, after.st_uid, after.st_mtime_ns) == (
        before.st_mode, before.st_uid, before.st_mtime_ns,
    )  # fmt: skip

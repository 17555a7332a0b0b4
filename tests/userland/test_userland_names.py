"""A program of a RUN is reached by whatever name it has; what was not run is a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boxer.errors import RunFailedError
from tests.stages import EchoRunner

if TYPE_CHECKING:
    from tests.stages import Stage

SHELLS = ("sh", "bash", "dash", "ash")


@pytest.fixture
def machine(stage: Stage) -> Stage:
    """The stage with what a base has: its shells, and the links of Debian's merged /usr."""
    for shell in SHELLS:
        stage.tree.add_file(f"/usr/bin/{shell}", b"#!boxer sh\n", mode=0o755)
    stage.tree.add_file("/usr/bin/env", b"#!boxer env\n", mode=0o755)
    stage.tree.add_symlink("/bin", "usr/bin")
    stage.tree.add_file("/app/exits.sh", b"touch /tmp/ran; exit ${1:-3}\n", mode=0o755)
    stage.tree.add_file("/app/fail.py", b"#!/usr/bin/env python3\nimport os\n", mode=0o755)
    stage.tree.add_file("/opt/venv/bin/tool", b"#!/usr/local/bin/python\nimport os\n", mode=0o755)
    stage.tree.add_file("/app/deep/er/tool.py", b"#!/usr/bin/env python3\nimport os\n", mode=0o755)
    stage.tree.add_symlink("/venv", "/opt/venv")
    stage.state.config = stage.state.config.__class__(
        env=stage.state.config.env, working_dir="/app"
    )
    stage.runner = EchoRunner()
    return stage


# The script was run, and no further than it should.
STOPPED = "test -e /tmp/ran && test ! -e /no && exit 3"
# Each of these is `exit 3` by a shell, as far as it is run.
EXITS = [
    "/bin/sh -c 'exit 3'",
    "/bin/bash -c 'exit 3'",
    "/usr/bin/dash -c 'exit 3'",
    "dash -c 'exit 3'",
    "ash -c 'exit 3'",
    "//bin/sh -c 'exit 3'",
    "/usr/bin/../bin/sh -c 'exit 3'",
    "../bin/sh -c 'exit 3'",
    "/bin/sh ./exits.sh",
    "/bin/bash exits.sh 3",
    "/bin/sh < exits.sh",
    "echo 'exit 3' | /bin/sh",
    "/bin/bash -e exits.sh",
    "/usr/bin/env sh -c 'exit 3'",
    "/bin/env /bin/sh -c 'exit 3'",
    "env -i /bin/sh -c 'exit 3'",
    "exec /bin/sh -c 'exit 3'",
    "command /bin/sh -c 'exit 3'",
    "nohup /bin/sh -c 'exit 3'",
    "timeout 9 /bin/sh -c 'exit 3'",
    "/bin/sh -c '/bin/bash -c \"exit 3\"'",
    "ln -s /bin/sh /tmp/a && /tmp/a -c 'exit 3'",
    "ln -s /bin/sh /tmp/a && ln -s a /tmp/b && cd /tmp && ./b -c 'exit 3'",
    "ln -s /usr/bin /tmp/bin && /tmp/bin/bash -c 'exit 3'",
    "ln -s /usr /tmp/u && ln -s /tmp/u/bin /tmp/w && /tmp/w/bash -c 'exit 3'",
    "ln /usr/bin/sh /tmp/hard && /tmp/hard -c 'exit 3'",
    "cp /bin/sh /usr/local/bin/mine && mine -c 'exit 3'",
    "cat /bin/sh > /tmp/c && chmod +x /tmp/c && /tmp/c -c 'exit 3'",
    "mv /usr/bin/ash /tmp/moved && /tmp/moved -c 'exit 3'",
    "S=/bin/sh; $S -c 'exit 3'",
    "printf '#!/bin/sh\\nexit 3\\n' > t && chmod 755 t && ./t",
    "printf '#!/bin/bash -e\\ntouch /tmp/ran\\nfalse\\ntouch /no\\n' >t; chmod 755 t; ./t; "
    + STOPPED,
    "printf '#!/bin/sh -eu\\ntouch /tmp/ran\\necho $x\\ntouch /no\\n' > t; chmod 755 t; ./t; "
    + STOPPED,
    "printf '#!/bin/env -S bash -e\\ntouch /tmp/ran\\nfalse\\ntouch /no\\n' >t; chmod 755 t; ./t; "
    + STOPPED,
    "printf '#!/usr/bin/awk -f\\nBEGIN { exit 3 }\\n' > t && chmod 755 t && ./t",
    "find . -name exits.sh -exec /bin/sh {} + ; " + STOPPED,
    "find . -name exits.sh | xargs /bin/sh; " + STOPPED,
    "echo exits.sh | xargs -n 1 /bin/sh; " + STOPPED,
]


@pytest.mark.parametrize("script", EXITS)
def test_a_shell_by_any_name_is_the_shell(machine: Stage, script: str) -> None:
    with pytest.raises(RunFailedError) as caught:
        machine.run(script)
    assert "status 3." in str(caught.value)


@pytest.mark.parametrize(
    "shell", [f"{folder}/{name}" for folder in ("/bin", "/usr/bin") for name in SHELLS]
)
def test_the_exec_form_too(machine: Stage, shell: str) -> None:
    with pytest.raises(RunFailedError, match="status 3"):
        machine.run_words(shell, "-c", "exit 3")
    assert machine.run_words(shell, "-c", "echo $0 $1", "a", "b") == "a b\n"


# Each of these runs the interpreter with `fail` among the words, which answers with status 3.
PROGRAMS = [
    "python fail",
    "/usr/local/bin/python3 fail",
    "../usr/local/bin/python3 fail",
    "ln -s /usr/local/bin/python3 /tmp/py && /tmp/py fail",
    "ln -s /usr/local /l && /l/bin/python fail",
    "cp -a /usr/local/bin/python3.13 /tmp/py && cd /tmp && ./py fail",
    "mkdir /e && ln -s /usr/local/bin/python /e/interpreter && PATH=/e:$PATH && interpreter fail",
    "./fail.py fail",
    "/app/fail.py fail",
    "cd / && app/fail.py fail",
    "cd /app/deep && ../fail.py fail",
    "cd /app/deep/er && ../../fail.py fail",
    "find . -name fail.py -print0 | xargs -0 -I{} {} fail || exit 3",
    "find . -name fail.py -exec {} fail ';'; grep -q fail /ran && exit 3",
    "cd / && find . -name tool.py | while read f; do $f fail; done",
    "/venv/bin/tool fail",
    "/opt/venv/bin/tool fail",
    "export PATH=/venv/bin:$PATH && tool fail",
    "export PATH=/opt/venv/bin:$PATH && exec tool fail",
    "/bin/sh -c '/venv/bin/tool fail'",
    "env PATH=/venv/bin:$PATH tool fail",
    "ln -s /venv /v && /v/bin/tool fail",
    "mv /opt/venv /opt/other && /opt/other/bin/tool fail",
    "cp -r /opt/venv /opt/other && /opt/other/bin/tool fail",
    "printf '#!/usr/bin/env python\\nimport os\\n' > t && chmod +x t && ./t fail",
    "printf '#!/usr/bin/env python\\nimport os\\n' > /t; chmod 755 /t; mv /t u; ./u fail",
]


@pytest.mark.parametrize("script", PROGRAMS)
def test_a_program_by_any_name_is_run(machine: Stage, script: str) -> None:
    with pytest.raises(RunFailedError) as caught:
        machine.run(script)
    assert "status 3." in str(caught.value)


def test_a_name_that_a_program_of_another_folder_has_is_the_nearest_script(machine: Stage) -> None:
    machine.tree.add_file("/a/run", b"#!/usr/bin/env python\nimport os\n", mode=0o755)
    machine.tree.add_file("/b/run", b"echo shell $1; cat\n", mode=0o755)
    assert machine.run("cd /b && echo input | ./run word") == "shell word\ninput\n"


def test_what_is_no_program_fails(machine: Stage) -> None:
    for script in ("./nothing", "/bin/nothing -c x", "./deep", "tool fail"):
        with pytest.raises(RunFailedError, match=r"status 12[67]"):
            machine.run(script)


def test_a_program_of_the_base_reads_as_it_is_copied(machine: Stage) -> None:
    machine.run("cp /bin/sh /a; ln /usr/bin/sh /b; mv /usr/bin/dash /c")
    assert {machine.tree.file(path).data for path in ["/a", "/b", "/c"]} == {b"#!boxer sh\n"}


def test_scripts_that_call_one_another_without_end_are_ended(machine: Stage) -> None:
    machine.tree.add_file("/app/self", b"/app/self\n", mode=0o755)
    with pytest.raises(RunFailedError):
        machine.run("./self")
    assert any("call one another" in notice for notice in machine.heard.notices)


@pytest.mark.parametrize(
    ("script", "shown"),
    [
        ("tee copy < <(echo a) >/dev/null; cat copy", "a\n"),
        ("python /dev/stdin <<< a", "ran /usr/local/bin/python /.run/fd/stdin\n"),
        ("python --file=/dev/fd/0 <<< a", "ran /usr/local/bin/python --file=/.run/fd/0\n"),
        ("cp /dev/stdin copy <<< a; cat copy", "a\n"),
        ("cp <(echo a) copy; cat copy", "a\n"),
        ("install -m 600 <(echo a) copy; cat copy", "a\n"),
    ],
)
def test_descriptors_are_files(machine: Stage, script: str, shown: str) -> None:
    assert machine.run(script) == shown
    assert machine.tree.get("/.run") is None

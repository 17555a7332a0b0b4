"""The processes of a box's shell: scripts of tests/native/shell beside this machine's shells, and
programs beside the box's."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]

SCRIPTS = Path(__file__).parents[1] / "native" / "shell"
# Programs that a box has not.
ELSEWHERE = re.compile(r"\b(seq|tr|sed|yes|grep|mkfifo|tail|tee|ls|ps|diff)\b|/bin/cat|set -m")
# Each script in a shell of its own, with an empty folder; its status, whether it said anything on
# its error output, and its output.
DRIVER = """
for script in "$SCRIPTS"/*; do
    mkdir "$T" && cd "$T"
    "$SH" -c "$(cat "$script")" sh </dev/null >"$T.out" 2>"$T.err"
    echo "${script##*/} $? $([ -s "$T.err" ] && echo said)"
    cat "$T.out"
    cd / && rm -r "$T" "$T.out" "$T.err"
done
"""


def _by_script(output: str) -> dict[str, str]:
    parts = re.split(r"^(\d{3}) ", output, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_scripts_with_processes_do_what_they_do_in_this_machines_shell(
    boxer: Boxer, tmp_path: Path, shell: str
) -> None:
    oracle = shutil.which(shell)
    if oracle is None:
        pytest.skip(f"this machine has no {shell} to compare with")
    folder = tmp_path / "scripts"
    folder.mkdir()
    texts = (SCRIPTS / f"{shell}_processes.txt").read_text()[:-1].split("\n%%%%\n")
    for i, text in enumerate(text for text in texts if not ELSEWHERE.search(text)):
        (folder / f"{i:03}").write_text(text)
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/root", "LC_ALL": "C"}
    wanted = subprocess.run(
        [oracle, "-c", DRIVER],
        env={**environment, "SCRIPTS": str(folder), "T": str(tmp_path / "t"), "SH": oracle},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    (tmp_path / "Dockerfile").write_text(
        f"FROM python:3.13\nCOPY scripts /scripts\nENV SCRIPTS=/scripts T=/tmp/t SH=/bin/{shell}\n"
    )
    box = tmp_path / "x.wasm"
    assert boxer("build", "-q", "-o", box, tmp_path).returncode == 0
    done = boxer("run", box, shell, "-c", DRIVER)
    assert _by_script(done.stdout) == _by_script(
        wanted.stdout.replace(str(tmp_path / "t"), "/tmp/t")
    )


@pytest.mark.parametrize(
    ("script", "stdout"),
    [
        ("python -c 'print(1)' & wait $!; echo $?", "1\n0\n"),
        ("python -c 'import os; os.kill(os.getpid(), 9)' 2>&1; echo $?", "Killed\n137\n"),
        ("python -c 'while True: print(\"y\")' 2>/dev/null | head -n 2", "y\ny\n"),
        ("echo abc | python -c 'print(input()[::-1])' | (read x; echo \"<$x>\")", "<cba>\n"),
        ("python -c 'import time; time.sleep(100)' & kill $!; wait $!; echo $?", "143\n"),
        ("python -c 'import os; print(os.getppid())' | { read x; [ $x = $$ ] && echo same; }",
         "same\n"),
        ("python -c 'import subprocess as s; print(s.run([\"cat\"], input=b\"in\","
         " capture_output=True).stdout)'; :", "b'in'\n"),
        ("python -c 'import subprocess as s; s.run(\"echo $0; exit 3\", shell=True)'; :",
         "/bin/sh\n"),
        ("trap 'echo term; exit 5' TERM; python -c 'import os; os.kill(os.getppid(), 15)'; echo no",
         "term\n"),
    ],
)  # fmt: skip
def test_programs_run_beside_the_shell(
    boxer: Boxer, example: Example, script: str, stdout: str
) -> None:
    done = boxer("run", "-w", "/", example("hello"), "sh", "-c", script)
    assert done.stdout == stdout, done.stderr


def test_a_pipe_of_a_gigabyte_ends(boxer: Boxer, example: Example) -> None:
    script = "cat /dev/zero | head -c 1G | wc -c"
    done = boxer("run", example("hello"), "sh", "-c", script)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1073741824\n", "")


class Terminal:
    """An interactive shell of a box behind a pseudo-terminal of this machine."""

    def __init__(self, box: Path) -> None:
        self.head, tail = os.openpty()
        command = [sys.executable, "-m", "boxer.cli", "run", "-it", str(box), "sh"]
        self.running = subprocess.Popen(
            command, stdin=tail, stdout=tail, stderr=tail, start_new_session=True
        )
        os.close(tail)
        self.shown = ""

    def until(self, text: str) -> str:
        """What has been shown up to here, which is then forgotten."""
        deadline = time.monotonic() + 300
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            if select.select([self.head], [], [], 1)[0]:
                with suppress(OSError):
                    self.shown += os.read(self.head, 4096).decode()
        before, _, self.shown = self.shown.partition(text)
        return before

    def type(self, text: str) -> None:
        os.write(self.head, text.encode())

    def close(self) -> None:
        os.close(self.head)
        if self.running.poll() is None:
            self.running.send_signal(signal.SIGKILL)
        self.running.wait(60)


def test_jobs_are_stopped_and_go_on_at_a_terminal(example: Example) -> None:
    terminal = Terminal(example("hello"))
    try:
        terminal.until("# ")
        terminal.type("sh -c 'kill -STOP $$; echo went on'\n")
        terminal.until("# ")
        terminal.type("jobs\n")
        assert "[1] + Stopped (signal)" in terminal.until("# ")
        terminal.type("fg\n")
        terminal.until("\nwent on")
        terminal.until("# ")
        terminal.type("cat &\n")
        terminal.until("# ")
        terminal.type("sleep 0\n")
        terminal.until("# ")
        shown = ""
        while "Stopped (tty input)" not in shown:  # once it has come to read
            terminal.type("jobs\n")
            shown = terminal.until("# ")
        terminal.type("kill -KILL %1; cat\n")
        terminal.type("once\n")
        terminal.until("once")
        terminal.until("once")
        terminal.type("\x04")
        terminal.until("# ")
        terminal.type("(exit 130); echo $?\n")
        assert "\n130" in terminal.until("# ")
        terminal.type("for i in 1 2\ndo echo $((i + 40))\ndone\n")
        terminal.until("42")
        terminal.type("exit 6\n")
        assert terminal.running.wait(60) == 6
    finally:
        terminal.close()

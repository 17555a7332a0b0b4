"""The boxes' shell as a program of this machine, beside its dash and bash."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from boxer.userland.programs import OF_THE_SHELL
from recipes.layout import TOOLS
from tests.native.compiling import COMPILER, GUEST, SANITIZERS, run

HERE = Path(__file__).parent / "shell"
BOXES = Path(__file__).parents[1] / "boxes"
SHELL = GUEST / "shell"
FLAGS = ["-std=gnu17", "-D_GNU_SOURCE", "-g", "-O1", "-Wall", "-Wextra", "-Werror"]
DEADLINE = 300  # seconds: a script that takes as long hangs
# What the scripts of tests/boxes print files with.
STAT = """import os, sys
for path in sys.argv[1:]:
    found = os.lstat(path)
    print(path, oct(found.st_mode), os.path.islink(path) and os.readlink(path))
"""
TREE = """import os
names = [os.path.join(top, name) for top, *both in os.walk(".") for name in sum(both, [])]
print(*sorted(names))
"""


def _scripts(path: Path) -> list[str]:
    """Of a file that has lines of `%%%%` between them."""
    return path.read_text()[:-1].split("\n%%%%\n")


SCRIPTS = [
    *(("dash", script) for script in _scripts(HERE / "dash_processes.txt")),
    *(("bash", script) for script in _scripts(HERE / "bash_processes.txt")),
    *(("dash", script) for script in _scripts(BOXES / "shell_scripts.txt")),
    *(("bash", script) for script in _scripts(BOXES / "shell_scripts_bash.txt")),
]
# Scripts and all they print on both streams: messages of dash's, in dash's words.
MESSAGES = [
    "$SH -c 'kill -KILL $$'; :",
    "$SH -c 'kill -SEGV $$'; echo on",
    "$SH -c 'kill -TERM $$' | cat; :",
    "$SH -c 'kill -INT $$'; $SH -c 'kill -PIPE $$'; echo quiet",
    "x=$($SH -c 'kill -HUP $$'); echo $?",
    "(kill -KILL $($SH -c 'echo $PPID')); echo $?",
    "nosuch; /nosuch; /; exec nosuch",
    "exec /etc/passwd",
    "wait %3; echo $?; wait x",
]
# How a job ended, in dash's words; dash itself, on a busy machine, leaves it out now and then.
ENDS = [("TERM", "Terminated\n", 143), ("KILL", "Killed\n", 137), ("HUP", "Hangup\n", 129)]
# Where nothing can be forked: scripts, their output and their status.
ALONE = [
    ("echo a; $REAL -c 'echo last'", "a\nlast\n", 0),
    ("mkdir d; cd d; exec $REAL -c 'echo last; exit 3'", "last\n", 3),
    ("(cd /usr && exec pwd)", "/usr\n", 0),
    ("if [ -d / ]; then x=1 $REAL -c 'echo $x'; fi", "1\n", 0),
    ('x=$(dirname /a/b); y=$(printf %s "$x"); echo $y $(command cat <&-; echo no)', "", 126),
    ('x=$(dirname /a/b); y=$(printf %s "${x#/}"); echo $y; echo $(false) $?', "a\n0\n", 0),
    ("cat <<E\ntext $(echo in)\nE\n", "text in\n", 0),
    ("echo a; $REAL -c 'echo no'; echo no", "a\n", 126),
    ("echo a; echo no | cat; echo no", "a\n", 126),
    ("echo a; sleep 1 & echo no", "a\n", 126),
    ("echo a; (echo no); echo no", "a\n", 126),
    ("echo a; x=$(nosuch); echo no", "a\n", 126),
    ("trap 'echo bye' EXIT; cat /dev/null; echo on", "on\nbye\n", 0),
    ("trap 'echo bye' EXIT; $REAL -c 'echo no'", "bye\n", 126),
]


@pytest.fixture(scope="session")
def shells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the shell by all of its names."""
    if COMPILER is None:
        pytest.skip("this machine has no gcc")
    into = tmp_path_factory.mktemp("shell")
    sources = [str(path) for path in (*sorted(SHELL.glob("*.c")), HERE / "native_main.c")]
    run([str(COMPILER), *FLAGS, *SANITIZERS, f"-I{SHELL}", *sources, "-o", "sh"], into)
    alone = str(HERE / "no_processes.c")
    run([str(COMPILER), *FLAGS, f"-I{SHELL}", *sources, alone, "-o", "alone"], into)
    for name in ("bash", "dash", "env"):
        (into / name).symlink_to("sh")
    return into


def _run(shell: Path, script: str, folder: Path) -> tuple[int, str, str]:
    folder.mkdir()
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/root",
        "LC_ALL": "C",
        "ASAN_OPTIONS": "detect_leaks=0",  # a script's memory ends with it
        "SH": str(shell),
        "REAL": str(shell.with_name("sh")),
        "STAT": STAT,
        "TREE": TREE,
        "T": str(folder),
    }
    process = subprocess.Popen(
        [shell, "-c", script, "sh"],
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        pytest.fail(f"no end: {script}")
    return process.returncode, output.replace(str(folder), "$T"), errors


def _oracle(name: str) -> Path:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"this machine has no {name} to compare with")
    return Path(path)


@pytest.mark.parametrize(("shell", "script"), SCRIPTS)
def test_a_script_does_what_it_does_in_this_machines_shell(
    shells: Path, tmp_path: Path, shell: str, script: str
) -> None:
    wanted = _run(_oracle(shell), script, tmp_path / "wanted")
    done = _run(shells / shell, script, tmp_path / "done")
    assert done[:2] == wanted[:2], done[2]
    assert bool(done[2]) == bool(wanted[2]), (done[2], wanted[2])


@pytest.mark.parametrize(("sent", "told", "status"), ENDS)
def test_wait_says_how_a_job_was_killed(
    shells: Path, tmp_path: Path, sent: str, told: str, status: int
) -> None:
    script = f"sleep 5 & kill -{sent} $!; wait $!"
    assert _run(shells / "dash", script, tmp_path / "done") == (status, "", told)


@pytest.mark.parametrize("script", MESSAGES)
def test_what_goes_wrong_is_said_as_dash_says_it(shells: Path, tmp_path: Path, script: str) -> None:
    assert _run(shells / "sh", script, tmp_path / "done") == _run(
        _oracle("dash"), script, tmp_path / "wanted"
    )


def test_tools_are_programs_by_their_names_too(shells: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a\nb\n")
    for name, arguments, output, status in [
        ("cat", ["file"], "a\nb\n", 0),
        ("head", ["-n", "1", "file"], "a\n", 0),
        ("wc", ["-l"], "0\n", 0),
        ("false", [], "", 1),
        ("[", ["a", "=", "a", "]"], "", 0),
        ("sleep", ["0"], "", 0),
    ]:
        tool = tmp_path / name
        tool.symlink_to(shells / "sh")
        done = subprocess.run(
            [tool, *arguments],
            stdin=subprocess.DEVNULL,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={"ASAN_OPTIONS": "detect_leaks=0"},
        )
        assert (done.returncode, done.stdout, done.stderr) == (status, output, "")
    done = subprocess.run(
        [tmp_path / "cat", "no"],
        capture_output=True,
        text=True,
        check=False,
        env={"ASAN_OPTIONS": "detect_leaks=0"},
    )
    assert (done.returncode, done.stderr) == (1, "cat: no: No such file or directory\n")


def test_every_tool_is_a_file_of_the_base_and_a_program_of_a_run() -> None:
    table = (SHELL / "builtins.c").read_text()
    tools = re.findall(r'\{"([^"]+)", \w+, (?:PSH_TOOL|PSH_PROGRAM)\}', table)
    entry = re.findall(r'SHELL_TOOL\("([^"]+)"\)', (GUEST / "entry" / "program.h").read_text())
    assert sorted(tools) == sorted(TOOLS.split())
    assert sorted(entry) == sorted([*tools, "sh"])
    assert set(OF_THE_SHELL) == {*tools, "sh", "dash", "ash", "bash", "env"}


@pytest.mark.parametrize(("script", "stdout", "status"), ALONE)
def test_without_a_second_process_the_last_command_runs_and_the_rest_is_refused(
    shells: Path, tmp_path: Path, script: str, stdout: str, status: int
) -> None:
    done = _run(shells / "alone", script, tmp_path / "done")
    assert done[:2] == (status, stdout)
    assert ("this runtime cannot start a second process" in done[2]) == (status == 126)

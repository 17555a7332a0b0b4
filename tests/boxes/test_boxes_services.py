"""Boxes that run detached, through the command line as a user has it: their lives and deaths."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]
BOXER = Path(sys.executable).with_name("boxer")
PATIENCE = 400
FOREVER = "import time\nprint('ready', flush=True)\nwhile True: time.sleep(1000)"
HANDLER = """
import signal, sys, time
def handler(number, frame):
    print('got', signal.Signals(number).name, flush=True)
    sys.exit(7)
for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT):
    signal.signal(number, handler)
print('ready', flush=True)
while True: time.sleep(1000)
"""


class Services:
    """The commands, with a state folder of this test's own."""

    def __init__(self, boxer: Boxer, box: Path, state: Path) -> None:
        self.run, self.box, self.state = boxer, box, state

    def __call__(self, *words: str | Path, status: int = 0) -> str:
        done = self.run(*words)
        assert done.returncode == status, (words, done.stdout, done.stderr)
        return done.stdout if status == 0 else done.stderr

    def start(self, name: str, program: str, *options: str) -> str:
        """A service that has said `ready`; its id."""
        made = self("run", "-d", "--name", name, *options, self.box, "python", "-c", program)
        self.until(lambda: "ready\n" in self("logs", name))
        return made.strip()

    def once(self, name: str, program: str, *options: str) -> str:
        return self("run", "-d", "--name", name, *options, self.box, "python", "-c", program)

    def look(self, name: str) -> dict[str, Any]:
        lines = self("ps", "-a", "--format", "json").splitlines()
        found = {one["Names"]: one for one in map(json.loads, lines)}
        return dict(found.get(name, {}))

    @staticmethod
    def until(condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, "it did not come to pass"
            time.sleep(0.1)


@pytest.fixture
def services(
    boxer: Boxer, example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Services]:
    state = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    made = Services(boxer, example("hello"), state)
    yield made
    names = made("ps", "-a", "--format", "{{.Names}}").split()
    if names:
        made("rm", "-f", *names)
    assert not list((state / "boxer" / "services").glob("*"))
    assert not list((state / "boxer" / "boxes").rglob("*/*"))


def is_gone(pid: int) -> bool:
    """A process that nobody waits for stays as a zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return status.rpartition(")")[2].split()[0] in "ZX"


def test_a_life_from_its_start_to_its_removal(services: Services) -> None:
    made = services.start("web", HANDLER, "-e", "A=1", "--label", "of=tests")
    assert len(made) == 64
    shown = services.look("web")
    assert (shown["ID"], shown["State"], shown["Labels"]) == (made, "running", {"of": "tests"})
    assert services("ps", "-q").split() == [made[:12]]
    assert "Up " in services("ps")
    assert services("stop", "web") == "web\n"
    shown = services.look("web")
    assert (shown["State"], shown["ExitCode"], shown["Pid"]) == ("exited", 7, 0)
    assert services("ps", "-q") == ""
    assert services("logs", "web") == "ready\ngot SIGTERM\n"
    assert services("wait", made[:10]) == "7\n"
    assert services("stop", "web") == "web\n"  # as docker: that is so already
    services("start", "web")
    services.until(lambda: services("logs", "web").count("ready") == 2)
    assert services("start", "web") == "web\n"
    assert "does not run" not in services("kill", "-s", "USR1", "web")
    assert services("wait", "web") == "7\n"
    assert services("logs", "web").endswith("ready\ngot SIGUSR1\n")
    assert services("rm", "web") == "web\n"
    assert "service-missing" in services("logs", "web", status=1)


def test_the_exit_status_is_the_programs_or_the_signals(services: Services) -> None:
    services.once("own", "raise SystemExit(3)")
    assert services("wait", "own") == "3\n"
    services.start("signal", FOREVER)
    services("kill", "-s", "HUP", "signal")
    assert services("wait", "signal") == "129\n"
    services.start("killed", FOREVER)
    services("kill", "killed")
    assert services("wait", "killed") == "137\n"
    services.once("limit", "while True: pass", "--limit", "cpu=0.2")
    assert services("wait", "limit") == "137\n"
    assert services.look("limit")["Limit"] == "cpu"
    assert "reached its limit: cpu=0.2" in services.run("logs", "limit").stderr


def test_stop_kills_what_does_not_end(services: Services) -> None:
    program = (
        "import signal, time\nsignal.signal(signal.SIGTERM, lambda *_: print('no', flush=True))\n"
    )
    services.start("deaf", program + FOREVER)
    services("kill", "-s", "TERM", "deaf")
    services.until(lambda: services("logs", "deaf") == "ready\nno\n")
    services("stop", "-t", "1", "deaf")
    assert services.look("deaf")["ExitCode"] == 137
    # In a second a busy machine may not have come to say it again.
    assert services("logs", "deaf") in ("ready\nno\n", "ready\nno\nno\n")


def test_stop_sends_the_signal_that_was_chosen(services: Services) -> None:
    services.start("own", HANDLER, "--stop-signal", "SIGUSR1")
    services("stop", "own")
    assert services("logs", "own") == "ready\ngot SIGUSR1\n"


def test_a_box_that_fails_is_started_again_so_often(services: Services) -> None:
    services.once("flaky", "print('life', flush=True); raise SystemExit(3)",
                  "--restart", "on-failure:2")  # fmt: skip
    assert services("wait", "flaky") == "3\n"
    shown = services.look("flaky")
    assert (shown["RestartCount"], shown["RestartPolicy"]) == (2, "on-failure:2")
    assert services("logs", "flaky") == "life\n" * 3
    services.once("fine", "print('life')", "--restart", "on-failure:2")
    assert services("wait", "fine") == "0\n"
    assert services("logs", "fine") == "life\n"


def test_a_box_that_is_always_started_again_ends_with_stop(services: Services) -> None:
    services.once("loop", "print('life', flush=True)", "--restart", "always")
    services.until(lambda: services.look("loop")["RestartCount"] >= 2)
    services("stop", "loop")
    lives = services("logs", "loop").count("life")
    assert services.look("loop")["State"] == "exited"
    assert lives >= 2
    assert services("logs", "loop").count("life") == lives


def test_a_life_that_is_killed_is_followed_by_another(services: Services) -> None:
    services.start("hardy", FOREVER, "--restart", "unless-stopped")
    first = services.look("hardy")["Pid"]
    os.kill(first, signal.SIGKILL)
    services.until(lambda: services("logs", "hardy") == "ready\nready\n")
    shown = services.look("hardy")
    assert shown["RestartCount"] == 1
    assert shown["Pid"] != first
    services("kill", "hardy")  # asked for: no reason to start it again
    assert services("wait", "hardy") == "137\n"


def test_restart_ends_a_life_and_begins_one(services: Services) -> None:
    services.start("web", HANDLER)
    services("restart", "web")
    services.until(lambda: services("logs", "web") == "ready\ngot SIGTERM\nready\n")
    services("stop", "web")
    services("restart", "web")
    services.until(lambda: services("logs", "web").count("ready") == 3)


def test_a_supervisor_that_is_killed_takes_its_box_along_and_is_noticed(
    services: Services,
) -> None:
    services.start("lost", FOREVER)
    shown = services.look("lost")
    os.kill(shown["SupervisorPid"], signal.SIGKILL)
    services.until(lambda: services.look("lost")["State"] == "dead")
    services.until(lambda: is_gone(shown["Pid"]))
    assert "Dead" in services("ps", "-a")
    assert services("wait", "lost") == "137\n"
    assert "does not run" in services("kill", "lost", status=1)
    services("start", "lost")
    services.until(lambda: services("logs", "lost") == "ready\nready\n")


def test_a_supervisor_that_is_asked_to_end_ends_its_box(services: Services) -> None:
    services.start("down", HANDLER, "--restart", "always")
    os.kill(services.look("down")["SupervisorPid"], signal.SIGTERM)
    services.until(lambda: services.look("down")["State"] == "exited")
    assert services("logs", "down") == "ready\ngot SIGTERM\n"


def test_one_of_many_gets_a_name(services: Services) -> None:
    def start(_: int) -> subprocess.CompletedProcess[str]:
        return services.run("run", "-d", "--name", "one", services.box, "python", "-c", FOREVER)

    with ThreadPoolExecutor(6) as threads:
        done = list(threads.map(start, range(6)))
    assert sorted(one.returncode for one in done) == [0, 125, 125, 125, 125, 125]
    refused = next(one for one in done if one.returncode)
    assert refused.stderr.startswith("error[name-taken]: There is a box with the name `one`.")
    assert "boxer rm -f one" in refused.stderr


@pytest.mark.parametrize(
    "name", ["../x", "a/b", ".hidden", "", "-x1", "x\x1b[31m", "x" * 200, "ü2"]
)
def test_a_name_is_no_path_and_no_escape_sequence(services: Services, name: str) -> None:
    done = services.run("run", "-d", f"--name={name}", services.box, "true")
    assert done.returncode == 125
    assert done.stderr.startswith("error[bad-service-option]: ")
    assert "\x1b" not in done.stderr
    for command in (["logs", "--", name], ["rm", "-f", "--", name], ["stop", "--", name]):
        missing = services.run(*command)
        assert missing.returncode == 1
        assert "\x1b" not in missing.stderr
    assert services("ps", "-a", "-q") == ""


def test_logs_are_followed_to_the_end(services: Services) -> None:
    services.start("web", HANDLER)
    pipe = subprocess.PIPE
    with subprocess.Popen([BOXER, "logs", "-f", "web"], stdout=pipe, text=True) as following:
        assert following.stdout is not None
        assert following.stdout.readline() == "ready\n"
        services("stop", "web")
        assert following.stdout.read() == "got SIGTERM\n"
        assert following.wait(PATIENCE) == 0


def test_logs_keep_both_streams_apart_and_in_lines(services: Services) -> None:
    program = "import sys\nfor i in range(3): print(i, flush=True)\nsys.stderr.write('bad')"
    services.once("both", program)
    services("wait", "both")
    done = services.run("logs", "both")
    assert (done.stdout, done.stderr) == ("0\n1\n2\n", "bad\n")
    assert services("logs", "--tail", "1", "both") == ""
    assert services("logs", "-n", "2", "both") == "2\n"
    stamped = services("logs", "-t", "both").splitlines()
    assert all(line.split()[0].endswith("Z") and len(line.split()) == 2 for line in stamped)


def test_a_box_that_is_to_be_removed_is_gone_with_its_end(services: Services) -> None:
    services.start("brief", FOREVER, "--rm")
    services("stop", "brief")
    services.until(lambda: not services.look("brief"))
    services.start("brief", FOREVER, "--rm")
    os.kill(services.look("brief")["SupervisorPid"], signal.SIGKILL)
    services.until(lambda: not services.look("brief"))


def test_one_that_runs_is_removed_by_force_only(services: Services) -> None:
    services.start("web", FOREVER)
    shown = services.look("web")
    assert "boxer rm -f web" in services("rm", "web", status=1)
    services("rm", "-f", "web")
    services.until(lambda: is_gone(shown["Pid"]))
    assert services("ps", "-aq") == ""
    assert "service-missing" in services("rm", "web", status=1)


def test_variables_come_from_files_and_stand_in_no_command_line(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSED", "on")
    monkeypatch.delenv("UNSET", raising=False)
    file = tmp_path / "variables"
    file.write_text('# a comment\n\nA="quoted" and # kept\nB=\nPASSED\nUNSET\nC=x=y\n  D= z \n')
    program = (
        "import os\n"
        "print({k: v for k, v in os.environ.items() if k in 'A B C D E PASSED UNSET'.split()})\n"
    )
    services.start("env", program + FOREVER, "--env-file", str(file), "-e", "E=secret", "-e", "C=2")
    expected = {"A": '"quoted" and # kept', "B": "", "PASSED": "on", "C": "2", "D": " z ",
                "E": "secret"}  # fmt: skip
    assert eval(services("logs", "env").splitlines()[0]) == expected
    shown = services.look("env")
    for pid in (shown["Pid"], shown["SupervisorPid"]):
        assert b"secret" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    monkeypatch.setenv("PASSED", "changed since")
    services("restart", "-t", "20", "env")
    services.until(lambda: services("logs", "env").count("ready") == 2)
    assert eval(services("logs", "env").splitlines()[2]) == expected


def test_what_a_box_is_granted_it_has_in_each_life(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program = "import os, sys; open('lives', 'a').write('x'); print(os.getcwd(), sys.argv)"
    services.once("disk", program, "-v", "./data:/data", "-w", "/data", "--limit", "time=100")
    assert services("wait", "disk") == "0\n"
    monkeypatch.chdir("/")
    services("start", "disk")
    assert services("wait", "disk") == "0\n"
    assert (tmp_path / "data" / "lives").read_text() == "xx"
    assert services("logs", "disk") == "/data ['-c']\n" * 2


def test_a_box_goes_on_with_the_file_it_began_with(services: Services, tmp_path: Path) -> None:
    own = tmp_path / "own.wasm"
    own.write_bytes(services.box.read_bytes())
    services("run", "-d", "--name", "kept", own, "python", "-c", "print('life')")
    services("wait", "kept")
    own.write_bytes(b"no box")
    services("start", "kept")
    services("wait", "kept")
    assert services("logs", "kept") == "life\nlife\n"


def test_input_and_terminal_as_asked_for(services: Services) -> None:
    program = "import sys; print(sys.stdin.isatty(), sys.stdout.isatty(), repr(sys.stdin.read()))"
    services.once("none", program)
    services("wait", "none")
    assert services("logs", "none") == "False False ''\n"
    services.start("open", "import sys\nprint('ready', flush=True)\nsys.stdin.read()", "-i")
    assert services.look("open")["State"] == "running"
    services("run", "-d", "-t", "--name", "terminal", services.box, "python", "-c", program)
    services.until(lambda: services.look("terminal")["State"] == "running")
    services("kill", "terminal")
    services.once("tty", "import sys; print(sys.stdin.isatty(), sys.stdout.isatty())", "-it")
    services("wait", "tty")
    assert services("logs", "tty") == "True True\n"


def test_what_cannot_begin_is_told_and_leaves_nothing(services: Services, tmp_path: Path) -> None:
    missing = f"type=bind,source={tmp_path / 'none'},target=/data"
    error = services("run", "-d", "--name", "web", "--mount", missing, services.box, status=125)
    assert error.startswith("error[bad-mount]: ")
    assert services("ps", "-aq") == ""
    for words in (["--limit", "memory=1"], ["-u", "root"], ["-v", "x:y:z:w"], ["--restart", "x"],
                  ["--restart", "always", "--rm"], ["--stop-signal", "SIGSEGV"],
                  ["--log-opt", "max-size=x"], ["--health-cmd", "true", "--health-retries", "x"],
                  ["--env-file", str(tmp_path / "none")]):  # fmt: skip
        assert services("run", "-d", *words, services.box, status=125).startswith("error[")
    assert "box-missing" in services("run", "-d", "nonesuch", status=125)
    assert services("ps", "-aq") == ""


def test_what_belongs_to_detached_boxes_is_refused_elsewhere(services: Services) -> None:
    for words in (["--restart", "always"], ["--health-cmd", "true"], ["--log-opt", "max-file=1"]):
        error = services("run", *words, services.box, status=125)
        assert error.startswith("error[bad-service-option]: ")
        assert "boxer run -d" in error
    assert services("run", "--rm", "--name", "x1", "-l", "a=b", services.box, "true") == ""


def test_records_that_cannot_be_kept_are_told(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    with monkeypatch.context() as patched:
        patched.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
        done = services.run("run", "-d", services.box, "true")
        assert done.returncode == 125
        assert done.stderr.startswith("error[cannot-write]: ")
        assert services("ps", "-a").split()[0] == "ID"


def test_a_full_disk_ends_no_box_and_is_told(services: Services) -> None:
    program = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "signal.signal(signal.SIGUSR1, lambda *_: print('heard', flush=True))\n"
    )
    services.start("web", program + FOREVER)
    watching = services.look("web")["SupervisorPid"]
    before = resource.prlimit(watching, resource.RLIMIT_FSIZE)
    resource.prlimit(watching, resource.RLIMIT_FSIZE, (0, before[1]))
    services("kill", "-s", "USR1", "web")
    services("stop", "web")  # which neither the log nor the state can say now
    assert services("logs", "web") == "ready\n"
    resource.prlimit(watching, resource.RLIMIT_FSIZE, before)
    services.until(lambda: services.look("web")["State"] == "exited")
    assert services.look("web")["ExitCode"] == 7


def test_a_damaged_record_is_told_and_hides_no_other(services: Services) -> None:
    services.start("good", FOREVER)
    bad = services.state / "boxer" / "services" / "bad"
    bad.mkdir()
    (bad / "service.json").write_text("{")
    done = services.run("ps", "--format", "{{.Names}}")
    assert done.stdout == "good\n"
    assert "error[service-state]" in done.stderr
    assert f"rm -r {bad}" in done.stderr
    assert "service-state" in services("logs", "bad", status=1)
    (bad / "service.json").unlink()
    bad.rmdir()


def test_what_was_killed_while_it_was_made_is_swept(services: Services) -> None:
    services.once("one", "pass")
    left = services.state / "boxer" / "services" / ".new-0123456789abcdef"
    left.mkdir()
    (left / "lock").touch()
    os.utime(left, (0, 0))
    services("ps")
    assert not left.exists()


def test_twenty_at_once(services: Services) -> None:
    def start(number: int) -> None:
        services.start(f"box-{number}", f"print({number})\n{HANDLER}")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(start, range(20)))
    assert len(services("ps", "-q").split()) == 20
    names = [f"box-{number}" for number in range(20)]
    assert services("stop", *names).split() == names
    assert services("wait", *names).split() == ["7"] * 20
    for number in range(20):
        assert services("logs", f"box-{number}") == f"{number}\nready\ngot SIGTERM\n"
    services("rm", *names)


def test_templates_and_lists_as_dockers(services: Services) -> None:
    made = services.start("web", FOREVER)
    assert services("ps", "--format", "{{.Names}}: {{.State}}") == "web: running\n"
    assert services("ps", "--no-trunc", "-q") == f"{made}\n"
    assert services("ps", "--format", "{{json .Labels}}") == "{}\n"
    assert "Names" in services("ps", "--format", "{{.Nonesuch}}", status=1)
    assert services("port", "web") == ""
    assert "publishes no port" in services("port", "web", "80", status=1)
    services("stop", "web")
    assert "does not run" in services("port", "web", status=1)
    assert "SIGSEGV" in services("kill", "-s", "SIGSEGV", "web", status=1)


def test_a_check_that_does_not_run_is_told(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOXER_NATIVE", "0")
    words = ("--limit", "time=1000", services.box, "python", "-c", FOREVER)
    done = services.run("run", "-d", "--name", "web", "--health-cmd", "true", *words)
    assert done.returncode == 0
    assert "the health of `web` is not checked" in done.stderr
    assert "(health is not checked)" in services("ps")
    assert "older Boxer, or runs without the native library" in (
        services("exec", "web", "true", status=125)
    )


# --- exec, health -----------------------------------------------------------------------------


def test_a_second_program_runs_beside_the_first(services: Services) -> None:
    services.start("web", FOREVER, "-e", "A=1", "-w", "/tmp")
    program = "import os, sys; print(os.getcwd(), os.environ['A'], os.environ['B'], sys.argv[1:])"
    shown = services("exec", "-e", "B=2", "web", "python", "-c", program, "an argument", "")
    assert shown == "/tmp 1 2 ['an argument', '']\n"
    assert services("exec", "-w", "/usr", "-e", "A=3", "web", "sh", "-c", "pwd; echo $A") == (
        "/usr\n3\n"
    )
    assert services("exec", "-u", "5:6", "web", "id").startswith("uid=5(games) gid=6(disk)")
    assert services.run("exec", "-i", "web", "cat", stdin="typed\n").stdout == "typed\n"
    assert services.run("exec", "web", "cat", stdin="not given\n").stdout == ""
    both = services.run("exec", "web", "sh", "-c", "echo out; echo err >&2; exit 4")
    assert (both.stdout, both.stderr, both.returncode) == ("out\n", "err\n", 4)
    large = services("exec", "web", "python", "-c", "print('x' * 300000)")
    assert large == "x" * 300000 + "\n"
    assert services.run("exec", "web", "sh", "-c", "kill -TERM $$").returncode == 143
    missing = services.run("exec", "web", "nonesuch")
    assert (missing.stderr, missing.returncode) == ("boxer exec: nonesuch: not found\n", 127)
    assert services.run("exec", "web", "/etc").returncode == 126
    assert "no such folder" in services.run("exec", "-w", "/none", "web", "true").stderr
    assert services("logs", "web") == "ready\n"
    services("stop", "web")
    assert "does not run" in services("exec", "web", "true", status=125)


@pytest.mark.parametrize(("words", "folder"), [((), "/app"), (("-w", "/usr"), "/usr")])
def test_a_second_program_begins_where_the_first_began(
    services: Services, words: tuple[str, ...], folder: str
) -> None:
    services.start("web", "import os\nos.chdir('/tmp')\n" + FOREVER, *words)
    assert services("exec", "web", "pwd") == f"{folder}\n"


def test_a_second_program_sees_the_first_and_its_files(services: Services) -> None:
    program = (
        "import signal\nopen('/tmp/made', 'w').write('by the first')\n"
        "signal.signal(signal.SIGUSR1, lambda *_: print('heard', flush=True))\n"
    )
    services.start("web", program + FOREVER)
    assert services("exec", "web", "cat", "/tmp/made") == "by the first"
    services("exec", "web", "sh", "-c", "kill -USR1 7; echo mine > /tmp/mine")
    services.until(lambda: services("logs", "web") == "ready\nheard\n")
    assert services("exec", "web", "cat", "/tmp/mine") == "mine\n"


@pytest.mark.parametrize(
    "loop", ["while True: pass", "import os\nwhile True: os.getppid()", "input()"]
)
def test_a_program_that_never_waits_leaves_others_a_turn(services: Services, loop: str) -> None:
    services.start("busy", f"print('ready', flush=True)\n{loop}", "-i", "--limit", "time=1000")
    assert services("exec", "busy", "echo", "a turn") == "a turn\n"


def test_many_second_programs_at_once(services: Services) -> None:
    services.start("web", FOREVER)

    def run(number: int) -> str:
        return services("exec", "web", "python", "-c", f"print({number})")

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(run, range(12))) == [f"{number}\n" for number in range(12)]
    # The program's, and the one that asks.
    count = ("exec", "web", "sh", "-c", "echo /proc/[0-9]*")
    services.until(lambda: len(services(*count).split()) == 2)


def test_a_second_program_ends_with_who_asked_for_it_and_with_the_box(services: Services) -> None:
    services.start("web", FOREVER)
    count = ("exec", "web", "sh", "-c", "echo /proc/[0-9]*")
    command = [str(BOXER), "exec", "web", "sh", "-c", "echo begun; sleep 1000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as asking:
        assert asking.stdout is not None
        assert asking.stdout.readline() == "begun\n"
        asking.kill()
    services.until(lambda: len(services(*count).split()) == 2)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as asking:
        assert asking.stdout is not None
        assert asking.stdout.readline() == "begun\n"
        services("kill", "web")
        assert asking.wait(PATIENCE) == 137


def health_of(services: Services, name: str) -> dict[str, Any]:
    found: dict[str, Any] = services.look(name)["Health"]
    return found


def test_health_is_checked_and_shown(services: Services) -> None:
    services.start("web", FOREVER, "--health-cmd", "echo looked; test -e /tmp/well",
                   "--health-interval", "200ms", "--health-retries", "2")  # fmt: skip
    services.until(lambda: health_of(services, "web")["Status"] == "unhealthy")
    found = health_of(services, "web")
    assert found["FailingStreak"] >= 2
    assert found["Log"][-1]["ExitCode"] == 1
    assert found["Log"][-1]["Output"] == "looked\n"
    assert "(unhealthy)" in services("ps")
    services("exec", "web", "touch", "/tmp/well")
    services.until(lambda: health_of(services, "web")["Status"] == "healthy")
    assert "(healthy)" in services("ps")
    assert len(health_of(services, "web")["Log"]) <= 5
    services("stop", "web")
    assert health_of(services, "web")["Status"] == "none"
    assert services("logs", "web") == "ready\n"


def test_a_check_that_takes_too_long_is_killed_and_fails(services: Services) -> None:
    services.start("web", FOREVER, "--health-cmd", "trap '' TERM; sleep 1000",
                   "--health-interval", "100ms", "--health-timeout", "500ms",
                   "--health-retries", "1")  # fmt: skip
    services.until(lambda: health_of(services, "web")["Status"] == "unhealthy")
    (first, *_) = health_of(services, "web")["Log"]
    assert first["ExitCode"] == -1
    assert "more than 0.5 seconds" in first["Output"]


def test_the_boxs_own_check_and_signal_are_used(
    services: Services, boxer: Boxer, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.13-slim\nSTOPSIGNAL SIGUSR1\n"
        'HEALTHCHECK --interval=100ms CMD ["python", "-c", "print(6 * 7)"]\n'
    )
    box = tmp_path / "own.wasm"
    assert boxer("build", "-q", "-o", box, tmp_path).returncode == 0
    services("run", "-d", "--name", "own", box, "python", "-c", HANDLER)
    services.until(lambda: health_of(services, "own")["Status"] == "healthy")
    assert health_of(services, "own")["Log"][0]["Output"] == "42\n"
    services("stop", "own")
    assert services("logs", "own") == "ready\ngot SIGUSR1\n"
    services("run", "-d", "--name", "off", "--no-healthcheck", box, "python", "-c", FOREVER)
    assert services.look("off")["Health"] is None


def test_ports_are_shown_and_lead_into_the_box(services: Services) -> None:
    program = (
        "import http.server\n"
        "server = http.server.HTTPServer(('', 8000), http.server.SimpleHTTPRequestHandler)\n"
        "print('ready', flush=True)\nserver.serve_forever()\n"
    )
    services.start("web", program, "-p", "8000", "--restart", "always")
    (port,) = services.look("web")["Publishers"]
    assert (port["ip"], port["box"], port["protocol"]) == ("127.0.0.1", 8000, "tcp")
    address = f"127.0.0.1:{port['host']}"
    assert services("port", "web") == f"8000/tcp -> {address}\n"
    assert services("port", "web", "8000") == f"{address}\n"
    assert f"{address}->8000/tcp" in services("ps")
    with urllib.request.urlopen(f"http://{address}/", timeout=PATIENCE) as page:
        assert page.status == 200
    assert services("exec", "web", "echo", "too") == "too\n"
    taken = services.run("run", "-d", "-p", f"{port['host']}:8000", services.box)
    assert taken.returncode == 125
    assert taken.stderr.startswith("error[port-taken]")
    services("stop", "web")
    assert services("ps", "-aq") != ""
    services("start", "web")
    services.until(lambda: services("logs", "web").count("ready") == 2)

"""Programs, cells and files of a living machine; forks, pauses, snapshots of it."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import tarfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import boxer
from boxer import CellResult
from boxer.errors import (
    DamagedBoxError,
    GuestError,
    GuestFileError,
    InputTooLargeError,
    LimitReached,
    MachineBusyError,
    MachineOverError,
    MountError,
)
from boxer.runtime import Limits

pytestmark = pytest.mark.base

PNG = "iVBORw0KGgo="
RICH = f"""
class Rich:
    def _repr_html_(self): return '<b>x</b>'
    def _repr_png_(self): return __import__('base64').b64decode({PNG!r})
    def _repr_json_(self): return {{'a': [1]}}
    def _repr_svg_(self): return '<svg/>'
    def _repr_markdown_(self): return '*x*'
    def _repr_latex_(self): return '$x$'
    def _repr_jpeg_(self): raise ValueError('no')
"""


def text_of(result: CellResult) -> str | None:
    """What the last expression's value looks like."""
    return None if result.value is None else result.value.text


# --- programs ---


def test_a_program_has_the_machines_files_and_what_it_is_given(machine: boxer.Machine) -> None:
    machine.files.write("note", "hello")
    result = machine.run(
        ["sh", "-c", 'cat note; read line; echo "$line $V"; pwd; echo bad >&2; exit 3'],
        stdin=b"typed\n", env={"V": "v"},
    )  # fmt: skip
    assert result.stdout == b"hellotyped v\n/home/user\n"
    assert (result.stderr, result.exit_code, result.limit) == (b"bad\n", 3, None)


def test_a_string_is_a_command_line(machine: boxer.Machine) -> None:
    assert machine.run("cd /tmp; echo a | cat; pwd").stdout == b"a\n/tmp\n"


def test_a_program_as_another_user_and_elsewhere(machine: boxer.Machine) -> None:
    for user in ("1000:1000", "user"):
        result = machine.run("id; pwd", user=user, cwd="/tmp")
        assert result.stdout.startswith(b"uid=1000")
        assert result.stdout.endswith(b"/tmp\n")
    with pytest.raises(GuestFileError):
        machine.run("id", user="nobody-of-here")


@pytest.mark.parametrize("argv", [["no-such-program"], ["/home"]])
def test_what_cannot_be_started_is_an_error(machine: boxer.Machine, argv: list[str]) -> None:
    with pytest.raises(GuestFileError) as caught:
        machine.run(argv)
    assert caught.value.errno
    assert machine.run(["sh", "-c", "exit 0"]).exit_code == 0


def test_a_folder_that_is_not_there(machine: boxer.Machine) -> None:
    with pytest.raises(GuestFileError):
        machine.run("pwd", cwd="/nowhere")


def test_programs_that_do_not_end_are_ended(machine: boxer.Machine) -> None:
    result = machine.run("trap '' TERM INT; while :; do sleep 1; done", timeout=0.3)
    assert (result.exit_code, result.limit) == (137, "time")
    assert machine.rest(300)


def test_output_beyond_the_limit_ends_a_program(template: boxer.Template) -> None:
    with template.start(limits=Limits(output=100_000)) as machine:
        result = machine.run("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done")
        assert result.limit == "output"
        assert len(result.stdout) == 100_000
        assert machine.run("echo on").stdout == b"on\n"


def test_output_comes_as_it_is_written(machine: boxer.Machine) -> None:
    seen: list[bytes] = []
    gate = threading.Event()

    def take(data: bytes) -> None:
        seen.append(data)
        if not gate.is_set():  # it waits for what is written when the first line has come
            gate.set()
            machine.files.write("/tmp/go", "")

    script = "echo one; while [ ! -e /tmp/go ]; do sleep 0.01; done; echo two"
    result = machine.run(script, on_stdout=take)
    assert b"".join(seen) == b"one\ntwo\n"
    assert seen[0] == b"one\n"
    assert result.stdout == b""


def test_large_input_and_output(machine: boxer.Machine) -> None:
    data = os.urandom(3 << 20)
    assert machine.run(["cat"], stdin=data).stdout == data


def test_input_that_nobody_reads(machine: boxer.Machine) -> None:
    assert machine.run("exit 4", stdin=b"x" * 1_000_000).exit_code == 4


def test_a_program_in_the_background_is_written_to_and_signalled(machine: boxer.Machine) -> None:
    program = machine.start_program("while read x; do echo got $x; done; echo end", stdin=True)
    program.write(b"a\nb\n")
    program.close_input()
    assert program.wait().stdout == b"got a\ngot b\nend\n"
    other = machine.start_program(
        "trap 'echo caught; exit 7' TERM; echo up; while :; do sleep 0.05; done"
    )
    output = other.output()
    assert next(output) == (1, b"up\n")
    other.send_signal(signal.SIGTERM)
    assert [data for stream, data in output if stream == 1] == [b"caught\n"]
    assert other.exit_code == 7
    with pytest.raises(GuestFileError):
        other.send_signal(signal.SIGTERM)


def test_a_program_on_a_terminal(machine: boxer.Machine) -> None:
    program = machine.start_program(
        ["python", "-c", "import os; print(os.isatty(0), os.get_terminal_size())"],
        terminal=(33, 99),
    )
    text = b"".join(data for _, data in program.output(300))
    assert b"True" in text
    assert b"columns=99, lines=33" in text


def test_several_programs_and_a_cell_at_once(machine: boxer.Machine) -> None:
    waiting = "while [ ! -e /tmp/go ]; do sleep 0.01; done; echo done"
    programs = [machine.start_program(waiting) for _ in range(3)]
    assert machine.cell("seed + 1").value is not None
    machine.files.write("/tmp/go", "")
    assert [one.wait(300).stdout for one in programs] == [b"done\n"] * 3


def test_a_server_in_the_background_and_its_client(machine: boxer.Machine) -> None:
    machine.files.write("index.html", "served")
    server = machine.start_program(["python", "-u", "-m", "http.server", "8123"])
    assert next(iter(server.output(300)))[1].startswith(b"Serving")
    result = machine.cell(
        "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:8123/').read()"
    )
    assert result.value is not None
    assert result.value.text == "b'served'"
    server.kill()
    server.wait(300)
    assert machine.rest(300)


# --- cells ---


def test_names_stay_and_the_last_value_is_shown(machine: boxer.Machine) -> None:
    first = machine.cell("import sys\nx = seed\nprint('out')\nprint('err', file=sys.stderr)\nx * 2")
    assert (first.stdout, first.stderr, first.count) == ("out\n", "err\n", 1)
    assert first.value is not None
    assert first.value.text == "10"
    assert machine.cell("x;").value is None
    assert machine.cell("x = 1").value is None
    assert machine.exec("print(x)").stdout == b"1\n"


def test_an_error_has_the_cells_lines_and_none_of_ours(machine: boxer.Machine) -> None:
    machine.cell("def f():\n    return 1 / 0")
    error = machine.cell("f()").error
    assert error is not None
    assert (error.name, error.value) == ("ZeroDivisionError", "division by zero")
    assert "return 1 / 0" in error.traceback
    assert "_cells" not in error.traceback
    syntax = machine.cell("a b").error
    assert syntax is not None
    assert syntax.name == "SyntaxError"
    gone = machine.cell("raise SystemExit(3)").error
    assert gone is not None
    assert gone.name == "SystemExit"
    assert machine.cell("1").value is not None


def test_rich_values_by_ipythons_protocol(machine: boxer.Machine) -> None:
    shown = machine.cell(RICH + "Rich()").value
    assert shown is not None
    assert shown.data["text/html"] == "<b>x</b>"
    assert shown.data["image/png"] == PNG
    assert shown.data["application/json"] == {"a": [1]}
    assert shown.data["image/svg+xml"] == "<svg/>"
    assert shown.data["text/latex"] == "$x$"
    assert shown.data["text/markdown"] == "*x*"
    assert "image/jpeg" not in shown.data
    code = "class B:\n  def _repr_mimebundle_(self, **k): return {'text/plain': 'p', 'x/y': 1}\nB()"
    bundle = machine.cell(code).value
    assert bundle is not None
    assert bundle.data == {"text/plain": "p", "x/y": 1}


def test_display_shows_in_the_midst(machine: boxer.Machine) -> None:
    result = machine.cell("display([1], 'two')\n3")
    assert [(one.text, one.is_main) for one in result.shown] == [
        ("[1]", False), ("'two'", False), ("3", True),
    ]  # fmt: skip


def test_a_repr_that_fails(machine: boxer.Machine) -> None:
    value = machine.cell("class C:\n  def __repr__(self): raise ValueError\nC()").value
    assert value is not None
    assert "repr fails" in value.text


def test_await_at_the_top(machine: boxer.Machine) -> None:
    machine.cell("import asyncio\nqueue = asyncio.Queue()\nawait queue.put(5)")
    assert text_of(machine.cell("await queue.get()")) == "5"


def test_shell_lines(machine: boxer.Machine) -> None:
    assert (
        machine.cell("for i in range(2):\n    !echo line\nprint('p')").stdout == "line\nline\np\n"
    )
    assert machine.cell("%%bash\necho a\necho b").stdout == "a\nb\n"


def test_output_of_children_is_the_cells(machine: boxer.Machine) -> None:
    code = (
        "import os, subprocess\nos.write(1, b'raw\\n')\nsubprocess.run(['sh', '-c', 'echo e >&2'])"
    )
    result = machine.cell(code + "\nNone")
    assert (result.stdout, result.stderr) == ("raw\n", "e\n")


def test_contexts_have_names_and_folders_of_their_own(machine: boxer.Machine) -> None:
    machine.cell("x = 1; import os; os.chdir('/tmp')", context="a")
    assert machine.cell("x", context="b").error is not None
    assert machine.cell("os.getcwd()", context="a").stdout == ""
    assert text_of(machine.cell("import os; os.getcwd()")) == "'/home/user'"
    machine.forget("a")
    assert machine.cell("x", context="a").error is not None


def test_variables_of_one_cell(machine: boxer.Machine) -> None:
    assert text_of(machine.cell("import os; os.environ['ONE']", env={"ONE": "1"})) == "'1'"
    assert machine.cell("os.environ['ONE']").error is not None


@pytest.mark.parametrize(
    "code",
    ["while True: pass", "import time; time.sleep(100)", "import asyncio; await asyncio.sleep(100)",
     "while True: print('x' * 100)", "import subprocess; subprocess.run(['sleep', '100'])"],
)  # fmt: skip
def test_an_interrupt_ends_a_cell_and_keeps_the_machine(machine: boxer.Machine, code: str) -> None:
    machine.cell("kept = 1")
    result = machine.cell(code, timeout=0.3)
    assert result.limit == "time"
    assert result.error is not None
    assert result.error.name == "KeyboardInterrupt"
    kept = machine.cell("kept").value
    assert kept is not None
    assert kept.text == "1"


def test_a_cell_that_does_not_heed_ends_with_its_machine(machine: boxer.Machine) -> None:
    # It is interrupted once it stands where it does not heed: the prompt says so.
    code = (
        "while True:\n  try:\n    input('in')\n    while True: pass\n  except BaseException: pass"
    )
    cell = machine.start_cell(code, asks=True)
    assert cell.asked.next(300).head["prompt"] == "in"  # type: ignore[union-attr]
    cell.answer("")
    with pytest.raises(LimitReached):
        cell.wait(0.2)
    with pytest.raises(MachineOverError):
        machine.cell("1")


def test_a_cell_that_waits_for_its_turn_can_be_taken_back(machine: boxer.Machine) -> None:
    first = machine.start_cell("while True: pass")
    second = machine.start_cell("y = 1")
    second.interrupt()
    assert second.wait(300).error is not None
    first.interrupt()
    assert first.wait(300).error is not None
    assert machine.cell("y").error is not None


def test_input_is_asked_for(machine: boxer.Machine) -> None:
    cell = machine.start_cell("input('name? ') + '!'", asks=True)
    assert cell.asked.next(300).head["prompt"] == "name? "  # type: ignore[union-attr]
    cell.answer("Ada")
    result = cell.wait(300)
    assert result.value is not None
    assert result.value.text == "'Ada!'"
    refused = machine.cell("input()").error
    assert refused is not None
    assert refused.name == "EOFError"


def test_output_of_a_cell_is_bounded(template: boxer.Template) -> None:
    with template.start(limits=Limits(output=200_000)) as machine:
        result = machine.cell("while True: print('x' * 1000)")
        assert result.limit == "output"
        assert len(result.stdout) <= 200_000


def test_completions_and_descriptions(machine: boxer.Machine) -> None:
    machine.cell("def greet(name):\n    'Says hello.'\nvalue = 'text'")
    start, words = machine.complete("x = value.upp")
    assert (start, words) == (10, ["upper"])
    assert "greet" in machine.complete("gre")[1]
    assert machine.describe("greet") == "greet(name)\n\nSays hello."
    assert machine.describe("nothing_of_that_name") is None


def test_a_template_has_what_its_cells_left_and_no_machine_anothers(
    template: boxer.Template,
) -> None:
    with template.start() as one, template.start() as other:
        one.cell("seed = 6; open('/tmp/mine', 'w').close()")
        assert text_of(other.cell("seed")) == "5"
        assert not other.files.exists("/tmp/mine")
        draws = [machine.cell("import os; os.urandom(8)").value for machine in (one, other)]
        assert draws[0] != draws[1]


def test_a_template_whose_cell_fails(sandbox_box: Path) -> None:
    with pytest.raises(GuestError, match="ZeroDivisionError"):
        boxer.load(sandbox_box).template("1 / 0")


# --- files ---


def test_files_are_written_read_listed_and_removed(machine: boxer.Machine) -> None:
    files = machine.files
    data = os.urandom(2_500_000)
    info = files.write("a/b/c.bin", data, mode=0o600)
    assert (info.size, info.mode, info.type) == (len(data), 0o600, "file")
    assert files.read("a/b/c.bin") == data
    assert files.write("a/b/c.bin", "short").size == 5
    assert files.read_text("a/b/c.bin") == "short"
    assert [one.path for one in files.list("a", depth=3)] == ["a/b", "a/b/c.bin"]
    assert files.mkdir("a/new")
    assert not files.mkdir("a/new")
    files.rename("a/b/c.bin", "a/new/d")
    files.symlink("d", "a/new/link")
    assert files.stat("a/new/link", follow=False).target == "d"
    assert files.stat("a/new/link").size == 5
    files.remove("a")
    assert not files.exists("a")


def test_what_files_refuse(machine: boxer.Machine) -> None:
    files = machine.files
    for work in (
        lambda: files.read("/nowhere"), lambda: files.read("/tmp"), lambda: files.list("/nowhere"),
        lambda: files.read("/dev/zero"), lambda: files.write("/dev/null", b"x"),
        lambda: files.remove("/nowhere"),
    ):  # fmt: skip
        with pytest.raises(GuestFileError):
            work()
    with pytest.raises(ValueError, match="NUL"):
        files.read("a\0b")
    files.write("/tmp/large", b"x" * 3_000_000)
    with pytest.raises(InputTooLargeError):
        files.read("/tmp/large", most=1_000_000)


def test_storage_is_bounded(template: boxer.Template) -> None:
    with template.start(limits=Limits(storage="1MB")) as machine:
        with pytest.raises(GuestFileError) as caught:
            machine.files.write("/tmp/large", b"x" * 3_000_000)
        assert caught.value.errno == 28
        assert machine.run("echo on").stdout == b"on\n"


def test_trees_go_in_and_out(machine: boxer.Machine, tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "x").write_text("x")
    (tmp_path / "in" / "run.sh").write_text("#!/bin/sh\necho ran\n")
    (tmp_path / "in" / "run.sh").chmod(0o755)
    (tmp_path / "in" / "link").symlink_to("deep/x")
    machine.files.upload(tmp_path / "in", "/srv/app")
    assert machine.run("cat /srv/app/link; /srv/app/run.sh").stdout == b"xran\n"
    archive = io.BytesIO()
    machine.files.download("/srv/app", archive)
    archive.seek(0)
    with tarfile.open(fileobj=archive) as found:
        assert {"app", "app/deep/x", "app/link", "app/run.sh"} <= set(found.getnames())
    archive.seek(0)
    machine.files.upload(archive, "/srv/copy")
    assert machine.files.read("/srv/copy/app/deep/x") == b"x"


@pytest.mark.parametrize("name", ["/etc/evil", "../evil", "a/../../evil"])
def test_archives_that_lead_out(machine: boxer.Machine, name: str) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as made:
        member = tarfile.TarInfo(name)
        made.addfile(member)
    archive.seek(0)
    with pytest.raises(ValueError, match="leads out"):
        machine.files.upload(archive, "/srv")


def test_changes_are_seen(machine: boxer.Machine) -> None:
    """From when one begins to watch, not from when one first asks."""
    files = machine.files
    files.write("/srv/w/old", "1")
    watching = files.watch("/srv/w", interval=0.01, timeout=300)
    assert machine.run("echo 22 > /srv/w/old; echo n > /srv/w/new").exit_code == 0
    seen: set[tuple[str, str]] = set()
    while not {("write", "old"), ("create", "new")} <= seen:
        change = next(watching)
        seen.add((change.kind, change.path))
    assert ("remove", "old") not in seen


# --- forks, pauses, snapshots ---


def test_a_fork_goes_on_with_everything(machine: boxer.Machine) -> None:
    machine.cell("import os\nx = 1\nos.chdir('/tmp')\nos.environ['E'] = 'e'")
    machine.run("echo file > /tmp/f")  # a machine that has had processes
    with machine.fork() as other:
        assert (
            text_of(other.cell("x, os.getcwd(), os.environ['E'], open('f').read()"))
            == "(1, '/tmp', 'e', 'file\\n')"
        )
        other.cell("x = 2")
        assert other.run("cat /tmp/f; echo more >> /tmp/f").stdout == b"file\n"
        assert machine.files.read("/tmp/f") == b"file\n"
        with other.fork() as third:
            assert third.files.read("/tmp/f") == b"file\nmore\n"
    assert text_of(machine.cell("x")) == "1"


def test_a_machine_that_is_busy_is_not_copied(machine: boxer.Machine) -> None:
    program = machine.start_program("sleep 100")
    with pytest.raises(MachineBusyError, match=str(program.pid)):
        machine.fork()
    program.kill()
    program.wait(300)
    machine.cell("import threading, time\nt = threading.Thread(target=time.sleep, args=(60,))")
    machine.cell("t.daemon = True; t.start()")
    with pytest.raises(MachineBusyError, match="thread"):
        machine.fork()


def test_a_thread_of_a_cell_goes_on_behind_it(machine: boxer.Machine) -> None:
    code = "import threading\nhere = []\ndef f():\n  gate.wait(60)\n  here.append(1)\n"
    machine.cell(code + "gate = threading.Event()\nt = threading.Thread(target=f)\nt.start()")
    assert text_of(machine.cell("gate.set(); t.join(); here")) == "[1]"
    assert machine.rest(300)


def test_a_paused_machine_stands_still(machine: boxer.Machine) -> None:
    program = machine.start_program("while :; do echo x; sleep 0.01; done")
    output = program.output(300)
    next(output)
    machine.pause()
    deadline = time.monotonic() + 60
    while said(program, 0.3):  # what was under way
        assert time.monotonic() < deadline
    assert not said(program, 0.3)
    machine.resume()
    assert next(program.output(300))
    program.kill()


def said(program: boxer.Program, seconds: float) -> bytes:
    """In so many seconds."""
    text = b""
    with contextlib.suppress(TimeoutError):
        for _, data in program.output(seconds):
            text += data
    return text


def test_a_snapshot_is_gone_on_with(template: boxer.Template, tmp_path: Path) -> None:
    place = tmp_path / "kept"
    with template.start() as machine:
        machine.cell("x = [1]")
        machine.run("echo kept > /tmp/f")
        machine.save(place)
    assert place.stat().st_mode & 0o777 == 0o600
    for _ in range(2):
        with template.restore(place) as restored:
            assert text_of(restored.cell("x.append(2); x")) == "[1, 2]"
            assert restored.run("cat /tmp/f").stdout == b"kept\n"


def test_snapshots_that_are_none(
    template: boxer.Template, sandbox_box: Path, tmp_path: Path
) -> None:
    place = tmp_path / "kept"
    with template.start() as machine:
        machine.cell("x = 1")
        machine.save(place)
    whole = place.read_bytes()
    head_end = whole.index(b"\n", 20)
    other = boxer.load(sandbox_box).template("other = 1")
    with pytest.raises(DamagedBoxError, match="another box"):
        other.restore(place)
    for damaged in (
        b"", b"nothing of the kind\n", whole[:-1], whole + b"x", whole[:100],
        whole[:-1] + bytes([whole[-1] ^ 1]),
        whole[:head_end].replace(b'"size": ', b'"size": 9') + whole[head_end:],
    ):  # fmt: skip
        place.write_bytes(damaged)
        with pytest.raises(DamagedBoxError):
            template.restore(place)


def test_a_machine_with_folders_is_used_but_not_copied(
    template: boxer.Template, tmp_path: Path
) -> None:
    (tmp_path / "in").write_text("host")
    with template.start(mounts=[boxer.Mount(str(tmp_path), "/data")]) as machine:
        assert machine.run("cat /data/in; echo out > /data/out").stdout == b"host"
        assert (tmp_path / "out").read_text() == "out\n"
        with pytest.raises(MountError):
            machine.fork()
        with pytest.raises(MountError):
            machine.save(tmp_path / "kept")


def test_closing_ends_whatever_runs(template: boxer.Template) -> None:
    machine = template.start()
    program = machine.start_program("trap '' TERM; while :; do :; done")
    cell = machine.start_cell("while True: pass")
    machine.close()
    for work in (lambda: program.wait(300), lambda: cell.wait(300), lambda: machine.run("ls")):
        with pytest.raises(MachineOverError):
            work()


def test_a_program_that_ends_the_interpreter_ends_the_machine(machine: boxer.Machine) -> None:
    with pytest.raises(MachineOverError):
        machine.cell("import os; os._exit(3)")
    assert machine.is_over


def test_no_network_and_no_environment_of_the_host(machine: boxer.Machine) -> None:
    code = "import socket, os\nsocket.create_connection(('192.0.2.1', 80), 5)"
    assert machine.cell(code).error is not None
    os.environ["BOXER_TEST_SECRET"] = "s"
    try:
        value = machine.cell("'BOXER_TEST_SECRET' in os.environ").value
    finally:
        del os.environ["BOXER_TEST_SECRET"]
    assert value is not None
    assert value.text == "False"


def test_a_machine_that_is_put_back_has_nothing_of_the_life_before(
    template: boxer.Template,
) -> None:
    """Files, names, variables, the folder it is in, threads that have ended; and what it draws."""
    template.close()
    seen, first = [], True
    for _ in range(4):
        with template.start() as machine:
            told = machine.cell(
                "import os, random, uuid, builtins, sys\n"
                "secret = [os.path.exists('/tmp/left'), 'LEFT' in os.environ, os.getcwd(),"
                " hasattr(builtins, 'left'), seed, 'decimal' in sys.modules,"
                " os.path.exists('/etc/left')]\n"
                "print(secret, random.random(), uuid.uuid4(), sep='|')"
            )
            secret, *drawn = told.stdout.split("|")
            assert secret == "[False, False, '/home/user', False, 5, False, False]"
            seen.append(tuple(drawn))
            assert machine.run("echo 1 > /etc/left").exit_code == 0 or not first
            machine.cell(
                "import decimal, threading; open('/tmp/left', 'w').write('x' * 100000)\n"
                "os.environ['LEFT'] = '1'; os.chdir('/tmp'); builtins.left = seed = 6\n"
                "thread = threading.Thread(target=print); thread.start(); thread.join()"
            )
            first = False
    assert len({one for drawn in seen for one in drawn}) == 2 * len(seen)


def test_only_machines_equal_to_their_image_are_used_again(template: boxer.Template) -> None:
    for code, is_kept in (
        ("x = 1", True),
        ("raise ValueError", True),
        ("x = bytearray(8 << 20)", True),
        ("import os; os.system('true')", False),  # it has had a process
        ("x = bytearray(200 << 20)", False),  # it has grown
        ("import os; os._exit(1)", False),  # it has ended by itself
    ):
        template.close()
        with template.start() as machine, contextlib.suppress(MachineOverError):
            machine.cell(code)
        kept = template._spares._machines
        assert len(kept) == is_kept, code
        assert all(one.is_pristine() for _, one in kept)
        if is_kept:
            with template.start(limits=Limits(memory="300MB")) as machine:
                assert machine.cell("1 + 1").error is None  # another limit: a machine of its own
            with template.start() as machine:
                assert machine.cell("1 + 1").error is None


def test_what_was_forked_is_not_used_again(template: boxer.Template) -> None:
    template.close()
    with template.start() as machine:
        machine.cell("x = bytearray(b'x') * (4 << 20)")
        with machine.fork() as copy:
            assert copy.cell("print(len(x))").stdout == f"{4 << 20}\n"
    assert not template._spares._machines or template._spares._machines[0][1].is_pristine()


def test_eight_machines_at_their_bound_of_memory(template: boxer.Template) -> None:
    """Each goes on, and so does what it had; the host has its memory back."""

    def resident() -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) >> 10 for line in lines if line.startswith("VmRSS"))

    def eat(number: int) -> None:
        with template.start(limits=Limits(time=60.0, memory="160MB")) as machine:
            machine.cell(f"kept = {number}")
            hungry = "held = []\nwhile True: held.append(bytearray(b'x') * (4 << 20))"
            for _ in range(2):
                eating = machine.cell(hungry)
                assert eating.error is not None
                assert eating.error.name == "MemoryError"
                machine.cell("del held")
            told = machine.cell("kept").value
            assert told is not None
            assert told.text == str(number)

    before = resident()
    with ThreadPoolExecutor(8) as many:
        list(many.map(eat, range(8)))
    assert resident() < before + 300

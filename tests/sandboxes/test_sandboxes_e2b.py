"""The unmodified SDKs `e2b` and `e2b-code-interpreter` against a server of sandboxes."""

from __future__ import annotations

import asyncio
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

e2b: Any = pytest.importorskip("e2b", reason="pip install e2b-code-interpreter")
sdk: Any = pytest.importorskip("e2b_code_interpreter", reason="pip install e2b-code-interpreter")
pytestmark = pytest.mark.base


@pytest.fixture
def sandbox(served: SimpleNamespace) -> Iterator[Any]:

    made = sdk.Sandbox.create(timeout=600, metadata={"owner": "me"}, envs={"GIVEN": "g"})
    yield made
    made.kill()


def test_code_is_run_and_told(sandbox: Any) -> None:
    lines: list[str] = []
    code = "import sys\nx = seed\nprint('out')\nprint('err', file=sys.stderr)\nx + 1"
    run = sandbox.run_code(code, on_stdout=lambda message: lines.append(message.line))
    assert (run.text, run.logs.stdout, run.logs.stderr) == ("6", ["out\n"], ["err\n"])
    assert lines == ["out\n"]
    assert run.execution_count == 1
    failed = sandbox.run_code("1 / 0").error
    assert (failed.name, failed.value) == ("ZeroDivisionError", "division by zero")
    rich = sandbox.run_code("class A:\n  def _repr_html_(self): return '<b>'\ndisplay(A())\nA()")
    assert [one.html for one in rich.results] == ["<b>", "<b>"]
    assert [one.is_main_result for one in rich.results] == [False, True]
    assert sandbox.run_code("import os; os.environ['ONE']", envs={"ONE": "1"}).text == "'1'"
    assert sandbox.run_code("echo $GIVEN", language="bash").logs.stdout == ["g\n"]


def test_output_comes_while_code_runs(sandbox: Any) -> None:
    def heard(message: Any) -> None:
        if "one" in message.line:
            sandbox.files.write("/tmp/go", "")

    code = "import os, time\nprint('one')\nwhile not os.path.exists('/tmp/go'): time.sleep(.01)\n7"
    assert sandbox.run_code(code, on_stdout=heard).text == "7"


def test_code_that_takes_too_long(sandbox: Any) -> None:

    sandbox.run_code("kept = 1")
    with pytest.raises(e2b.TimeoutException):
        sandbox.run_code("while True: pass", timeout=1)
    assert sandbox.run_code("kept").text == "1"


def test_languages_that_are_not_there(sandbox: Any) -> None:
    with pytest.raises(Exception, match="runs python and bash"):
        sandbox.run_code("1", language="r")


def test_contexts(sandbox: Any) -> None:

    context = sandbox.create_code_context(cwd="/tmp")
    assert sandbox.run_code("import os; y = 1; os.getcwd()", context=context).text == "'/tmp'"
    assert sandbox.run_code("y").error.name == "NameError"
    assert {one.id for one in sandbox.list_code_contexts()} == {"default", context.id}
    sandbox.restart_code_context(context)
    assert sandbox.run_code("y", context=context).error.name == "NameError"
    sandbox.remove_code_context(context)
    with pytest.raises(e2b.NotFoundException):
        sandbox.run_code("1", context=context)


def test_commands(sandbox: Any) -> None:

    result = sandbox.commands.run("echo $GIVEN $MORE; pwd", envs={"MORE": "m"}, cwd="/tmp")
    assert (result.stdout, result.exit_code) == ("g m\n/tmp\n", 0)
    assert sandbox.commands.run("id -u; pwd", user="root").stdout == "0\n/home/user\n"
    assert sandbox.commands.run("id -u", user="user").stdout == "1000\n"
    with pytest.raises(e2b.CommandExitException) as caught:
        sandbox.commands.run("echo bad >&2; exit 3")
    assert (caught.value.exit_code, caught.value.stderr) == (3, "bad\n")
    with pytest.raises(e2b.TimeoutException):
        sandbox.commands.run("sleep 60", timeout=1)
    with pytest.raises(Exception, match="no user"):
        sandbox.commands.run("id", user="nobody-here")


def test_commands_in_the_background(sandbox: Any) -> None:

    handle = sandbox.commands.run("cat; echo end", background=True, stdin=True)
    assert [one.pid for one in sandbox.commands.list()] == [handle.pid]
    sandbox.commands.send_stdin(handle.pid, "typed\n")
    sandbox.commands.close_stdin(handle.pid)
    assert handle.wait().stdout == "typed\nend\n"
    handle = sandbox.commands.run("sleep 100", background=True)
    other = sandbox.commands.connect(handle.pid)
    assert sandbox.commands.kill(handle.pid)
    with pytest.raises(e2b.CommandExitException):
        other.wait()
    assert not sandbox.commands.kill(handle.pid)
    assert sandbox.commands.list() == []


def test_a_terminal(sandbox: Any) -> None:

    terminal = sandbox.pty.create(size=e2b.PtySize(rows=30, cols=90))
    sandbox.pty.send_stdin(terminal.pid, b"echo $((40 + 2))\nexit\n")
    seen: list[bytes] = []
    terminal.wait(on_pty=seen.append)
    assert b"42" in b"".join(seen)


def test_files(sandbox: Any) -> None:

    files = sandbox.files
    assert files.write("/tmp/d/a.txt", "hello").path == "/tmp/d/a.txt"
    assert files.read("/tmp/d/a.txt") == "hello"
    data = os.urandom(3_000_000)
    assert [one.name for one in files.write_files([
        {"path": "/tmp/d/b", "data": data}, {"path": "c", "data": "2"},
    ])] == ["b", "c"]  # fmt: skip
    assert bytes(files.read("/tmp/d/b", format="bytes")) == data
    assert b"".join(files.read("/tmp/d/b", format="stream")) == data
    files.write("/tmp/z", data, gzip=True)
    assert bytes(files.read("/tmp/z", format="bytes")) == data
    assert files.read("c") == files.read("/home/user/c") == "2"
    assert [(one.name, one.type) for one in files.list("/tmp/d")] == [
        ("a.txt", e2b.FileType.FILE), ("b", e2b.FileType.FILE),
    ]  # fmt: skip
    assert files.exists("/tmp/d") and not files.exists("/nowhere")  # noqa: PT018
    assert files.get_info("/tmp/d/a.txt").size == 5
    assert files.make_dir("/tmp/new") and not files.make_dir("/tmp/new")  # noqa: PT018
    assert files.rename("/tmp/d/a.txt", "/tmp/new/x").path == "/tmp/new/x"
    files.remove("/tmp/d")
    assert not files.exists("/tmp/d")
    for work in (lambda: files.read("/nowhere"), lambda: files.list("/nowhere")):
        with pytest.raises(e2b.FileNotFoundException):
            work()  # type: ignore[no-untyped-call]


def test_a_folder_is_watched(sandbox: Any) -> None:
    sandbox.files.write("/tmp/w/old", "1")
    handle = sandbox.files.watch_dir("/tmp/w", recursive=True)
    sandbox.files.write("/tmp/w/deep/new", "1")
    sandbox.files.rename("/tmp/w/old", "/tmp/w/renamed")
    sandbox.files.remove("/tmp/w/renamed")
    seen = {(one.type.value, one.name) for one in handle.get_new_events()}
    assert {("create", "deep/new"), ("remove", "old")} <= seen
    handle.stop()


def test_links_to_files(served: SimpleNamespace, sandbox: Any) -> None:
    sandbox.files.write("/tmp/f", "linked")
    link = sandbox.download_url("/tmp/f", use_signature_expiration=60)
    query = link.partition("?")[2]

    def got(query: str) -> int:
        request = urllib.request.Request(f"{served.url}/files?{query}")
        request.add_header("E2b-Sandbox-Id", sandbox.sandbox_id)
        try:
            with urllib.request.urlopen(request, timeout=300) as reply:
                assert reply.read() == b"linked"
                return int(reply.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    assert got(query) == 200
    assert got(query.replace("%2Ftmp%2Ff", "%2Fetc%2Fpasswd")) == 401
    assert got("path=/tmp/f") == 401


def test_forks_pauses_and_snapshots(sandbox: Any) -> None:

    sandbox.run_code("x = 1")
    sandbox.commands.run("echo f > /tmp/f")
    forks = sandbox.fork(count=2)
    for fork in forks:
        assert fork.run_code("x += 1; x").text == "2"
        assert fork.files.read("/tmp/f") == "f\n"
        fork.kill()
    assert sandbox.run_code("x").text == "1"
    assert sandbox.pause()
    assert sandbox.get_info().state.value == "paused"
    assert not sandbox.is_running()
    again = sdk.Sandbox.connect(sandbox.sandbox_id)
    assert again.run_code("x").text == "1"
    snapshot = again.create_snapshot().snapshot_id
    third = sdk.Sandbox.create(snapshot)
    assert third.run_code("x").text == "1"
    third.kill()
    assert sdk.Sandbox.delete_snapshot(snapshot)


def test_what_is_busy_is_not_forked_but_paused(sandbox: Any) -> None:

    handle = sandbox.commands.run("while :; do sleep 0.05; done", background=True)
    [refused] = sandbox.fork()
    assert "not at rest" in str(refused)
    assert sandbox.pause()
    again = sdk.Sandbox.connect(sandbox.sandbox_id)
    assert again.commands.kill(handle.pid)


def test_lists_and_the_end(served: SimpleNamespace, sandbox: Any) -> None:

    other = sdk.Sandbox.create(metadata={"owner": "you"})
    found = sdk.Sandbox.list().next_items()
    assert {one.sandbox_id for one in found} == {sandbox.sandbox_id, other.sandbox_id}
    info = sandbox.get_info()
    assert info.metadata == {"owner": "me"}
    sandbox.set_timeout(3600)
    assert sandbox.get_info().end_at > info.end_at
    assert other.kill() and not sdk.Sandbox.kill(other.sandbox_id)  # noqa: PT018
    with pytest.raises(e2b.SandboxNotRunningException):
        other.commands.run("ls")
    brief = sdk.Sandbox.create(timeout=1)
    for _ in range(600):
        if not brief.is_running():
            break
        asyncio.run(asyncio.sleep(0.05))
    else:
        pytest.fail("its time is over")


def test_a_sandbox_that_is_killed_while_code_runs(sandbox: Any) -> None:

    def heard(_: Any) -> None:
        sandbox.kill()

    with pytest.raises(e2b.TimeoutException, match="killed"):
        sandbox.run_code("print('up')\nimport time\ntime.sleep(60)", on_stdout=heard)


def test_who_may_do_what(served: SimpleNamespace, sandbox: Any) -> None:

    with pytest.raises(e2b.AuthenticationException):
        sdk.Sandbox.create(api_key="wrong")
    for path, body in (("/execute", b"{}"), ("/process.Process/List", b"{}")):
        for headers in ({}, {"X-Access-Token": "wrong"}):
            request = urllib.request.Request(f"{served.url}{path}", body, headers)
            request.add_header("E2b-Sandbox-Id", sandbox.sandbox_id)
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(request, timeout=300)
            assert caught.value.code == 401
            caught.value.close()
    other = sdk.Sandbox.create()
    sandbox.files.write("/tmp/mine", "1")
    assert not other.files.exists("/tmp/mine")
    refused: tuple[dict[str, Any], ...] = (
        {"network": {"allow_out": ["192.0.2.1"]}},
        {"mcp": {"x": {}}},
    )
    for asked in refused:
        with pytest.raises(e2b.SandboxException, match="not supported"):
            sdk.Sandbox.create(**asked)
    other.kill()


def test_how_many_there_may_be(served: SimpleNamespace) -> None:

    made = [sdk.Sandbox.create() for _ in range(20)]
    with pytest.raises(e2b.RateLimitException):
        sdk.Sandbox.create(retries=0)
    assert made[0].kill()
    sdk.Sandbox.create().kill()
    for one in made[1:]:
        one.kill()


def test_the_async_sdk(served: SimpleNamespace) -> None:

    async def one(number: int) -> str:
        sandbox = await sdk.AsyncSandbox.create(timeout=600)
        run = await sandbox.run_code(f"import asyncio\nawait asyncio.sleep(.01)\n{number} * 2")
        await sandbox.kill()
        return str(run.text)

    async def main() -> None:
        assert await asyncio.gather(*map(one, range(8))) == [str(n * 2) for n in range(8)]
        sandbox = await sdk.AsyncSandbox.create(timeout=600)
        events: list[Any] = []
        changed = asyncio.Event()

        def on_event(event: Any) -> None:
            events.append(event.name)
            changed.set()

        handle = await sandbox.files.watch_dir("/tmp", on_event=on_event)
        await sandbox.files.write("/tmp/seen", "1")
        await asyncio.wait_for(changed.wait(), 60)
        await handle.stop()
        assert "seen" in events
        lines: list[str] = []
        result = await sandbox.commands.run("echo a; echo b", on_stdout=lines.append)
        assert result.stdout == "".join(lines) == "a\nb\n"
        both = await asyncio.gather(
            sandbox.commands.run("sleep 0.2; echo c"), sandbox.run_code("3 + 4")
        )
        assert (both[0].stdout, both[1].text) == ("c\n", "7")
        await sandbox.kill()

    asyncio.run(main())

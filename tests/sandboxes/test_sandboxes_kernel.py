"""`boxer kernel` with Jupyter's own client."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest

client: Any = pytest.importorskip("jupyter_client", reason="pip install jupyter-client")
pytest.importorskip("ipykernel", reason="pip install ipykernel")
pytestmark = pytest.mark.base


@pytest.fixture
def kernel(sandbox_box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    subprocess.run(
        [sys.executable, "-P", "-m", "boxer", "kernel", "install", str(sandbox_box), "--name",
         "boxed", "--prefix", str(tmp_path), "-e", "GIVEN=g"],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    told = json.loads((tmp_path / "share/jupyter/kernels/boxed/kernel.json").read_text())
    assert told["interrupt_mode"] == "message"
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share/jupyter"))
    manager = client.KernelManager(kernel_name="boxed")
    manager.start_kernel(stderr=subprocess.DEVNULL)
    yield manager
    if manager.is_alive():
        manager.shutdown_kernel(now=True)
    manager.cleanup_resources()


@pytest.fixture
def talk(kernel: Any) -> Iterator[Any]:
    talking = kernel.client()
    talking.start_channels()
    talking.wait_for_ready(timeout=120)
    yield talking
    talking.stop_channels()


def executed(talk: Any, code: str, **options: Any) -> tuple[str, list[tuple[str, Any]]]:
    """The reply's status, and what was shown meanwhile."""
    seen: list[tuple[str, Any]] = []

    def hook(message: Any) -> None:
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            seen.append((content["name"], content["text"]))
        elif kind in ("execute_result", "display_data"):
            seen.append((kind, content["data"]))
        elif kind == "error":
            seen.append((kind, content["ename"]))

    reply = talk.execute_interactive(code, output_hook=hook, timeout=120, **options)
    return reply["content"]["status"], seen


def reply(talk: Any, number: str) -> Any:
    while True:
        try:
            message = talk.get_shell_msg(timeout=120)
        except Empty:
            pytest.fail("there is no reply")
        if message["parent_header"]["msg_id"] == number:
            return message["content"]


def test_cells_of_a_notebook(talk: Any) -> None:
    code = "x = 1\nprint('out')\ndisplay(2)\nimport os\nos.environ['GIVEN'], x"
    assert executed(talk, code) == ("ok", [
        ("stdout", "out\n"), ("display_data", {"text/plain": "2"}),
        ("execute_result", {"text/plain": "('g', 1)"}),
    ])  # fmt: skip
    assert executed(talk, "1 / 0") == ("error", [("error", "ZeroDivisionError")])
    assert executed(talk, "import sys; sys.platform, x")[1][0][1]["text/plain"].endswith(", 1)")
    assert reply(talk, talk.execute("x"))["execution_count"] == 4


def test_input_completions_and_help(talk: Any) -> None:
    def answer(_: Any) -> None:
        talk.input("Ada")

    assert executed(talk, "n = input('who? ')\nn", stdin_hook=answer) == (
        "ok", [("execute_result", {"text/plain": "'Ada'"})],
    )  # fmt: skip
    told = reply(talk, talk.complete("y = n.upp", 9))
    assert (told["matches"], told["cursor_start"]) == (["upper"], 6)
    assert "Return the number" in reply(talk, talk.inspect("len", 3))["data"]["text/plain"]
    for code, status in (("1 + 1", "complete"), ("for i in x:", "incomplete"), (")", "invalid")):
        assert reply(talk, talk.is_complete(code))["status"] == status


def test_interrupt_and_restart(kernel: Any, talk: Any) -> None:
    executed(talk, "kept = 1")
    number = talk.execute("print('up')\nwhile True: pass")
    while talk.get_iopub_msg(timeout=120)["msg_type"] != "stream":
        pass
    kernel.interrupt_kernel()
    assert reply(talk, number)["ename"] == "KeyboardInterrupt"
    assert executed(talk, "kept")[0] == "ok"
    kernel.restart_kernel()
    talk.wait_for_ready(timeout=120)
    assert executed(talk, "kept") == ("error", [("error", "NameError")])


def test_a_machine_that_has_ended_is_said(talk: Any) -> None:
    assert executed(talk, "import os; os._exit(3)")[0] == "error"
    assert executed(talk, "1")[0] == "error"

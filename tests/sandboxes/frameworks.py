"""Run by test_sandboxes_frameworks.py in an environment that has the frameworks: BOX, FRAMEWORK."""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
from pathlib import Path
from typing import Any

import boxer


def langchain(template: boxer.Template) -> None:
    from boxer.sandboxes.langchain import sandbox_tools

    with template.start() as machine:
        tools = {tool.name: tool for tool in sandbox_tools(machine)}
        assert tools["run_python"].invoke({"code": "x = seed\nx * 2"}) == "10"
        call = {"name": "run_python", "args": {"code": "x"}, "id": "1", "type": "tool_call"}
        message = tools["run_python"].invoke(call)
        assert (message.content, message.artifact) == ("5", [])
        assert tools["run_shell"].invoke({"command": "echo a; exit 2"}) == "a\n[exit code 2]"
        assert tools["write_file"].invoke({"path": "a/b", "content": "hi"}) == "2 bytes"
        assert tools["read_file"].invoke({"path": "a/b"}) == "hi"
        assert "a/b" in tools["list_files"].invoke({"path": "a"})
        assert "FileNotFoundError" in tools["read_file"].invoke({"path": "none"})


def smolagents(template: boxer.Template) -> None:
    from smolagents import CodeAgent, tool
    from smolagents.models import ChatMessage, MessageRole, Model

    from boxer.errors import ServeError
    from boxer.sandboxes.smolagents import BoxerExecutor

    steps = ["y = add_one(41)\ny", "final_answer({'answer': y, 'given': given})"]

    class Scripted(Model):  # type: ignore[misc]
        def generate(self, messages: Any, **options: Any) -> Any:
            text = f"Thought: on\n<code>\n{steps.pop(0)}\n</code>"
            return ChatMessage(role=MessageRole.ASSISTANT, content=text)

    @tool  # type: ignore[untyped-decorator]
    def add_one(number: int) -> int:
        """Adds one.

        Args:
            number: to which
        """
        return number + 1

    with BoxerExecutor(template, ["json"]) as executor:
        agent = CodeAgent(tools=[add_one], model=Scripted(model_id="s"), executor=executor)
        answer = agent.run("go", additional_args={"given": [1, {"a": 2}]})
        assert answer == {"answer": 42, "given": [1, {"a": 2}]}, answer
    try:
        BoxerExecutor(template, ["no-such-package"])
    except ServeError:
        return
    raise AssertionError("a package that is not there")


def openai(template: boxer.Template) -> None:
    asyncio.run(_openai(template))


async def _openai(template: boxer.Template) -> None:
    from agents.sandbox.entries import File
    from agents.sandbox.manifest import Manifest
    from agents.sandbox.snapshot import LocalSnapshotSpec

    from boxer.sandboxes.openai_agents import BoxerSandboxClient, BoxerSandboxClientOptions

    client = BoxerSandboxClient({"default": template})
    with tempfile.TemporaryDirectory() as folder:
        session = await client.create(
            options=BoxerSandboxClientOptions(),
            manifest=Manifest(entries={"given.txt": File(content=b"given")}),
            snapshot=LocalSnapshotSpec(base_path=Path(folder)),
        )
        async with session:
            assert (await session.exec("cat given.txt; pwd")).stdout == b"given/workspace\n"
            assert (await session.exec("exit 3")).exit_code == 3
            await session.mkdir("d")
            await session.write(Path("d/x"), io.BytesIO(b"data"))
            await session.mv("d/x", "d/y")
            assert (await session.read(Path("d/y"))).read() == b"data"
            assert [entry.path for entry in await session.ls("d")] == ["/workspace/d/y"]
            for path in ("../etc/passwd", "/etc/passwd"):
                try:
                    await session.read(Path(path))
                except Exception:  # the SDK's own: outside of the workspace
                    continue
                raise AssertionError(path)
            kept = client.serialize_session_state(session.state)
        await client.delete(session)
        again = await client.resume(client.deserialize_session_state(kept))
        async with again:
            assert (await again.exec("cat d/y given.txt")).stdout == b"datagiven"
            await again.rm("d", recursive=True)
        await client.delete(again)


if __name__ == "__main__":
    made = boxer.load(sys.argv[1]).template("seed = 5")
    {"langchain": langchain, "smolagents": smolagents, "openai": openai}[sys.argv[2]](made)
    print("done")

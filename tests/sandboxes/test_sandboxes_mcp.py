"""`boxer mcp` with the client of the package `mcp`, over stdio and streamable HTTP."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

mcp: Any = pytest.importorskip("mcp", reason="pip install mcp")
pytestmark = pytest.mark.base

COMMAND = [sys.executable, "-P", "-m", "boxer", "mcp"]
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\nrest").decode()


async def told(client: Any, tool: str, **arguments: Any) -> tuple[bool, str]:
    """Whether it failed, and its text or images' types."""
    result = await client.call_tool(tool, arguments)
    parts = [getattr(one, "text", None) or one.mime_type for one in result.content]
    return bool(result.is_error), "\n".join(parts)


def over_stdio(box: Path, work: Callable[[Any], Awaitable[None]], *options: str) -> None:
    from mcp.client.stdio import StdioServerParameters, stdio_client

    async def main() -> None:
        env = {name: os.environ[name] for name in ("PATH", "HOME", "XDG_CACHE_HOME")
               if name in os.environ}  # fmt: skip
        words = [*COMMAND[1:], str(box), *options]
        server = StdioServerParameters(command=COMMAND[0], args=words, env=env)
        async with mcp.Client(stdio_client(server)) as client:
            await work(client)

    asyncio.run(main())


def test_tools_over_stdio(sandbox_box: Path) -> None:
    async def work(client: Any) -> None:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert {"run_python", "run_shell", "read_file", "write_file", "list_files"} <= names
        assert await told(client, "run_python", code="x = seed\nprint('out')\nx") == (
            False,
            "out\n9",
        )
        assert await told(client, "run_python", code="x") == (False, "9")
        failed, text = await told(client, "run_python", code="1 / 0")
        assert failed and "ZeroDivisionError" in text  # noqa: PT018
        failed, text = await told(client, "run_python", code="x", fresh=True)
        assert failed and "NameError" in text  # noqa: PT018
        assert await told(client, "run_shell", command="cat; exit 2", stdin="in") == (
            True, "in\n[exit code 2]",
        )  # fmt: skip
        assert not (await told(client, "write_file", path="d/f", content="text"))[0]
        assert await told(client, "read_file", path="d/f") == (False, "text")
        assert "d/f" in (await told(client, "list_files", path=".", depth=2))[1]
        await told(client, "write_file", path="p.png", content=PNG, is_base64=True)
        assert (await told(client, "read_file", path="p.png"))[1] == "p.png\nimage/png"
        assert not (await told(client, "remove_file", path="d"))[0]
        assert (await told(client, "read_file", path="d/f"))[0]
        failed, text = await told(client, "run_python", code="while True: pass", timeout=0.3)
        assert failed and "time limit" in text  # noqa: PT018
        assert (await told(client, "run_python", code="1", timeout=10_000))[0]

    over_stdio(sandbox_box, work, "--prepare", "seed = 9")


def test_sessions(sandbox_box: Path) -> None:
    async def work(client: Any) -> None:
        _, name = await told(client, "new_session")
        await told(client, "run_python", code="x = 1")
        await told(client, "run_python", code="y = 2", session=name)
        assert (await told(client, "run_python", code="x", session=name))[0]
        assert await told(client, "run_python", code="y", session=name) == (False, "2")
        assert await told(client, "end_session", session=name) == (False, "ended")
        failed, text = await told(client, "run_python", code="y", session=name)
        assert failed and "no session" in text  # noqa: PT018
        assert (await told(client, "end_session", session="guessed"))[0]

    over_stdio(sandbox_box, work)


def test_a_session_whose_machine_has_ended_begins_anew(sandbox_box: Path) -> None:
    async def work(client: Any) -> None:
        assert (await told(client, "run_python", code="import os; os._exit(1)"))[0]
        assert await told(client, "run_python", code="2") == (False, "2")

    over_stdio(sandbox_box, work)


@pytest.fixture
def http_server(sandbox_box: Path) -> Any:
    server = subprocess.Popen(
        [*COMMAND, str(sandbox_box), "--http", "0"],
        stderr=subprocess.PIPE, text=True, env={**os.environ, "BOXER_API_KEY": "secret"},
    )  # fmt: skip
    assert server.stderr is not None
    for line in server.stderr:
        found = re.search(r"running on (http://\S+)", line)
        if found:
            break
    else:
        pytest.fail("the server has not begun")
    yield f"{found[1]}/mcp"
    server.terminate()
    server.wait(30)
    server.stderr.close()


def test_tools_over_http(http_server: str) -> None:
    import httpx2 as httpx
    from mcp.client.streamable_http import streamable_http_client

    async def main() -> None:
        headers = {"Authorization": "Bearer secret"}
        async with (
            httpx.AsyncClient(headers=headers) as http,
            mcp.Client(streamable_http_client(http_server, http_client=http)) as client,
        ):
            assert await told(client, "run_python", code="6 * 7", fresh=True) == (False, "42")
            failed, text = await told(client, "run_python", code="1")
            assert failed and "new_session" in text  # noqa: PT018
            _, name = await told(client, "new_session")
            await told(client, "write_file", path="/tmp/f", content="1", session=name)
            assert await told(client, "read_file", path="/tmp/f", session=name) == (False, "1")

    asyncio.run(main())


def test_nobody_without_the_key(http_server: str) -> None:
    import urllib.error
    import urllib.request

    for headers in ({}, {"Authorization": "Bearer wrong"}):
        request = urllib.request.Request(http_server, b"{}", headers)
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=300)
        assert caught.value.code == 401
        caught.value.close()


def test_an_open_address_wants_a_key(sandbox_box: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name != "BOXER_API_KEY"}
    refused = subprocess.run(
        [*COMMAND, str(sandbox_box), "--http", "0.0.0.0:0"],
        env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert refused.returncode == 1
    assert "BOXER_API_KEY" in refused.stderr

"""A server of the Model Context Protocol: tools that run Python and shell commands in sandboxes.

Belongs here: the tools, and which sandbox a call means. Does not: the protocol, which is the
package `mcp`'s: `pip install 'boxer[mcp]'`.

Invariants
1. A call means the session it names; without a name, over stdio, the one of the process, and over
   HTTP that of its connection. A connection without state has to name one.
2. A session's name cannot be guessed; it ends when it was not used for a while.
3. What a tool cannot do is an answer that says so, as the protocol wants it.
"""

from __future__ import annotations

import base64
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from boxer.errors import BoxerError, SandboxError
from boxer.library import Machine
from boxer.sandboxes.manager import Sandbox, Sandboxes
from boxer.sandboxes.serving import needed
from boxer.sandboxes.telling import Told, cell_told, run_told

IDLE = 3600.0  # seconds that a session lives without a call
DEFAULT_TIMEOUT, LONGEST_TIMEOUT = 30.0, 600.0
LARGEST_FILE = 8 << 20

INSTRUCTIONS = """Tools that run Python code and shell commands in a sandbox: a small Linux-like \
machine with its own files, without access to the host, and without network unless it was granted. \
Names, imports and files stay from call to call of a session. `new_session` gives a session of its \
own; `fresh=true` runs a call on a machine that is thrown away after it."""


class Sessions:
    """Which sandbox a call means. is_one: calls without a name share one sandbox."""

    def __init__(self, sandboxes: Sandboxes, is_one: bool) -> None:
        self._sandboxes = sandboxes
        self._is_one = is_one
        self._by_connection: dict[str, str] = {}
        self._lock = threading.Lock()

    def new(self) -> str:
        """Its name. Raises `SandboxError`."""
        return self._sandboxes.create(timeout=IDLE).name

    def end(self, name: str) -> bool:
        """False: there was none."""
        return self._sandboxes.kill(name)

    @contextlib.contextmanager
    def machine(self, name: str | None, connection: str | None, fresh: bool) -> Iterator[Machine]:
        """Raises `SandboxError`."""
        if not fresh and name is None and connection is None and not self._is_one:
            raise SandboxError(
                "This connection keeps nothing from call to call: name a session (`new_session`"
                " makes one), or say `fresh=true`."
            )
        if fresh:
            sandbox = self._sandboxes.create(timeout=IDLE)
            try:
                yield sandbox.machine
            finally:
                self._sandboxes.kill(sandbox.name)
            return
        sandbox = self._named(name) if name else self._of(connection or "")
        with sandbox.lock:  # one call of a session at a time
            sandbox.ends = time.time() + IDLE
            yield sandbox.machine
            sandbox.ends = time.time() + IDLE

    def _named(self, name: str) -> Sandbox:
        try:
            sandbox = self._sandboxes.get(name)
        except SandboxError:
            sandbox = None
        if sandbox is None or sandbox.machine.is_over:
            raise SandboxError(f"There is no session `{name[:40]}`: it has ended.")
        return sandbox

    def _of(self, connection: str) -> Sandbox:
        with self._lock:
            known = self._by_connection.get(connection)
            if known is not None:
                with contextlib.suppress(SandboxError):
                    return self._named(known)
                self._sandboxes.kill(known)
            sandbox = self._sandboxes.create(timeout=IDLE)
            self._by_connection[connection] = sandbox.name
            return sandbox


def mcp_server(sandboxes: Sandboxes, *, is_one: bool) -> Any:
    """An `mcp.server.MCPServer` with the tools. is_one: see `Sessions`."""
    needed("mcp", "boxer[mcp]", "boxer mcp")
    server_module = needed("mcp.server.mcpserver", "boxer[mcp]", "boxer mcp")
    server = server_module.MCPServer("boxer", instructions=INSTRUCTIONS, log_level="WARNING")
    sessions = Sessions(sandboxes, is_one)
    for tool in _tools(sessions, server_module.Context):
        server.add_tool(tool, structured_output=False)
    return server


def _connection(context: Any) -> str | None:
    """The name of the connection, where the transport has one."""
    headers = getattr(context, "headers", None) or {}
    found = {key.lower(): value for key, value in headers.items()}.get("mcp-session-id")
    return str(found) if found else None


def _answer(told: Told) -> Any:
    types = needed("mcp.types", "boxer[mcp]", "boxer mcp")
    content = [types.TextContent(text=told.text or "(no output)")]
    content += [types.ImageContent(data=data, mime_type=kind) for kind, data in told.images]
    return types.CallToolResult(content=content, is_error=told.failed)


def _seconds(timeout: float) -> float:
    if not 0 < timeout <= LONGEST_TIMEOUT:
        raise SandboxError(f"`timeout` is more than 0 and at most {LONGEST_TIMEOUT:.0f} seconds.")
    return timeout


def _tools(sessions: Sessions, context_type: type) -> list[Callable[..., Any]]:
    """Their names, parameters and docstrings are what a model reads."""

    def answered(work: Callable[[], Told]) -> Any:
        try:
            return _answer(work())
        except (BoxerError, ValueError) as error:
            return _answer(Told(str(error), failed=True))

    def run_python(
        code: str,
        session: str | None = None,
        fresh: bool = False,
        timeout: float = DEFAULT_TIMEOUT,
        context: Any = None,
    ) -> Any:
        """Runs Python code as a notebook cell does: names stay from call to call, the last
        expression's value is shown, figures of matplotlib come back as images, `!command` runs a
        shell command. timeout is in seconds."""

        def work() -> Told:
            with sessions.machine(session, _connection(context), fresh) as machine:
                return cell_told(machine.cell(code, timeout=_seconds(timeout)))

        return answered(work)

    def run_shell(
        command: str,
        session: str | None = None,
        fresh: bool = False,
        timeout: float = DEFAULT_TIMEOUT,
        stdin: str = "",
        context: Any = None,
    ) -> Any:
        """Runs a command line with sh in the sandbox, to its end. timeout is in seconds."""

        def work() -> Told:
            with sessions.machine(session, _connection(context), fresh) as machine:
                result = machine.run(command, stdin=stdin.encode(), timeout=_seconds(timeout))
                return run_told(result)

        return answered(work)

    def read_file(path: str, session: str | None = None, context: Any = None) -> Any:
        """Reads a file of the sandbox: text, or an image; other bytes come as base64."""

        def work() -> Told:
            with sessions.machine(session, _connection(context), False) as machine:
                return _file_told(path, machine.files.read(path, most=LARGEST_FILE))

        return answered(work)

    def write_file(
        path: str,
        content: str,
        is_base64: bool = False,
        session: str | None = None,
        context: Any = None,
    ) -> Any:
        """Writes a file of the sandbox, and makes the folders it is in."""

        def work() -> Told:
            data = base64.b64decode(content, validate=True) if is_base64 else content.encode()
            with sessions.machine(session, _connection(context), False) as machine:
                info = machine.files.write(path, data)
                return Told(f"{info.path}: {info.size} bytes")

        return answered(work)

    def list_files(
        path: str = ".", depth: int = 1, session: str | None = None, context: Any = None
    ) -> Any:
        """Lists a folder of the sandbox, `depth` folders deep."""

        def work() -> Told:
            with sessions.machine(session, _connection(context), False) as machine:
                entries = machine.files.list(path, depth=depth)
                lines = [f"{one.type:9} {one.size:>10} {one.path}" for one in entries]
                return Told("\n".join(lines) or "(empty)")

        return answered(work)

    def remove_file(path: str, session: str | None = None, context: Any = None) -> Any:
        """Removes a file of the sandbox, or a folder with all in it."""

        def work() -> Told:
            with sessions.machine(session, _connection(context), False) as machine:
                machine.files.remove(path)
                return Told(f"removed {path}")

        return answered(work)

    def new_session() -> Any:
        """Makes a session of its own: a sandbox whose files and names no other call sees. Its name
        is given to the other tools. It ends after an hour without a call."""
        return answered(lambda: Told(sessions.new()))

    def end_session(session: str) -> Any:
        """Ends a session: all in it is gone."""

        def work() -> Told:
            if not sessions.end(session):
                return Told("there is no such session", failed=True)
            return Told("ended")

        return answered(work)

    tools: list[Callable[..., Any]] = [
        run_python, run_shell, read_file, write_file, list_files, remove_file, new_session,
        end_session,
    ]  # fmt: skip
    for tool in tools:
        for name, annotation in list(tool.__annotations__.items()):
            if name == "context":
                tool.__annotations__[name] = context_type
            elif name == "return":
                del tool.__annotations__[name]
            elif isinstance(annotation, str):
                tool.__annotations__[name] = _TYPES[annotation]
    return tools


_TYPES: dict[str, Any] = {
    "str": str, "str | None": str | None, "bool": bool, "float": float, "int": int,
}  # fmt: skip


def _file_told(path: str, data: bytes) -> Told:
    for kind, start in (("image/png", b"\x89PNG\r\n"), ("image/jpeg", b"\xff\xd8\xff")):
        if data.startswith(start):
            return Told(path, [(kind, base64.b64encode(data).decode())])
    try:
        return Told(data.decode("utf-8"))
    except UnicodeDecodeError:
        return Told(f"base64:{base64.b64encode(data).decode()}")


# --- serving ---


def serve_mcp_stdio(sandboxes: Sandboxes) -> None:
    """Speaks over this process's stdin and stdout, until stdin ends."""
    mcp_server(sandboxes, is_one=True).run("stdio")


def serve_mcp_http(
    sandboxes: Sandboxes, host: str, port: int, key: str | None, access_log: bool = False
) -> None:
    """Serves streamable HTTP at /mcp. key: what clients must send as a bearer token; None: nobody
    is asked for one. Raises `ServeError`."""
    from boxer.sandboxes.serving import run_server

    uvicorn = needed("uvicorn", "boxer[mcp]", "boxer mcp")
    inner = mcp_server(sandboxes, is_one=False).streamable_http_app(host=host)
    application = inner if key is None else _guarded(inner, key)
    config = uvicorn.Config(
        application, host=host, port=port, log_level="info", access_log=access_log,
        server_header=False, timeout_graceful_shutdown=2,
    )  # fmt: skip
    run_server(uvicorn, config)


def _guarded(application: Any, key: str) -> Any:
    from boxer.sandboxes.requests import is_secret

    async def guard(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            given_headers = dict(scope["headers"])
            kind, _, given = (
                given_headers.get(b"authorization", b"").decode("latin-1").partition(" ")
            )
            if kind.lower() != "bearer" or not is_secret(given, key):
                headers = [(b"www-authenticate", b"Bearer"), (b"content-length", b"0")]
                start = {"type": "http.response.start", "status": 401, "headers": headers}
                await send(start)
                await send({"type": "http.response.body", "body": b""})
                return
        await application(scope, receive, send)

    return guard

"""envd's services, as the `e2b` SDK calls them: processes, the file system, files over HTTP.

Belongs here: what their messages mean. Does not: processes themselves (`processes`), envelopes
(`connect`).

Source: the messages of e2b's `process.proto` and `filesystem.proto` (github.com/e2b-dev/E2B).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import datetime
import secrets
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

from boxer.errors import BoxerError, GuestFileError
from boxer.library import FileInfo, changes, entries_of, info_of
from boxer.sandboxes import connect
from boxer.sandboxes.connect import RpcError
from boxer.sandboxes.manager import Sandbox
from boxer.sandboxes.processes import Process, processes_of, start
from boxer.sandboxes.requests import User, asked, file_asked, user_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

LOOK, MOST_WATCHERS, MOST_EVENTS = 0.25, 64, 10_000
TYPES = {
    "file": "FILE_TYPE_FILE",
    "directory": "FILE_TYPE_DIRECTORY",
    "symlink": "FILE_TYPE_SYMLINK",
}


async def call(request: Request, sandbox: Sandbox, service: str, method: str) -> Response:
    """A call of one of the two services."""
    body = await request.body()
    try:
        user = await user_of(sandbox, _user_name(request))
        handler = _STREAMS.get((service, method))
        if handler is not None:
            messages = connect.read_messages(body)
            if len(messages) != 1:
                raise RpcError("invalid_argument", "one message is wanted")
            told = handler(Call(request, sandbox, user), messages[0])
            return connect.stream(_kept_alive(request, told))
        if (service, method) == ("process.Process", "StreamInput"):
            return connect.stream(_stream_input(Call(request, sandbox, user), body))
        answer = _UNARY.get((service, method))
        if answer is None:
            raise RpcError("unimplemented", f"{service}/{method}"[:200])
        message = connect.read_message(body)
        return connect.unary(await answer(Call(request, sandbox, user), message))
    except Exception as error:
        return connect.failed(error)


class Call:
    """A request, the sandbox it is for, and who makes it."""

    def __init__(self, request: Request, sandbox: Sandbox, user: User) -> None:
        self.sandbox, self.user = sandbox, user
        told = request.headers.get("connect-timeout-ms", "")
        self.timeout = int(told) / 1000 if told.isascii() and told.isdigit() else None

    def path(self, message: dict[str, Any], name: str = "path") -> str:
        return self.user.path(_text(message, name))


def _user_name(request: Request) -> str | None:
    kind, _, told = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        return base64.b64decode(told, validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        raise RpcError("unauthenticated", "the user's name cannot be read") from None


def _text(message: dict[str, Any], name: str, default: str = "") -> str:
    value = message.get(name, default)
    if not isinstance(value, str):
        raise RpcError("invalid_argument", f"`{name}` is no text")
    return value


def _bytes(value: object) -> bytes:
    try:
        return base64.b64decode(str(value), validate=False)
    except (binascii.Error, ValueError):
        raise RpcError("invalid_argument", "the data is no base64") from None


async def _kept_alive(
    request: Request, messages: AsyncIterator[dict[str, Any]]
) -> AsyncIterator[dict[str, Any]]:
    """The messages, and one that says nothing where for some time there is none."""
    told = request.headers.get("keepalive-ping-interval", "")
    interval = max(1, int(told)) if told.isascii() and told.isdigit() else 90
    is_process = "/process." in request.url.path
    nothing: dict[str, Any] = {"event": {"keepalive": {}}} if is_process else {"keepalive": {}}
    following = asyncio.ensure_future(anext(messages, None))
    try:
        while True:
            done, _ = await asyncio.wait((following,), timeout=interval)
            if not done:
                yield nothing
                continue
            message = following.result()
            if message is None:
                return
            yield message
            following = asyncio.ensure_future(anext(messages, None))
    finally:
        following.cancel()
        close = getattr(messages, "aclose", None)
        if close is not None and following.done():
            await close()


# --- processes ---


async def _start(call: Call, message: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    config = message.get("process") or {}
    if not isinstance(config, dict):
        raise RpcError("invalid_argument", "`process` is no object")
    argv = [_text(config, "cmd"), *(str(one) for one in config.get("args") or [])]
    envs = {str(k): str(v) for k, v in (config.get("envs") or {}).items()}
    cwd = config.get("cwd")
    size = _terminal(message)
    argv = await _shell_there_is(call.sandbox, argv)
    if any("\0" in one for one in (*argv, *envs, *envs.values(), str(cwd or ""))):
        raise RpcError("invalid_argument", "a NUL character")
    owner = call.user.owner
    request = {
        "op": "start", "argv": argv, "env": {**call.sandbox.env, **envs},
        "cwd": call.user.path(str(cwd)) if cwd else call.user.path(""),
        "user": None if owner is None else list(owner),
        "input": bool(message.get("stdin", True)), "terminal": size,
    }  # fmt: skip
    tag = message.get("tag")
    process = Process(config, str(tag) if tag else None, size is not None)
    queue = await start(call.sandbox, request, process)
    if call.timeout is not None:  # also when nobody listens any more
        _kill_later(call, process, call.timeout)
    yield _event({"start": {"pid": process.pid}})
    async for told in _told(call, process, process.events(queue)):
        yield told


async def _told(
    call: Call, process: Process, events: AsyncIterator[Any]
) -> AsyncIterator[dict[str, Any]]:
    """Until its end, or until the caller waits no longer."""
    loop = asyncio.get_running_loop()
    until = None if call.timeout is None else loop.time() + call.timeout
    while True:
        rest = None if until is None else until - loop.time()
        try:
            event = await asyncio.wait_for(anext(events, None), rest)
        except TimeoutError:
            raise RpcError("deadline_exceeded", "the program took too long") from None
        if event is None:
            return
        if event.kind == "out":
            stream = "stderr" if event.head.get("stream") == 2 else "stdout"
            stream = "pty" if process.is_terminal else stream
            data = base64.b64encode(event.body).decode()
            yield _event({"data": {stream: data}})
        elif event.kind == "done":
            yield _event({"end": _end(process.exit_code or 0)})
        else:
            raise RpcError("unavailable", process.failure or "the sandbox has ended")


def _kill_later(call: Call, process: Process, seconds: float) -> None:
    async def kill() -> None:
        await asyncio.sleep(seconds)
        with contextlib.suppress(BoxerError):
            await _signal_process(call, process, 9)

    process.killer = asyncio.ensure_future(kill())


def _event(event: dict[str, Any]) -> dict[str, Any]:
    return {"event": event}


def _end(code: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "exitCode": code,
        "exited": code <= 128,
        "status": f"exit status {code}",
    }
    return told | ({"error": f"exit status {code}"} if code else {})


def _terminal(message: dict[str, Any]) -> list[int] | None:
    told = message.get("pty")
    if not isinstance(told, dict):
        return None
    size = told.get("size") or {}
    rows, columns = int(size.get("rows", 24)), int(size.get("cols", 80))
    if not (0 < rows < 1 << 16 and 0 < columns < 1 << 16):
        raise RpcError("invalid_argument", "the terminal's size")
    return [rows, columns]


async def _shell_there_is(sandbox: Sandbox, argv: list[str]) -> list[str]:
    """SDKs call `/bin/bash -l -c`; a box without one has `sh`."""
    if argv[0] not in ("/bin/bash", "bash"):
        return argv
    if "bash" not in sandbox.data:
        try:
            await file_asked(sandbox, "stat", path="/bin/bash")
            sandbox.data["bash"] = True
        except GuestFileError:
            sandbox.data["bash"] = False
    if sandbox.data["bash"]:
        return argv
    return ["/bin/sh", *(one for one in argv[1:] if one not in ("-l", "--login"))]


def _selected(call: Call, message: dict[str, Any]) -> Process:
    told = message.get("process") or {}
    running = processes_of(call.sandbox)
    if isinstance(told, dict) and "tag" in told:
        for process in running.values():
            if process.tag == told["tag"]:
                return process
    found = running.get(told.get("pid", 0)) if isinstance(told, dict) else None
    if found is None:
        raise RpcError("not_found", "there is no such process")
    return found


async def _connect(call: Call, message: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    process = _selected(call, message)
    events = process.events(process.listen())
    yield _event({"start": {"pid": process.pid}})
    async for told in _told(call, process, events):
        yield told


async def _list_processes(call: Call, message: dict[str, Any]) -> dict[str, Any]:
    told = []
    for process in processes_of(call.sandbox).values():
        one: dict[str, Any] = {"config": process.config, "pid": process.pid}
        told.append(one | ({"tag": process.tag} if process.tag else {}))
    return {"processes": told}


async def _send_input(call: Call, message: dict[str, Any]) -> dict[str, Any]:
    process = _selected(call, message)
    told = message.get("input") or {}
    data = _bytes(told.get("pty" if process.is_terminal else "stdin", ""))
    await asked(call.sandbox, {"op": "input", "pid": process.pid}, data)
    return {}


async def _stream_input(call: Call, body: bytes) -> AsyncIterator[dict[str, Any]]:
    process: Process | None = None
    for message in connect.read_messages(body):
        if "start" in message:
            process = _selected(call, message["start"] or {})
        elif "data" in message:
            if process is None:
                raise RpcError("invalid_argument", "`start` comes first")
            told = (message["data"] or {}).get("input") or {}
            data = _bytes(told.get("pty" if process.is_terminal else "stdin", ""))
            await asked(call.sandbox, {"op": "input", "pid": process.pid}, data)
    yield {}


async def _close_stdin(call: Call, message: dict[str, Any]) -> dict[str, Any]:
    process = _selected(call, message)
    await asked(call.sandbox, {"op": "close", "pid": process.pid})
    return {}


async def _send_signal(call: Call, message: dict[str, Any]) -> dict[str, Any]:
    numbers = {"SIGNAL_SIGTERM": 15, "SIGNAL_SIGKILL": 9, 15: 15, 9: 9}
    number = numbers.get(message.get("signal", ""))
    if number is None:
        raise RpcError("invalid_argument", "no such signal")
    await _signal_process(call, _selected(call, message), number)
    return {}


async def _signal_process(call: Call, process: Process, number: int) -> None:
    await asked(call.sandbox, {"op": "signal", "pid": process.pid, "signal": number})


async def _update(call: Call, message: dict[str, Any]) -> dict[str, Any]:
    size = _terminal(message)
    if size is not None:
        head = {"op": "resize", "pid": _selected(call, message).pid}
        await asked(call.sandbox, {**head, "rows": size[0], "columns": size[1]})
    return {}


# --- the file system ---


def entry_of(info: FileInfo) -> dict[str, Any]:
    """An EntryInfo."""
    seconds, rest = divmod(info.mtime, 1_000_000_000)
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    letters = {"directory": stat.S_IFDIR, "symlink": stat.S_IFLNK}.get(info.type, stat.S_IFREG)
    told: dict[str, Any] = {
        "name": info.name,
        "type": TYPES.get(info.type, "FILE_TYPE_UNSPECIFIED"),
        "path": info.path,
        "size": str(info.size),
        "mode": info.mode,
        "permissions": stat.filemode(letters | info.mode),
        "owner": info.owner,
        "group": info.group,
        "modifiedTime": moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{rest:09d}Z",
    }
    return told | ({"symlinkTarget": info.target} if info.target is not None else {})


async def _stat(call: Call, message: dict[str, Any]) -> dict[str, Any]:
    path = call.path(message)
    event = await file_asked(call.sandbox, "stat", path=path, follow=False)
    return {"entry": entry_of(info_of(event.head.get("entry")))}


async def _list(sandbox: Sandbox, path: str, depth: int) -> list[FileInfo]:
    event = await file_asked(sandbox, "list", path=path, depth=depth)
    return entries_of(event)


async def _list_dir(call: Call, message: dict[str, Any]) -> dict[str, Any]:
    depth = message.get("depth") or 1
    if type(depth) is not int or depth < 1:
        raise RpcError("invalid_argument", "`depth` is a number from 1 on")
    entries = await _list(call.sandbox, call.path(message), min(depth, 256))
    return {"entries": [entry_of(one) for one in entries]}


async def _make_dir(call: Call, message: dict[str, Any]) -> dict[str, Any]:
    path, owner = call.path(message), call.user.owner
    event = await file_asked(call.sandbox, "mkdir", path=path, owner=owner)
    if not event.head.get("made"):
        raise RpcError("already_exists", f"the folder `{path}` is there already")
    return {"entry": entry_of(info_of(event.head.get("entry")))}


async def _move(call: Call, message: dict[str, Any]) -> dict[str, Any]:
    source, target = call.path(message, "source"), call.path(message, "destination")
    event = await file_asked(call.sandbox, "rename", path=source, to=target, folders=True)
    return {"entry": entry_of(info_of(event.head.get("entry")))}


async def _remove(call: Call, message: dict[str, Any]) -> dict[str, Any]:
    try:
        await file_asked(call.sandbox, "remove", path=call.path(message))
    except GuestFileError as error:
        if error.type != "FileNotFoundError":
            raise
        raise RpcError("not_found", error.text) from None
    return {}


# --- watching ---


class _Watcher:
    """What was in a folder when it was looked at last."""

    def __init__(self, sandbox: Sandbox, path: str, recursive: bool, tells_entry: bool) -> None:
        self._sandbox, self._path, self._depth = sandbox, path, 256 if recursive else 1
        self._tells_entry = tells_entry
        self._known: dict[str, FileInfo] = {}

    async def begin(self) -> None:
        info = info_of((await file_asked(self._sandbox, "stat", path=self._path)).head.get("entry"))
        if info.type != "directory":
            raise RpcError("invalid_argument", f"`{self._path}` is no folder")
        self._known = await self._look()

    async def events(self) -> list[dict[str, Any]]:
        """What has happened since."""
        before, self._known = self._known, await self._look()
        return [self._told(one) for one in _renamed(list(changes(before, self._known)))]

    async def _look(self) -> dict[str, FileInfo]:
        start = len(self._path.rstrip("/")) + 1
        entries = await _list(self._sandbox, self._path, self._depth)
        return {one.path[start:]: one for one in entries}

    def _told(self, change: tuple[str, str, FileInfo | None]) -> dict[str, Any]:
        kind, name, entry = change
        told: dict[str, Any] = {"name": name, "type": f"EVENT_TYPE_{kind.upper()}"}
        if self._tells_entry and entry is not None and kind != "remove":
            told["entry"] = entry_of(entry)
        return told


def _renamed(found: list[Any]) -> list[tuple[str, str, FileInfo | None]]:
    """A file that is gone, and is there by another name, has been renamed."""
    made = {one.entry.inode for one in found if one.kind == "create" and one.entry}
    gone = {one.entry.inode for one in found if one.kind == "remove" and one.entry}
    told: list[tuple[str, str, FileInfo | None]] = []
    for one in found[:MOST_EVENTS]:
        inode = one.entry.inode if one.entry else None
        if one.kind == "remove" and inode in made:
            told.append(("rename", one.path, None))
        elif not (one.kind == "write" and inode in gone):
            told.append((one.kind, one.path, one.entry))
    return told


def _watchers(sandbox: Sandbox) -> dict[str, _Watcher]:
    found: dict[str, _Watcher] = sandbox.data.setdefault("watchers", {})
    return found


async def _new_watcher(call: Call, message: dict[str, Any]) -> _Watcher:
    watcher = _Watcher(
        call.sandbox, call.path(message), bool(message.get("recursive")),
        bool(message.get("includeEntry")),
    )  # fmt: skip
    await watcher.begin()
    return watcher


async def _create_watcher(call: Call, message: dict[str, Any]) -> dict[str, Any]:
    if len(_watchers(call.sandbox)) >= MOST_WATCHERS:
        raise RpcError("resource_exhausted", "too many watchers")
    watcher = await _new_watcher(call, message)
    name = secrets.token_hex(8)
    _watchers(call.sandbox)[name] = watcher
    return {"watcherId": name}


async def _watcher_events(call: Call, message: dict[str, Any]) -> dict[str, Any]:
    watcher = _watchers(call.sandbox).get(_text(message, "watcherId"))
    if watcher is None:
        raise RpcError("not_found", "there is no such watcher")
    return {"events": await watcher.events()}


async def _remove_watcher(call: Call, message: dict[str, Any]) -> dict[str, Any]:
    if _watchers(call.sandbox).pop(_text(message, "watcherId"), None) is None:
        raise RpcError("not_found", "there is no such watcher")
    return {}


async def _watch_dir(call: Call, message: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    watcher = await _new_watcher(call, message)
    yield {"start": {}}
    loop = asyncio.get_running_loop()
    until = None if call.timeout is None else loop.time() + call.timeout
    while until is None or loop.time() < until:
        await asyncio.sleep(LOOK)
        for event in await watcher.events():
            yield {"filesystem": event}


_PROCESS, _FILES = "process.Process", "filesystem.Filesystem"
_Stream = Callable[[Call, dict[str, Any]], AsyncIterator[dict[str, Any]]]
_Unary = Callable[[Call, dict[str, Any]], Awaitable[dict[str, Any]]]
_STREAMS: dict[tuple[str, str], _Stream] = {
    (_PROCESS, "Start"): _start,
    (_PROCESS, "Connect"): _connect,
    (_FILES, "WatchDir"): _watch_dir,
}
_UNARY: dict[tuple[str, str], _Unary] = {
    (_PROCESS, "List"): _list_processes,
    (_PROCESS, "SendInput"): _send_input,
    (_PROCESS, "CloseStdin"): _close_stdin,
    (_PROCESS, "SendSignal"): _send_signal,
    (_PROCESS, "Update"): _update,
    (_FILES, "Stat"): _stat,
    (_FILES, "ListDir"): _list_dir,
    (_FILES, "MakeDir"): _make_dir,
    (_FILES, "Move"): _move,
    (_FILES, "Remove"): _remove,
    (_FILES, "CreateWatcher"): _create_watcher,
    (_FILES, "GetWatcherEvents"): _watcher_events,
    (_FILES, "RemoveWatcher"): _remove_watcher,
}

"""A sandbox client for the OpenAI Agents SDK: its sandbox agents work in a machine.

    from boxer.sandboxes.openai_agents import BoxerSandboxClient, BoxerSandboxClientOptions

    client = BoxerSandboxClient({"default": boxer.load("agent.wasm").template()})
    session = await client.create(options=BoxerSandboxClientOptions())

openai-agents is not installed with Boxer: `pip install openai-agents`.

Invariant: a session's paths are the machine's own; the SDK's rules for its workspace are asked
first.
"""

from __future__ import annotations

import asyncio
import io
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from boxer.errors import GuestFileError, SandboxError
from boxer.library import FileInfo, Machine, Template
from boxer.sandboxes.serving import needed


def _part(name: str) -> Any:
    return needed(f"agents.sandbox.{name}", "openai-agents", "boxer.sandboxes.openai_agents")


_client, _state = _part("session.sandbox_client"), _part("session.sandbox_session_state")
_session, _types, _files = _part("session.base_sandbox_session"), _part("types"), _part("files")
_manifest, _snapshot, _errors = _part("manifest"), _part("snapshot"), _part("errors")

_OptionsBase: Any = _client.BaseSandboxClientOptions
_StateBase: Any = _state.SandboxSessionState

BACKEND: Literal["boxer"] = "boxer"
# Machines of this process, by their session's id: what `resume` finds again.
_machines: dict[str, Machine] = {}


class BoxerSandboxClientOptions(_OptionsBase):  # type: ignore[misc]
    """template: one of the client's."""

    type: Literal["boxer"] = BACKEND
    template: str = "default"


class BoxerSandboxSessionState(_StateBase):  # type: ignore[misc]
    """What of a session can be kept: its workspace is in the SDK's snapshot."""

    type: Literal["boxer"] = BACKEND
    template: str = "default"


class BoxerSandboxSession(_session.BaseSandboxSession):  # type: ignore[misc, name-defined]
    """A machine as a session. start: makes the machine."""

    def __init__(self, state: Any, template: Template, environment: Mapping[str, str]) -> None:
        self.state = state
        self._template = template
        self._environment = dict(environment)

    @property
    def machine(self) -> Machine:
        """Raises `SandboxError` where the session has ended."""
        machine = _machines.get(str(self.state.session_id))
        if machine is None or machine.is_over:
            raise SandboxError("The session's machine has ended.")
        return machine

    async def _ensure_backend_started(self) -> None:
        name = str(self.state.session_id)
        known = _machines.get(name)
        is_there = known is not None and not known.is_over
        if not is_there:
            env = {str(k): str(v) for k, v in self._environment.items()}
            _machines[name] = await asyncio.to_thread(self._template.start, env=env)
        self._set_start_state_preserved(is_there)

    async def _prepare_backend_workspace(self) -> None:
        await self._in_thread(self.machine.files.mkdir, self.state.manifest.root)

    async def _shutdown_backend(self) -> None:
        machine = _machines.pop(str(self.state.session_id), None)
        if machine is not None:
            await asyncio.to_thread(machine.close)

    async def running(self) -> bool:
        machine = _machines.get(str(self.state.session_id))
        return machine is not None and not machine.is_over

    def _prepare_exec_command(self, *command: Any, shell: Any, user: Any) -> list[str]:
        if user:
            name = user if isinstance(user, str) else user.name
            self.machine.user(name)  # refuses one that is not there
            prepared = super()._prepare_exec_command(*command, shell=shell, user=None)
            return [f"\0{name}", *prepared]
        return list(super()._prepare_exec_command(*command, shell=shell, user=None))

    async def _exec_internal(self, *command: Any, timeout: float | None = None) -> Any:
        words, user = [str(word) for word in command], None
        if words and words[0].startswith("\0"):
            user, words = words[0][1:], words[1:]
        machine, root = self.machine, self.state.manifest.root
        try:
            result = await asyncio.to_thread(
                machine.run, words, cwd=root, timeout=timeout, user=user
            )
        except GuestFileError as error:
            code = 127 if error.type == "FileNotFoundError" else 126
            return _types.ExecResult(stdout=b"", stderr=f"{error}\n".encode(), exit_code=code)
        if result.limit == "time":
            raise _errors.ExecTimeoutError(command=words, timeout_s=timeout)
        return _types.ExecResult(
            stdout=result.stdout, stderr=result.stderr, exit_code=result.exit_code
        )

    async def read(self, path: Path, *, user: Any = None) -> io.IOBase:
        place = await self._validate_path_access(path)
        try:
            data = await self._in_thread(self.machine.files.read, _text(place))
        except GuestFileError as error:
            if error.type == "FileNotFoundError":
                raise FileNotFoundError(str(path)) from None
            raise OSError(error.errno, error.text, str(path)) from None
        return io.BytesIO(data)

    async def write(self, path: Path, data: io.IOBase, *, user: Any = None) -> None:
        place = await self._validate_path_access(path, for_write=True)
        owner = None
        if user:
            owner = self.machine.user(user if isinstance(user, str) else user.name)
        content = _Bytes(data)
        await self._in_thread(self.machine.files.write, _text(place), content, owner=owner)

    async def ls(self, path: Any, *, user: Any = None) -> list[Any]:
        place = await self._validate_path_access(path)
        return [_entry(one) for one in await self._in_thread(self.machine.files.list, _text(place))]

    async def mkdir(self, path: Any, *, parents: bool = False, user: Any = None) -> None:
        place = await self._validate_path_access(path, for_write=True)
        files = self.machine.files
        if not parents and not await self._in_thread(files.exists, str(Path(_text(place)).parent)):
            raise FileNotFoundError(str(path))
        await self._in_thread(files.mkdir, _text(place))

    async def rm(self, path: Any, *, recursive: bool = False, user: Any = None) -> None:
        place = await self._validate_path_access(path, for_write=True)
        try:
            await self._in_thread(self.machine.files.remove, _text(place), recursive=recursive)
        except GuestFileError as error:
            if not (recursive and error.type == "FileNotFoundError"):
                raise

    async def mv(self, source: Any, destination: Any, *, user: Any = None) -> None:
        start = await self._validate_path_access(source, for_write=True)
        end = await self._validate_path_access(destination, for_write=True)
        await self._in_thread(self.machine.files.rename, _text(start), _text(end))

    async def persist_workspace(self) -> io.IOBase:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
        root = self.state.manifest.root
        await self._in_thread(self.machine.files.download, root, file, inside=True)
        file.seek(0)
        return file

    async def hydrate_workspace(self, data: io.IOBase) -> None:
        root = self.state.manifest.root
        await self._in_thread(self.machine.files.upload, _Bytes(data), root)

    @staticmethod
    async def _in_thread(function: Any, *arguments: Any, **named: Any) -> Any:
        return await asyncio.to_thread(function, *arguments, **named)


class _Bytes(io.RawIOBase):
    """A file of text or bytes, as bytes."""

    def __init__(self, data: io.IOBase) -> None:
        self._data = data

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = self._data.read(size)
        return piece.encode() if isinstance(piece, str) else bytes(piece or b"")


def _text(path: Any) -> str:
    return str(PurePosixPath(path))


def _entry(info: FileInfo) -> Any:
    kinds = {"file": "FILE", "directory": "DIRECTORY", "symlink": "SYMLINK"}
    mode = info.mode | (0o040000 if info.type == "directory" else 0)
    return _files.FileEntry(
        path=info.path,
        permissions=_types.Permissions.from_mode(mode),
        owner=info.owner,
        group=info.group,
        size=info.size,
        kind=_files.EntryKind[kinds.get(info.type, "OTHER")],
    )


class BoxerSandboxClient(_client.BaseSandboxClient):  # type: ignore[misc, name-defined]
    """templates: what sessions are started from, by name. A session lives in this process; one that
    is resumed elsewhere begins anew, with the workspace of its snapshot."""

    backend_id = BACKEND
    supports_default_options = True

    def __init__(self, templates: Mapping[str, Template], *, dependencies: Any = None) -> None:
        self._templates = dict(templates)
        self._dependencies = dependencies

    async def create(
        self, *, snapshot: Any = None, manifest: Any = None, options: Any = None
    ) -> Any:
        wanted = options or BoxerSandboxClientOptions()
        made_of = manifest if manifest is not None else _manifest.Manifest()
        self._validate_manifest_for_create(made_of)
        session_id = uuid.uuid4()
        state = BoxerSandboxSessionState(
            session_id=session_id,
            manifest=made_of,
            snapshot=_snapshot.resolve_snapshot(snapshot, str(session_id)),
            template=wanted.template,
        )
        return await self._opened(state)

    async def delete(self, session: Any) -> Any:
        inner = session._inner
        if not isinstance(inner, BoxerSandboxSession):
            raise TypeError("this client deletes its own sessions")
        await inner._shutdown_backend()
        return session

    async def resume(self, state: Any) -> Any:
        if not isinstance(state, BoxerSandboxSessionState):
            raise TypeError("this client resumes its own sessions")
        return await self._opened(state)

    def deserialize_session_state(self, payload: dict[str, object]) -> Any:
        return self._deserialize_session_state_payload(payload, BoxerSandboxSessionState)

    async def _opened(self, state: Any) -> Any:
        template = self._templates.get(state.template)
        if template is None:
            raise SandboxError(f"There is no template `{state.template}`.")
        environment = await state.manifest.environment.resolve()
        inner = BoxerSandboxSession(state, template, environment)
        await inner._ensure_backend_started()
        return self._wrap_session(inner)

"""A Jupyter kernel whose cells run in a machine.

Belongs here: what Jupyter's messages mean. Does not: the wire protocol, which is the package
ipykernel's: `pip install 'boxer[jupyter]'`.

Invariants
1. No code of a cell runs in this process.
2. A kernel has one machine, from its start to its end; a restart is another process.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from boxer.errors import BoxerError
from boxer.library import Cell, Machine, error_of_cell, shown_of
from boxer.runtime import Event
from boxer.sandboxes.serving import needed

NAME = "boxer"


def kernel_class(start: Callable[[], Machine], banner: str) -> type:
    """An `ipykernel.kernelbase.Kernel`. start: makes the machine."""
    base = needed("ipykernel.kernelbase", "boxer[jupyter]", "boxer kernel")

    class BoxerKernel(base.Kernel):  # type: ignore[misc, name-defined]
        implementation = NAME
        implementation_version = "1"
        language_info = {  # noqa: RUF012 - ipykernel's own form
            "name": "python", "mimetype": "text/x-python", "file_extension": ".py",
            "version": "3", "pygments_lexer": "ipython3",
            "codemirror_mode": {"name": "ipython", "version": 3},
        }  # fmt: skip

        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.banner = banner
            self.machine = start()
            self.cell: Cell | None = None

        async def do_execute(
            self,
            code: str,
            silent: bool,
            store_history: bool = True,
            user_expressions: Any = None,
            allow_stdin: bool = False,
            **_: Any,
        ) -> dict[str, Any]:
            try:
                return await self._executed(code, silent, allow_stdin)
            except BoxerError as error:
                told = {"ename": type(error).__name__, "evalue": str(error)}
                told_all = {**told, "traceback": [str(error)]}
                self.send_response(self.iopub_socket, "error", told_all)
                return {"status": "error", "execution_count": self.execution_count, **told_all}

        async def _executed(self, code: str, silent: bool, asks: bool) -> dict[str, Any]:
            self._allow_stdin = asks
            queue: asyncio.Queue[Event] = asyncio.Queue()
            loop = asyncio.get_running_loop()

            def hear(event: Event) -> None:
                loop.call_soon_threadsafe(queue.put_nowait, event)

            cell = self.cell = Cell(
                self.machine.attendance, code, asks=asks, silent=silent, listener=hear
            )
            reply: dict[str, Any] = {"status": "ok", "payload": [], "user_expressions": {}}
            while True:
                event = await queue.get()
                cell.asked.taken(event.size)
                if event.kind == "input":
                    self._ask(cell, str(event.head.get("prompt", "")))
                elif event.kind in ("failed", "error", "over"):
                    reply = self._failed(event, silent)
                elif not silent:
                    self._tell(event)
                if event.kind in ("done", "error", "over"):
                    break
            self.cell = None
            return {**reply, "execution_count": self.execution_count}

        def _ask(self, cell: Cell, prompt: str) -> None:
            try:
                cell.answer(self.raw_input(prompt))
            except KeyboardInterrupt:
                cell.interrupt()
                cell.answer(None)

        def _failed(self, event: Event, silent: bool) -> dict[str, Any]:
            if event.kind == "failed":
                error = error_of_cell(event)
                told = {"ename": error.name, "evalue": error.value,
                        "traceback": error.traceback.splitlines()}  # fmt: skip
            else:
                message = str(event.head.get("message", ""))
                told = {"ename": "MachineOver", "evalue": message,
                        "traceback": [f"{message} Restart the kernel."]}  # fmt: skip
            if not silent:
                self.send_response(self.iopub_socket, "error", told)
            return {"status": "error", **told}

        def _tell(self, event: Event) -> None:
            if event.kind == "out":
                name = "stderr" if event.head.get("stream") == 2 else "stdout"
                text = event.body.decode("utf-8", "replace")
                self.send_response(self.iopub_socket, "stream", {"name": name, "text": text})
            elif event.kind in ("result", "display"):
                shown = shown_of(event)
                told: dict[str, Any] = {"data": shown.data, "metadata": shown.metadata}
                kind = "display_data"
                if event.kind == "result":
                    kind, told["execution_count"] = "execute_result", self.execution_count
                self.send_response(self.iopub_socket, kind, told)

        async def interrupt_request(self, stream: Any, ident: Any, parent: Any) -> None:
            """By the control channel, whose thread is another one than cells'."""
            cell = self.cell
            if cell is not None:
                cell.interrupt()
            content = {"status": "ok"}
            self.session.send(stream, "interrupt_reply", content, parent, ident=ident)

        async def do_complete(self, code: str, cursor_pos: int) -> dict[str, Any]:
            start = cursor_pos
            words: list[str] = []
            if self.cell is None:
                start, words = await asyncio.to_thread(self.machine.complete, code[:cursor_pos])
            return {"status": "ok", "matches": words, "cursor_start": start,
                    "cursor_end": cursor_pos, "metadata": {}}  # fmt: skip

        async def do_inspect(
            self, code: str, cursor_pos: int, detail_level: int = 0, omit_sections: Any = ()
        ) -> dict[str, Any]:
            text = None
            if self.cell is None:
                upto = code[: _end_of_word(code, cursor_pos)]
                text = await asyncio.to_thread(self.machine.describe, upto)
            data = {} if text is None else {"text/plain": text}
            return {"status": "ok", "found": text is not None, "data": data, "metadata": {}}

        async def do_is_complete(self, code: str) -> dict[str, Any]:
            return is_complete(code)

        async def do_shutdown(self, restart: bool) -> dict[str, Any]:
            await asyncio.to_thread(self.machine.close)
            return {"status": "ok", "restart": restart}

    return BoxerKernel


def _end_of_word(code: str, at: int) -> int:
    while at < len(code) and (code[at].isalnum() or code[at] == "_"):
        at += 1
    return at


def is_complete(code: str) -> dict[str, Any]:
    """Whether a console may run it, as Jupyter's `is_complete_reply`. It is only parsed."""
    import codeop

    if code.lstrip().startswith(("!", "%")):
        return {"status": "complete"}
    try:
        found = codeop.compile_command(code, "<cell>", "exec")
    except SyntaxError as error:
        awaits = "await" in str(error) or "async" in str(error)
        return {"status": "complete" if awaits else "invalid"}
    except (ValueError, OverflowError, MemoryError, RecursionError):
        return {"status": "invalid"}
    if found is None:
        return {"status": "incomplete", "indent": _indent(code)}
    lines = code.splitlines()
    is_block = len(lines) > 1 and lines[-1][:1] in (" ", "\t")
    if is_block and not code.endswith("\n"):
        return {"status": "incomplete", "indent": _indent(code)}
    return {"status": "complete"}


def _indent(code: str) -> str:
    last = (code.splitlines() or [""])[-1]
    spaces = last[: len(last) - len(last.lstrip())]
    return spaces + ("    " if last.rstrip().endswith(":") else "")


def run_kernel(start: Callable[[], Machine], connection: str) -> None:
    """Serves one kernel until it is told to end. start: makes its machine. connection: Jupyter's
    connection file."""
    app = needed("ipykernel.kernelapp", "boxer[jupyter]", "boxer kernel")
    found = kernel_class(start, "Python in a box")
    app.IPKernelApp.launch_instance(argv=["-f", connection], kernel_class=found)


def install_kernel(arguments: list[str], name: str, display_name: str, prefix: str | None) -> str:
    """Writes Jupyter's description of the kernel. arguments: of `boxer kernel run`, behind the
    connection file. prefix: of an environment; None: for the user. Where it lies."""
    specs = needed("jupyter_client.kernelspec", "boxer[jupyter]", "boxer kernel")
    described = {
        "argv": [sys.executable, "-P", "-m", "boxer", "kernel", "run", "-f", "{connection_file}",
                 *arguments],
        "display_name": display_name,
        "language": "python",
        "interrupt_mode": "message",
        "metadata": {"debugger": False},
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "kernel.json").write_text(json.dumps(described, indent=1))
        manager = specs.KernelSpecManager()
        where = manager.install_kernel_spec(folder, name, user=prefix is None, prefix=prefix)
        return str(where)

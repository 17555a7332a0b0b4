"""The figures' page: those of this process, or of all workers as if they were one.

Belongs here: when it is asked for, the files in which workers find each other's, adding up. Does
not: what is counted (`metrics`).

Invariants
1. A worker's file is replaced as a whole, and at most INTERVAL seconds old.
2. What a worker has counted stays when it has ended; what it had (machines, streams) does not.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from boxer.serving.exchange import Message, Send, tell_whole

INTERVAL = 1.0
Text = Callable[[], tuple[bytes, str]]


class Page:
    """path: nothing, where nobody may ask. text: the figures of this process, and their content
    type. folder: of all workers; nothing: there is one."""

    def __init__(self, path: str, text: Text, folder: str = "") -> None:
        self._path, self._text = path, text
        self._file = Path(folder) / f"{os.getpid()}-{secrets.token_hex(8)}" if folder else None
        self._writing: asyncio.Task[None] | None = None

    def is_asked(self, scope: Message) -> bool:
        return bool(self._path) and scope["path"] == self._path

    async def tell(self, send: Send) -> None:
        text, kind = self._text()
        if self._file is not None:
            text = added_up([text, *self._of_others(self._file)])
        headers = [["content-type", kind], ["content-length", str(len(text))]]
        await tell_whole(send, {"status": 200, "headers": headers, "body": text})

    def begin(self) -> None:
        if self._file is not None:
            self._writing = asyncio.get_running_loop().create_task(self._write_again(self._file))

    def end(self) -> None:
        if self._writing is not None and self._file is not None:
            self._writing.cancel()
            self._write(self._file)

    async def _write_again(self, file: Path) -> None:
        while True:
            self._write(file)
            await asyncio.sleep(INTERVAL)

    def _write(self, file: Path) -> None:
        beside = file.with_suffix(".new")
        with suppress(OSError):  # a disk that is full: the others have what was last
            beside.write_bytes(self._text()[0])
            beside.replace(file)

    def _of_others(self, own: Path) -> Iterable[bytes]:
        for file in own.parent.iterdir():
            if file.suffix or file == own:
                continue
            text = file.read_bytes()
            yield text if _lives(int(file.name.partition("-")[0])) else _without_gauges(text)


def added_up(texts: Iterable[bytes]) -> bytes:
    """As one text, each sample the sum of those of its name and labels."""
    from prometheus_client.parser import text_string_to_metric_families as families_of

    families: dict[str, Any] = {}
    sums: dict[str, dict[tuple[Any, ...], float]] = {}
    for text in texts:
        for family in families_of(text.decode()):
            families.setdefault(family.name, family)
            known = sums.setdefault(family.name, {})
            for sample in family.samples:
                key = (sample.name, tuple(sample.labels.items()))
                known[key] = known.get(key, 0.0) + sample.value
    for name, family in families.items():
        family.samples = []
        for (sample, labels), value in sums[name].items():
            family.add_sample(sample, dict(labels), value)
    return _written(families.values())


def _without_gauges(text: bytes) -> bytes:
    from prometheus_client.parser import text_string_to_metric_families as families_of

    return _written(one for one in families_of(text.decode()) if one.type != "gauge")


def _written(families: Iterable[Any]) -> bytes:
    from prometheus_client import CollectorRegistry, exposition

    held = list(families)

    class Source:
        def collect(self) -> Any:
            return held

    registry = CollectorRegistry()
    registry.register(Source())
    return bytes(exposition.generate_latest(registry))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True

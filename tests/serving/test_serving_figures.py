"""Figures of several workers, as if they were one's."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from boxer.serving.figures import Page, added_up

prometheus: Any = pytest.importorskip("prometheus_client")

ONE = b"""# HELP boxer_requests_total Answered.
# TYPE boxer_requests_total counter
boxer_requests_total{status="200"} 3.0
# HELP boxer_machines Machines.
# TYPE boxer_machines gauge
boxer_machines 16.0
"""
OTHER = b"""# HELP boxer_requests_total Answered.
# TYPE boxer_requests_total counter
boxer_requests_total{status="200"} 4.0
boxer_requests_total{status="500"} 1.0
# HELP boxer_machines Machines.
# TYPE boxer_machines gauge
boxer_machines 16.0
"""


def lines(text: bytes) -> set[str]:
    return {line for line in text.decode().splitlines() if not line.startswith("#")}


def test_samples_of_one_name_and_label_are_added_up() -> None:
    assert added_up([ONE]) == ONE
    told = lines(added_up([ONE, OTHER]))
    assert told == {
        'boxer_requests_total{status="200"} 7.0', 'boxer_requests_total{status="500"} 1.0',
        "boxer_machines 32.0",
    }  # fmt: skip


async def asked(page: Page) -> bytes:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await page.tell(send)
    return b"".join(message.get("body", b"") for message in sent)


def test_workers_find_each_others(tmp_path: Path) -> None:
    async def run() -> None:
        one = Page("/m", lambda: (ONE, "text/plain"), str(tmp_path))
        other = Page("/m", lambda: (OTHER, "text/plain"), str(tmp_path))
        other.begin()
        await asyncio.sleep(0.1)
        assert lines(await asked(one)) == lines(added_up([ONE, OTHER]))
        other.end()
        (file,) = tmp_path.iterdir()
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        file.rename(tmp_path / f"{gone.pid}-0")  # its process has ended
        assert "boxer_machines 16.0" in lines(await asked(one))
        assert 'boxer_requests_total{status="200"} 7.0' in lines(await asked(one))

    asyncio.run(run())

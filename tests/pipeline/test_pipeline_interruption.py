"""Ctrl-C in a program that builds: KeyboardInterrupt, also while a guest of a RUN is at work."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from boxer.pipeline import Event, StepStarted, build

pytestmark = pytest.mark.base


def test_ctrl_c_ends_a_guest_of_a_run(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text('FROM python\nRUN python -c "while True: pass"\n')
    threads = []

    def press(event: Event) -> None:
        if isinstance(event, StepStarted):
            threads.append(threading.Timer(2, os.kill, (os.getpid(), signal.SIGINT)))
            threads[-1].start()

    with pytest.raises(KeyboardInterrupt):
        build(tmp_path, events=press)
    assert len(threads) == 1

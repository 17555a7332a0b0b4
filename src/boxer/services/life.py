"""One life of a service: a process that runs its box, from its start to its end.

Belongs here: starting it, what it says of itself, its streams, signals, the programs started in it.
Does not: when one begins, and what follows its end (`supervisor`).

The process is `boxer run --life VARIABLES,REPORT,ORDERS,PARENT ..`: descriptors of the variables
(NUL-terminated), of what it reports (a line of JSON when its program begins, or why it cannot; one
when it has ended), of orders (packets: programs to start beside its own); and who started it, with
whom it ends.

Invariants
1. A signal waits until the program can hear of it; KILL does not.
2. The process ends with its supervisor, however that ends (prctl(2), PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from boxer.services.records import Record

_MOST_REPORTED = 1 << 16
_EXEC, _SIGNAL = 1, 2
_ORDER, _DONE = "<4I", "<2I"
LARGEST_ORDER = 60 << 10
_AT_ONCE = 256


class Life:
    """box: the file it runs. Raises OSError where no process can be started.

    descriptor: becomes readable with its end. outputs: descriptor to the stream's name.
    """

    def __init__(self, record: Record, box: Path) -> None:
        self.outputs: dict[int, str] = {}
        self._waiting: list[int] | None = []
        self._report_text = b""
        self._keeps: list[int] = []
        self.exit_code: int | None = None
        variables = _memory_file(record.variables)
        self.report, report = os.pipe()
        self.orders, orders = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        given = [variables, report, orders.fileno()]
        streams: list[int] = []
        try:
            streams = self._streams(record)
            self._process = subprocess.Popen(
                _command(record, box, given),
                stdin=streams[0], stdout=streams[1], stderr=streams[2],
                pass_fds=given, cwd=record.folder,
            )  # fmt: skip
        except BaseException:
            self.close()
            raise
        finally:
            for descriptor in {variables, report, *streams}:
                os.close(descriptor)
            orders.close()
        for readable in (self.report, *self.outputs):
            os.set_blocking(readable, False)
        self.orders.setblocking(False)
        self.pid = self._process.pid
        self.descriptor = os.pidfd_open(self.pid)

    def _streams(self, record: Record) -> list[int]:
        """The life's ends; ours are noted."""
        if record.terminal:
            head, tail = pty.openpty()
            self.outputs[head] = "stdout"
            return [tail, os.dup(tail), os.dup(tail)]
        if record.interactive:
            reading, writing = os.pipe()
            self._keeps.append(writing)
        else:
            reading = os.open(os.devnull, os.O_RDONLY)
        out, out_end = os.pipe()
        err, err_end = os.pipe()
        self.outputs.update({out: "stdout", err: "stderr"})
        return [reading, out_end, err_end]

    def reported(self) -> list[dict[str, Any]] | None:
        """What it has said of itself since it was asked last; None: it says nothing any more."""
        try:
            piece = os.read(self.report, _MOST_REPORTED)
        except BlockingIOError:
            return []
        if not piece:
            return None
        self._report_text += piece
        *lines, self._report_text = self._report_text.split(b"\n")
        found = [json.loads(line) for line in lines]
        if any("running" in one for one in found):
            self._hear()
        return found

    def _hear(self) -> None:
        waiting, self._waiting = self._waiting or [], None
        for number in waiting:
            self.send(number)

    def read(self, descriptor: int) -> bytes | None:
        """What an output has; None: nothing now, empty: nothing any more."""
        try:
            return os.read(descriptor, 1 << 16)
        except BlockingIOError:
            return None
        except OSError:  # a terminal nobody has any more
            return b""

    def close_output(self, descriptor: int) -> None:
        del self.outputs[descriptor]
        os.close(descriptor)

    def send(self, number: int) -> None:
        """Sends its program a signal."""
        if self._waiting is not None and number not in (signal.SIGKILL, signal.SIGSTOP):
            self._waiting.append(number)
        elif self.exit_code is None:
            self._process.send_signal(number)

    def end(self) -> int:
        """Its exit status, once `descriptor` is readable: 128 + N where a signal ended it."""
        code = self._process.wait()
        self.exit_code = 128 - code if code < 0 else code
        return self.exit_code

    def start_program(
        self, number: int, words: Sequence[str], variables: Sequence[str], streams: Sequence[int]
    ) -> None:
        """Starts a program beside its own. number: by which its end is told.

        Raises OSError: it does not take orders (now).
        """
        texts = b"".join(text.encode("utf-8", "surrogateescape") + b"\0" for text in
                         (*words, *variables))  # fmt: skip
        packet = struct.pack(_ORDER, _EXEC, number, len(words), 0) + texts
        socket.send_fds(self.orders, [packet], list(streams))

    def signal_program(self, number: int, signo: int) -> None:
        """Raises OSError."""
        self.orders.send(struct.pack(_ORDER, _SIGNAL, number, 0, signo))

    def ended_programs(self) -> list[tuple[int, int]]:
        """Numbers and exit statuses of programs that have ended since it was asked last."""
        found = list[tuple[int, int]]()
        while len(found) < _AT_ONCE:  # a machine may say without end what it likes
            try:
                packet = self.orders.recv(64)
            except OSError:
                return found
            if len(packet) < struct.calcsize(_DONE):
                return found
            number, status = struct.unpack_from(_DONE, packet)
            found.append((number, status))
        return found

    def close(self) -> None:
        for descriptor in (self.report, *self.outputs, *self._keeps):
            os.close(descriptor)
        self.outputs.clear()
        self._keeps.clear()
        self.orders.close()
        if self.exit_code is not None:
            os.close(self.descriptor)


def _memory_file(texts: Sequence[str]) -> int:
    """Values of variables stand in no command line, which every user can read."""
    descriptor = os.memfd_create("boxer-variables", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        for text in texts:
            file.write(text.encode("utf-8", "surrogateescape") + b"\0")
    return descriptor


def _command(record: Record, box: Path, given: Sequence[int]) -> list[str]:
    """The launcher beside the interpreter is there at once; the Python program is there always."""
    launcher = Path(sys.executable).with_name("boxer")
    program = [str(launcher)] if launcher.exists() else [sys.executable, "-P", "-m", "boxer"]
    life = ",".join(map(str, (*given, os.getpid())))
    return [*program, "run", "--life", life, *record.words, str(box), *record.arguments]

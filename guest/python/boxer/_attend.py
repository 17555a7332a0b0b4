"""A machine that does what its host asks, while programs and cells of it run.

Belongs here: requests, who answers them, and when the machine is at rest. Does not: what they do
(`_cells`, `_programs`, `_files`). The host's half: src/boxer/runtime/attended.py.

A frame, both ways: two u32 (little-endian), the size of its JSON and of the bytes behind it. A
request has an `id`, which all that answers it has, too; `op` says what is wanted, `e` what an
answer is; `done` or `error` is the last one.

Invariants
1. `attend` comes back when the machine is at rest: nothing runs and nothing is asked. Then all of
   it is memory, and it can be copied.
2. Cells run in the main thread, one at a time; meanwhile another thread takes requests.
3. The program's own descriptors 0, 1 and 2 are never the host's: what children write reaches the
   host in frames.
"""

import collections
import contextlib
import fcntl
import json
import os
import posix
import select
import struct
import sys
import threading
import time

import _boxer

from boxer import _asking, _cells, _files, _programs

_HEAD = struct.Struct("<II")
_LARGEST_HEAD, _LARGEST_BODY, _PIECE = 1 << 20, 1 << 24, 1 << 16
# Milliseconds between two looks at what nobody tells us of: lines that are not full, strays.
_LOOK = 20
# Times that a template is awake before its machines are: as often as code runs until CPython has
# made of it what it stays.
_REHEARSALS = 8


class Channel:
    """Frames from and to the host. quiet: as `_cells.Quiet`, not interrupted in the midst."""

    def __init__(self, reading, writing, quiet):
        self.reading, self._writing, self._quiet = reading, writing, quiet
        self._got = bytearray()
        self._lock = threading.Lock()

    @property
    def is_amid(self):
        """Whether a part of a frame has come."""
        return bool(self._got)

    def send(self, head, body=b""):
        text = json.dumps(head, separators=(",", ":")).encode()
        data = memoryview(_HEAD.pack(len(text), len(body)) + text + body)
        with self._quiet, self._lock:
            while data:
                data = data[os.write(self._writing, data) :]

    def receive(self):
        """What has come: (head, body)s. Call it when there is something; b"" is the host's end."""
        data = os.read(self.reading, _PIECE)
        if not data:
            raise EOFError
        self._got += data
        frames = []
        while len(self._got) >= _HEAD.size:
            size, more = _HEAD.unpack_from(self._got)
            if size > _LARGEST_HEAD or more > _LARGEST_BODY:
                raise EOFError
            end = _HEAD.size + size + more
            if len(self._got) < end:
                break
            head = json.loads(bytes(self._got[_HEAD.size : _HEAD.size + size]))
            frames.append((head, bytes(self._got[_HEAD.size + size : end])))
            del self._got[:end]
        return frames


class Attendant:
    """One time awake: from the first request until the machine is at rest."""

    def __init__(self, channel, outputs):
        self.channel = channel
        self._outputs = dict(outputs)  # of descriptors 1 and 2: what to read -> which of them
        self._cells = collections.deque()
        self._running = None
        self._wake_reading, self._wake_writing = os.pipe()
        for end in (self._wake_reading, self._wake_writing):
            os.set_blocking(end, False)
        self.programs = _programs.Programs(self)
        self.own_threads = set()
        self._is_over = False

    def wake(self):
        """Has the thread that takes requests look around."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_writing, b"!")

    def run(self):
        while not self._is_over:
            if self._cells:
                self._run_cells()
            elif not self._step():
                return

    def close(self):
        os.close(self._wake_reading)
        os.close(self._wake_writing)

    def _run_cells(self):
        """In the main thread, while another one takes requests."""
        go_on = [True]
        thread = threading.Thread(target=self._step_while, args=(go_on,), daemon=True)
        thread.start()
        self.own_threads.add(thread)
        try:
            while self._cells and not self._is_over:
                self._running = self._cells.popleft()
                _cells.run(self.channel, *self._running)
                self._drain()
                _cells.finish(self.channel, self._running[0])
                self._running = None
        finally:
            self._running = None
            go_on[0] = False
            self.wake()
            thread.join()
            self.own_threads.discard(thread)

    def _step_while(self, go_on):
        while go_on[0] and not self._is_over:
            self._step(go_on)

    def _step(self, running=None):
        """Waits for something and does it. False: the machine is at rest."""
        stray = running is None and self._is_stray()
        looks = running or stray
        if not looks and not self.programs:
            timeout = None if self.channel.is_amid else 0
        else:
            timeout = _LOOK if looks else None
        if not running and self._cells:
            return True
        ready = self._poll(timeout)
        if not ready and timeout == 0:
            return False
        for descriptor in ready:
            if descriptor == self.channel.reading:
                self._take()
            elif descriptor == self._wake_reading:
                os.read(descriptor, 4096)
            elif descriptor in self._outputs:
                self._forward(descriptor)
            else:
                self.programs.ready(descriptor)
        if running:
            _cells.flush_if_due()
        self.programs.reap()
        return True

    def _poll(self, timeout):
        poll = select.poll()
        for descriptor in (self.channel.reading, self._wake_reading, *self._outputs):
            poll.register(descriptor, select.POLLIN)
        for descriptor, events in self.programs.wanted():
            poll.register(descriptor, events)
        return [descriptor for descriptor, _ in poll.poll(timeout)]

    def _is_stray(self):
        """Whether threads or processes live that nobody has asked for by themselves."""
        threads = set(threading.enumerate()) - self.own_threads - self.programs.threads
        if len(threads) > 1:
            return True
        return len(alive()) > 1 + len(self.programs)

    def _take(self):
        try:
            frames = self.channel.receive()
        except EOFError:
            self._is_over = True
            return
        for head, body in frames:
            try:
                self._answer(head, body)
            except Exception as error:
                self.channel.send({"id": head.get("id"), **described(error)})

    def _answer(self, head, body):
        op = head["op"]
        if op == "cell":
            self._cells.append((head, body.decode()))
        elif op == "interrupt":
            self._interrupt(head)
        elif op == "answer":
            _cells.answer(head.get("text"))
        elif op == "reset":
            _cells.forget(head["context"])
            self.channel.send({"id": head["id"], "e": "done"})
        elif op in ("complete", "describe"):
            self._look_up(op, head, body.decode())
        elif op == "alive":
            self.channel.send({"id": head["id"], "e": "done", "alive": self._told_alive()})
        elif op == "file":
            _files.answer(self.channel, head, body)
        else:
            self.programs.answer(head, body)

    def _look_up(self, op, head, text):
        names = _cells.names_of(head.get("context") or "default")
        told = {"id": head["id"], "e": "done"}
        if op == "complete":
            told["start"], told["words"] = _asking.complete(names, text)
        else:
            told["text"] = _asking.describe(names, text)
        self.channel.send(told)

    def _interrupt(self, head):
        """The cell of that request; one that waits is not begun."""
        wanted = head["cell"]
        for cell in list(self._cells):
            if cell[0]["id"] == wanted:
                self._cells.remove(cell)
                _cells.tell_interrupted(self.channel, cell[0])
        if self._running and self._running[0]["id"] == wanted:
            _cells.interrupt()
        self.channel.send({"id": head["id"], "e": "done"})

    def _told_alive(self):
        names = [f"thread {one.name}" for one in threading.enumerate()[1:]
                 if one not in self.own_threads | self.programs.threads]  # fmt: skip
        return names + [f"process {pid}" for pid in alive() if pid != os.getpid()]

    def _forward(self, descriptor):
        data = os.read(descriptor, _PIECE)
        cell = self._running
        if data and cell:
            _cells.written(self.channel, cell[0], self._outputs[descriptor], data)

    def _drain(self):
        """What children of a cell have written before its end."""
        for descriptor in self._outputs:
            while select.select([descriptor], [], [], 0)[0]:
                self._forward(descriptor)


def described(error):
    """An answer that says what went wrong."""
    told = {"e": "error", "type": type(error).__name__, "message": str(error)[:4096]}
    if isinstance(error, OSError) and error.errno:
        told |= {"errno": error.errno, "message": os.strerror(error.errno)}
    return told


def alive():
    """The numbers of all processes of the machine."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


# What a thaw puts back to what the box says, kept from one time awake to the next.
_kept = {}
_thawed = [False]


def _note_thaw():
    _thawed[0] = True


_boxer.hooks.append(_note_thaw)


def _keep_or_restore():
    if _thawed[0] and _kept:
        os.environ.clear()
        os.environ.update(_kept["environ"])
        with contextlib.suppress(OSError):
            os.chdir(_kept["cwd"])
    _thawed[0] = False


def attend():
    """Does what the host asks by descriptor 0, answers by descriptor 1, until all is done."""
    _keep_or_restore()
    reading, writing = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (0, 1))
    spare = fcntl.fcntl(2, fcntl.F_DUPFD_CLOEXEC, 10)
    pipes = {1: os.pipe(), 2: os.pipe()}
    nothing = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
    os.dup2(nothing, 0)
    for descriptor, (_, end) in pipes.items():
        os.dup2(end, descriptor)
        os.close(end)
    os.close(nothing)
    outputs = {end: descriptor for descriptor, (end, _) in pipes.items()}
    attendant = Attendant(Channel(reading, writing, _cells.quiet), outputs)
    with _cells.streams():
        attendant.run()
    attendant.close()
    for descriptor, kept in ((0, reading), (1, writing), (2, spare)):
        os.dup2(kept, descriptor)
        os.close(kept)
    for end in outputs:
        os.close(end)
    _kept.update(environ=dict(os.environ), cwd=posix.getcwd())


def warm_up(cells):
    """Run once in a template: what cells need, and what nobody should wait for in each machine
    that is made of it."""
    sys.stdout.flush()
    thread = threading.Thread(target=time.monotonic)
    thread.start()
    thread.join()
    _boxer.be_eager()
    for number in range(_REHEARSALS):
        _rehearse(number)
    _kept.clear()
    _cells.warm_up(cells)


def _rehearse(number):
    """One time awake, as a host asks for it: what it writes to (an interpreter's caches, the heap's
    free lists) is written in the template, not in each machine. Its context is forgotten."""
    ends = [*os.pipe(), *os.pipe()]
    kept = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (0, 1)]
    cell = {"op": "cell", "env": {}, "cwd": None, "asks": False, "silent": False}
    for head, body in (
        ({"op": "file", "do": "users"}, b""),
        ({**cell, "context": "warm-up"}, b"print(1)\n[1]"),
        ({"op": "reset", "context": "warm-up"}, b""),
    ):
        text = json.dumps({"id": number, **head}).encode()
        os.write(ends[1], _HEAD.pack(len(text), len(body)) + text + body)
        os.dup2(ends[0], 0)
        os.dup2(ends[3], 1)
        attend()
        os.read(ends[2], _PIECE)
    for descriptor, before in zip((0, 1), kept, strict=True):
        os.dup2(before, descriptor)
        os.close(before)
    for end in ends:
        os.close(end)

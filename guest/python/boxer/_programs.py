"""Programs that the host has asked for: started, fed, watched, ended.

Belongs here: processes by request. Does not: frames (`_attend`).

Invariants
1. A program leads a session of its own; a signal for it goes to its whole group.
2. Its end is told once, behind all it wrote until then. What its children write later is nobody's.
3. What is written to it waits here, as far as its pipe is full, never in a blocking write.
"""

import os
import select
import struct
import subprocess
import threading

_PIECE, _MOST_INPUT = 1 << 16, 1 << 24


class _Program:
    """reading: descriptor -> the stream it is. writing: its input, None: closed."""

    def __init__(self, request, process, reading, writing, terminal):
        self.request, self.process, self.reading = request, process, reading
        self.writing, self.terminal = writing, terminal
        self.input = bytearray()
        self.closes = False
        self.code = None


class Programs:
    """Those of one time awake, by number."""

    def __init__(self, attendant):
        self._attendant = attendant
        self._by_pid = {}
        self._lock = threading.Lock()
        self.threads = set()
        self._ended = []

    def __len__(self):
        return len(self._by_pid)

    def answer(self, head, body):
        _OPS[head["op"]](self, head, body)

    def wanted(self):
        for program in self._by_pid.values():
            for descriptor in program.reading:
                yield descriptor, select.POLLIN
            if program.writing is not None and program.input:
                if program.writing in program.reading:
                    yield program.writing, select.POLLIN | select.POLLOUT
                else:
                    yield program.writing, select.POLLOUT

    def ready(self, descriptor):
        for program in list(self._by_pid.values()):
            if descriptor in program.reading:
                self._read(program, descriptor)
            if descriptor == program.writing and program.input:
                self._write(program)

    def reap(self):
        """Tells the ends that have come."""
        while self._ended:
            with self._lock:
                program = self._ended.pop(0)
            self._finish(program)

    # --- requests ---

    def _start(self, head, _):
        argv = head["argv"]
        environment = {**os.environ, **(head.get("env") or {})}
        user = head.get("user")
        options = {
            "cwd": head.get("cwd") or None,
            "env": environment,
            "start_new_session": True,
            "close_fds": True,
        }
        if user is not None:
            options |= {"user": user[0], "group": user[1], "extra_groups": []}
        if head.get("terminal"):
            process, reading, writing = _on_terminal(argv, head["terminal"], options)
        else:
            process, reading, writing = _on_pipes(argv, head.get("input", False), options)
        for descriptor in {*reading, writing} - {None}:
            os.set_blocking(descriptor, False)
        program = _Program(head, process, reading, writing, bool(head.get("terminal")))
        self._by_pid[process.pid] = program
        self._attendant.channel.send({"id": head["id"], "e": "started", "pid": process.pid})
        thread = threading.Thread(target=self._wait, args=(program,), daemon=True)
        self.threads.add(thread)
        thread.start()

    def _wait(self, program):
        program.code = program.process.wait()
        with self._lock:
            self._ended.append(program)
        self._attendant.wake()

    def _input(self, head, body):
        program = self._of(head)
        if program.writing is None or program.closes:
            raise BrokenPipeError(32, "its input is closed")
        if len(program.input) + len(body) > _MOST_INPUT:
            raise BlockingIOError(11, "it does not read what was written before")
        program.input += body
        self._write(program)
        self._done(head)

    def _close_input(self, head, _):
        program = self._of(head)
        if program.terminal:
            program.input += b"\x04"  # what a terminal says at the end
        program.closes = not program.terminal
        self._write(program)
        self._done(head)

    def _signal(self, head, _):
        program = self._of(head)
        try:
            os.killpg(program.process.pid, head["signal"])
        except ProcessLookupError:
            os.kill(program.process.pid, head["signal"])
        self._done(head)

    def _resize(self, head, _):
        import fcntl
        import termios

        program = self._of(head)
        if not program.terminal:
            raise OSError(25, "it has no terminal")
        size = struct.pack("HHHH", head["rows"], head["columns"], 0, 0)
        fcntl.ioctl(program.writing, termios.TIOCSWINSZ, size)
        self._done(head)

    def _of(self, head):
        try:
            return self._by_pid[head["pid"]]
        except KeyError:
            raise ProcessLookupError(3, "no such program") from None

    def _done(self, head):
        self._attendant.channel.send({"id": head["id"], "e": "done"})

    # --- streams ---

    def _read(self, program, descriptor):
        try:
            data = os.read(descriptor, _PIECE)
        except BlockingIOError:
            return False
        except OSError:  # EIO of a terminal that nobody has open
            data = b""
        if data:
            told = {"id": program.request["id"], "e": "out", "stream": program.reading[descriptor]}
            self._attendant.channel.send(told, data)
            return True
        del program.reading[descriptor]
        if descriptor != program.writing:
            os.close(descriptor)
        return False

    def _write(self, program):
        try:
            while program.input and program.writing is not None:
                written = os.write(program.writing, program.input[:_PIECE])
                del program.input[:written]
        except BlockingIOError:
            return
        except OSError:
            program.input.clear()
            program.closes = True
        if program.closes and not program.input and program.writing is not None:
            os.close(program.writing)
            program.writing = None

    def _finish(self, program):
        for descriptor in list(program.reading):
            while descriptor in program.reading and self._read(program, descriptor):
                pass
        for descriptor in {*program.reading, program.writing} - {None}:
            os.close(descriptor)
        program.reading.clear()
        program.writing = None
        del self._by_pid[program.process.pid]
        self.threads = {thread for thread in self.threads if thread.is_alive()}
        told = {"id": program.request["id"], "e": "done", "code": program.code}
        self._attendant.channel.send(told)


def _on_pipes(argv, has_input, options):
    process = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE if has_input else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        **options,
    )
    writing = None
    if has_input:
        writing = os.dup(process.stdin.fileno())
        process.stdin.close()
    reading = {}
    for number, stream in ((1, process.stdout), (2, process.stderr)):
        reading[os.dup(stream.fileno())] = number
        stream.close()
    return process, reading, writing


def _on_terminal(argv, size, options):
    import fcntl
    import termios

    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[0], size[1], 0, 0))

    def take_terminal():
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    try:
        process = subprocess.Popen(
            argv, stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=take_terminal, **options
        )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    return process, {ours: 1}, ours


_OPS = {
    "start": Programs._start,
    "input": Programs._input,
    "close": Programs._close_input,
    "signal": Programs._signal,
    "resize": Programs._resize,
}

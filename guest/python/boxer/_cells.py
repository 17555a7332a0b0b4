"""Cells of code: run in a context whose names stay, told as they go.

Belongs here: compiling, running, output, interrupts, errors. Does not: what a value looks like
(`_display`), frames (`_attend`).

Invariants
1. A cell ends with its error, if any, and `done`, whatever it did to the streams.
2. An interrupt arrives in the cell's own code, never in the midst of a frame.
"""

import ast
import asyncio
import builtins
import contextlib
import inspect
import io
import linecache
import os
import queue
import re
import signal
import sys
import threading
import time
import traceback
import types

import _boxer

from boxer import _display

_SOON, _LINE, _LARGEST = 0.02, 1 << 13, 1 << 24
_AWAITS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class Quiet:
    """While it is entered in the main thread, an interrupt waits."""

    def __init__(self):
        self.depth = 0
        self.waits = False

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self.depth += 1

    def __exit__(self, *raised):
        if threading.current_thread() is threading.main_thread():
            self.depth -= 1
            if self.waits and not self.depth:
                self.waits = False
                raise KeyboardInterrupt


quiet = Quiet()
_running = None  # the cell's request
_channel = None
_answers = queue.SimpleQueue()


def _on_interrupt(number, frame):
    if _running is None:
        return
    if quiet.depth:
        quiet.waits = True
    else:
        raise KeyboardInterrupt


def interrupt():
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


def answer(text):
    """To what `input` waits for; None: there is no more."""
    _answers.put(text)


# --- output ---


class _Output(io.TextIOBase):
    """sys.stdout or sys.stderr of cells: told a line, or what comes within a moment, at a time."""

    encoding, errors = "utf-8", "replace"

    def __init__(self, descriptor):
        self._descriptor = descriptor
        self._text = []
        self._size = 0
        self._sent = 0.0
        self._lock = threading.RLock()
        self._bytes = None

    @property
    def name(self):
        return "<stdout>" if self._descriptor == 1 else "<stderr>"

    @property
    def buffer(self):
        if self._bytes is None:
            self._bytes = _Bytes(self)
        return self._bytes

    def fileno(self):
        return self._descriptor

    def isatty(self):
        return False

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        with quiet, self._lock:
            self._text.append(text)
            self._size += len(text)
            if self._size >= _LINE or (time.monotonic() - self._sent > _SOON and "\n" in text):
                self._send()
        return len(text)

    def flush(self):
        with quiet, self._lock:
            self._send()

    def flush_if_due(self):
        if self._text and time.monotonic() - self._sent > _SOON:
            self.flush()

    def _send(self):
        if self._text and _channel is not None and last_cell is not None:
            text, self._text, self._size = "".join(self._text), [], 0
            self._sent = time.monotonic()
            data = text.encode("utf-8", "replace")
            for at in range(0, len(data), 1 << 20):
                _tell(last_cell, "out", data[at : at + (1 << 20)], stream=self._descriptor)


class _Bytes(io.BufferedIOBase):
    """What `sys.stdout.buffer` is: bytes that are text for whoever looks on."""

    def __init__(self, output):
        self._output = output

    def writable(self):
        return True

    def write(self, data):
        self._output.write(bytes(data).decode("utf-8", "replace"))
        return len(data)

    def flush(self):
        self._output.flush()

    def fileno(self):
        return self._output.fileno()


_outputs = (_Output(1), _Output(2))
last_cell = None


def _tell(cell, kind, body=b"", **more):
    _channel.send({"id": cell["id"], "e": kind, "at": time.time_ns(), **more}, body)


def flush_if_due():
    for output in _outputs:
        output.flush_if_due()


def _flush():
    for output in _outputs:
        output.flush()


def written(channel, cell, descriptor, data):
    """Bytes that a child of the cell wrote to the machine's own streams."""
    _outputs[descriptor - 1].flush()
    channel.send({"id": cell["id"], "e": "out", "at": time.time_ns(), "stream": descriptor}, data)


@contextlib.contextmanager
def streams():
    """The streams of cells, and what else they find, around all that runs meanwhile."""
    before = sys.stdout, sys.stderr, sys.displayhook, builtins.input
    handler = signal.signal(signal.SIGINT, _on_interrupt)
    sys.stdout, sys.stderr = _outputs
    builtins.input = _input
    builtins.display = display
    os.environ.setdefault("MPLBACKEND", "module://boxer._figures")
    _display.watch_imports(display)
    try:
        yield
    finally:
        sys.stdout, sys.stderr, sys.displayhook, builtins.input = before
        signal.signal(signal.SIGINT, handler)


def _input(prompt=""):
    if not _running or not _running.get("asks"):
        raise EOFError("this cell has no input")
    _flush()
    _tell(_running, "input", prompt=str(prompt)[:_LINE])
    text = _answers.get()
    if text is None:
        raise EOFError
    return text


def display(*values, include=None, exclude=None, metadata=None, display_id=None, **unused):
    """Shows values, each by the richest forms it has (as IPython.display.display)."""
    _flush()
    for value in values:
        data, about = _display.bundle(value)
        data = {kind: form for kind, form in data.items()
                if (not include or kind in include) and kind not in (exclude or ())}  # fmt: skip
        show(data, about | (metadata or {}))


def show(data, metadata=None):
    """Shows what has its forms already: {MIME type: text}."""
    if last_cell is not None:
        _tell_result(last_cell, "display", data, metadata or {})


def _tell_result(cell, kind, data, metadata):
    body = _display.encoded({"data": data, "metadata": metadata})
    if len(body) > _LARGEST:  # than a frame holds
        plain = str(data.get("text/plain", ""))[:_LINE]
        left_out = {"text/plain": f"{plain}\n[what it looks like is larger than 16 MiB]"}
        body = _display.encoded({"data": left_out, "metadata": {}})
    with quiet:
        _tell(cell, kind, body)


# --- contexts ---


class _Context:
    def __init__(self, name):
        self.name = name
        if name == "default":
            self.module = sys.modules["__main__"]
        else:
            self.module = types.ModuleType("__main__")
        self.names = self.module.__dict__
        self.names.setdefault("__builtins__", builtins)
        self.count = 0
        self.cwd = None
        self.loop = None


_contexts = {}


def _context(name):
    if name not in _contexts:
        _contexts[name] = _Context(name)
    return _contexts[name]


def names_of(name):
    return _context(name).names


def forget(name):
    """The context begins anew, with no names."""
    context = _contexts.pop(name, None)
    if context and context.loop:
        context.loop.close()
    if name == "default":
        names = sys.modules["__main__"].__dict__
        for one in [one for one in names if not one.startswith("__")]:
            del names[one]
    elif context:
        context.names.clear()


# --- running ---


def run(channel, cell, code):
    """Runs the code of a request, and tells all but its end."""
    global _running, _channel, last_cell
    _channel = channel
    context = _context(cell.get("context") or "default")
    if not cell.get("silent"):
        context.count += 1
    last_cell = cell
    _running = cell
    try:
        try:
            _run_in(context, cell, code)
            _display.end_of_cell(display)
        finally:
            _running = None
            quiet.waits = False
    except BaseException as error:
        _flush_safely()
        _tell(cell, "failed", **_described(error))


def finish(channel, cell):
    _flush_safely()
    context = _context(cell.get("context") or "default")
    _tell(cell, "done", count=context.count, cwd=_cwd())


def tell_interrupted(channel, cell):
    told = {"name": "KeyboardInterrupt", "value": "", "traceback": "KeyboardInterrupt"}
    channel.send({"id": cell["id"], "e": "failed", "at": time.time_ns(), **told})
    channel.send({"id": cell["id"], "e": "done", "at": time.time_ns(), "count": 0})


def _flush_safely():
    try:
        _flush()
    except KeyboardInterrupt:
        _flush()


def _cwd():
    try:
        return os.getcwd()
    except OSError:
        return None


def _run_in(context, cell, code):
    variables = cell.get("env") or {}
    before = {name: os.environ.get(name) for name in variables}
    main = sys.modules["__main__"]
    sys.modules["__main__"] = context.module
    if cell.get("cwd") and not context.cwd:
        context.cwd = cell["cwd"]
    folder = _cwd()
    if context.cwd:
        os.chdir(context.cwd)
    os.environ.update(variables)
    try:
        _execute(context, cell, code)
    finally:
        if context.name != "default":  # each has a working directory of its own
            context.cwd = _cwd()
            if folder and folder != context.cwd:
                os.chdir(folder)
        sys.modules["__main__"] = main
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _execute(context, cell, code):
    name = f"<cell {context.count}>" if context.name == "default" else (
        f"<cell {context.count} of {context.name}>")  # fmt: skip
    tree, code = _parsed(code, name)
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr) and not _is_quiet(code):
        last = ast.Expression(tree.body.pop().value)
    names = context.names
    if tree.body:
        _evaluate(context, compile(tree, name, "exec", _AWAITS), names)
    if last is None:
        return
    value = _evaluate(context, compile(last, name, "eval", _AWAITS), names)
    if value is not None and not cell.get("silent"):
        names["_"] = value
        _flush()
        _tell_result(cell, "result", *_display.bundle(value))


def _is_quiet(code):
    """A semicolon behind the last expression keeps it from being shown, as in IPython."""
    lines = code.rstrip().splitlines()
    return bool(lines) and lines[-1].partition("#")[0].rstrip().endswith(";")


def _evaluate(context, code, names):
    if not code.co_flags & inspect.CO_COROUTINE:
        return eval(code, names)
    if context.loop is None:
        context.loop = asyncio.new_event_loop()
    asyncio.set_event_loop(context.loop)
    task = context.loop.create_task(eval(code, names))
    try:
        return context.loop.run_until_complete(task)
    except BaseException:
        if not task.done():
            task.cancel()
            with contextlib.suppress(BaseException):
                context.loop.run_until_complete(task)
        raise


def _parsed(code, name):
    whole = re.match(r"\s*%%(bash|sh)\b.*\n", code)
    if whole:
        code = f"__import__('boxer._cells')._cells.shell({code[whole.end() :]!r})\n"
        return ast.parse(code, name), code
    try:
        return _parse(code, name), code
    except SyntaxError:
        changed = re.sub(r"^([ \t]*)!(.+)$", _as_shell, code, flags=re.MULTILINE)
        if changed == code:
            raise
        return _parse(changed, name), changed


def _parse(code, name):
    return compile(code, name, "exec", ast.PyCF_ONLY_AST | _AWAITS)


def _as_shell(line):
    return f"{line[1]}__import__('boxer._cells')._cells.shell({line[2]!r})"


def shell(command):
    """A line that begins with `!`: by a shell, whose output is the cell's."""
    import selectors
    import subprocess

    words = ["/bin/sh", "-c", command]
    pipe = subprocess.PIPE
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)
    with process, selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, sys.stdout)
        selector.register(process.stderr, selectors.EVENT_READ, sys.stderr)
        try:
            while selector.get_map():
                for key, _ in selector.select():
                    data = os.read(key.fd, 1 << 16)
                    if not data:
                        selector.unregister(key.fileobj)
                    key.data.write(data.decode("utf-8", "replace"))
        except BaseException:
            process.kill()
            raise


def _described(error):
    """name, value, traceback: without our own frames."""
    try:
        lines, value = traceback.format_exception(_boxer.leave_out_ours(error)), str(error)
    except Exception:
        lines, value = [f"{type(error).__name__}\n"], ""
    text = "".join(lines).rstrip("\n")
    return {
        "name": type(error).__name__,
        "value": value[:4096],
        "traceback": text
        if len(text) < 1 << 16
        else text[: 1 << 15] + "\n...\n" + text[-(1 << 15) :],
    }


def warm_up(cells):
    """Runs cells that are told to nobody, so that what that takes is there. Raises what they do."""

    class Nobody:
        def send(self, head, body=b""):
            pass

    cell = {"id": 0, "context": "warm-up"}
    with streams():
        for code in ("import os\n[1]", "print(1)", "await __import__('asyncio').sleep(0)", "1/0"):
            run(Nobody(), cell, code)
            finish(Nobody(), cell)
        forget("warm-up")
        for code in cells:
            cell = {"id": 0, "context": "default", "silent": True}
            _run_in(_context("default"), cell, code)
            _display.end_of_cell(lambda figure: None)
        _flush()

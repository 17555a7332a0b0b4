"""A typed function of the box, called with plain data: the guest's half of `boxer.function`.

Belongs here: the box's one function, its calls, and calls over standard input and output. Does not:
types (`boxer.schemas`), how a request is read and a reply written (`_boxer_calls`).

`call` answers [result], or {"invalid": [[path, what is wrong]]} where what was given does not fit
the signature: then the function was not called.
"""

import importlib
import json
import os
import sys
from pathlib import Path

import _boxer
import _boxer_calls

from boxer import _linking
from boxer.schemas.invalid import BadTypeError, InvalidError
from boxer.schemas.signatures import signature_of

# What the box's function is, as `boxer fn build` wrote it.
DESCRIPTION = "/etc/boxer/function.json"
_target = _function = _load = _dump = _invoke = _document = None
_injected = {}
_run = None  # of a coroutine function


class ResultError(TypeError):
    """A function's result is not of the type that its signature says."""


def at_freeze():
    """Called before the box is frozen: what is set up now is in each call's machine."""
    try:
        told = json.loads(Path(DESCRIPTION).read_text("utf-8"))
    except FileNotFoundError:
        raise LookupError(f"there is no {DESCRIPTION}: `boxer fn build` writes it") from None
    if "" not in sys.path and told.get("path"):
        sys.path.insert(0, told["path"])
    if told.get("init"):
        _find(told["init"])()
    open_function(told["entry"])


def open_function(target=None):
    """Finds `module:function`, or the box's own, and answers its signature."""
    global _target, _function, _load, _dump, _invoke, _document, _injected, _run
    if target is None and _target is None:
        at_freeze()
    elif target is not None and target != _target:
        here = str(Path.cwd())
        if "" not in sys.path and here not in sys.path:
            sys.path.insert(0, here)
        function = _find(target)
        if not callable(function):
            raise TypeError(f"`{target}` cannot be called")
        try:
            signature = signature_of(function, target.rpartition(":")[2])
        except BadTypeError as error:
            raise BadTypeError(f"`{target}`: {error}") from None
        for name in ("call", "call_as_it_is"):
            _boxer_calls.know(f"boxer.functions:{name}")
        _warm()
        _function, _target = function, target
        _load, _dump, _invoke = signature.load, signature.dump, signature.invoke
        _document, _injected = signature.document, signature.injected
        _linking.found(function, signature)
        _run = _runner() if _document["async"] else None
        if _document.get("next") or _document.get("hosts"):
            _linking.get_ready()
    return _document


def _find(target):
    module, _, path = target.partition(":")
    place, last = _boxer.find(f"{module}:{path or 'handler'}")
    return getattr(place, last)


def _runner():
    import asyncio

    return asyncio.run


def _sample(number: int, text: str) -> str:
    return text


def _warm():
    """Calls get used to being made before the freeze, as `_boxer_calls` does: with a function of
    ours."""
    global _load, _dump, _invoke, _injected, _run
    _injected, _run = {}, None
    signature = signature_of(_sample)
    _load, _dump, _invoke = signature.load, signature.dump, signature.invoke
    _boxer.be_eager()
    request = b'c{"f":"boxer.functions:call","a":[{"number":1,"text":""}],"k":{}}'
    for _ in range(20):
        _boxer_calls.serve(request)
        call({"number": 1, "text": ""}, {"name": ""})
        _linking.end()
        call({"": None})


def call(given, context=None):
    """One call. context: {"deadline", "traceparent", "name", "linked"} or None."""
    try:
        arguments = _load(given)
    except InvalidError as error:
        return {"invalid": error.told()}
    except RecursionError:
        return {"invalid": [["", "is nested too deeply"]]}
    if context is not None or _injected or not _linking.is_idle():
        _linking.begin(context, arguments, _injected)
    result = _invoke(arguments)
    if _run is not None:
        result = _run(result)
    if _dump is None:
        return [result]
    try:
        return [_dump(result)]
    except InvalidError as error:
        raise ResultError(f"the result of `{_target}` does not fit its type: {error}") from None


def call_as_it_is(given, context=None):
    """As `call`, without reading what is given and writing what comes: plain data both ways."""
    given = dict(given)
    if context is not None or _injected or not _linking.is_idle():
        _linking.begin(context, given, _injected)
    result = _invoke(given)
    return [_run(result) if _run is not None else result]


def main():
    """Frames on standard input are requests, on standard output replies, until input ends: what any
    host of preview 1 can do (docs/reference/function-protocol.md). What the function prints goes to
    standard error."""
    replies = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    try:
        open_function()
    except LookupError as error:
        sys.exit(f"This box has no function: {error}.")
    _linking.over_streams(0, replies)
    while (request := _linking.read_frame(0)) is not None:
        _linking.write_frame(replies, _boxer_calls.serve(request))


if __name__ == "__main__":
    # One module, not a second one beside the frozen `boxer.functions`.
    importlib.import_module("boxer.functions").main()

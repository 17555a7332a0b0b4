"""The function protocol over standard input and output, by callers that use nothing of Boxer's."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import boxer
from boxer.functions import build_function, project_of
from tests.functions.conftest import Built

CALLERS = Path(__file__).resolve().parent / "callers"
RUN = (sys.executable, "-m", "boxer.cli", "run", "-i")


def frame(body: bytes) -> bytes:
    return struct.pack("<I", len(body)) + body


def call(arguments: dict[str, Any], context: dict[str, Any] | None = None) -> bytes:
    given = [arguments] if context is None else [arguments, context]
    told = {"f": "boxer.functions:call", "a": given, "k": {}}
    return frame(b"c" + json.dumps(told).encode())


def frames(data: bytes) -> list[bytes]:
    found = []
    while data:
        (size,) = struct.unpack_from("<I", data)
        found.append(data[4 : 4 + size])
        data = data[4 + size :]
    return found


def run(box: Path, given: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*RUN, str(box)], input=given, capture_output=True, timeout=120)


def test_requests_are_answered_in_their_order(built: Built) -> None:
    wrong = frame(b'c{"f":"boxer.functions:call","a":[{"image":1}],"k":{}}')
    tagged = b'{"f":"boxer.functions:call","a":[{"image":{"boxer.bytes":3}}],"k":{}}'
    given = call({"image": "YWJj", "width": 2}) + wrong
    given += frame(b"t" + struct.pack("<I", len(tagged)) + tagged + b"\0\1\2")
    done = run(built("resize"), given)
    replies = frames(done.stdout)
    text = b'[{"width":2,"data":{"boxer.bytes":2}}]'
    assert replies[0] == b"~" + struct.pack("<I", len(text)) + text + b"ab"
    assert json.loads(replies[1][1:])["invalid"][0][0] == "/image"
    assert replies[2].endswith(b"\0\1\2")
    assert len(replies) == 3
    assert done.returncode == 0
    assert b"resizing" in done.stderr


def test_one_machine_answers_all_calls_of_a_run(built: Built) -> None:
    done = run(built("count"), call({}) * 3)
    assert [json.loads(reply[1:]) for reply in frames(done.stdout)] == [[1], [2], [3]]


def test_what_is_no_frame_ends_the_run(built: Built) -> None:
    for given in (b"\1", b"\5\0\0\0c", b"\xff\xff\xff\xff"):
        done = run(built("count"), given)
        assert done.returncode == 1
        assert done.stdout == b""
    done = run(built("count"), frame(b"") + frame(b"c{") + call({}))
    kinds = [reply[:1] for reply in frames(done.stdout)]
    assert kinds == [b"!", b"!", b"="]


def test_next_is_asked_for_by_a_frame(built: Built) -> None:
    asked = frame(b"=20") + frame(b"=22")
    done = run(built("around"), call({"number": 1}, {"linked": True}) + asked)
    first, second, reply = frames(done.stdout)
    assert json.loads(first[2:]) == {"f": "next", "a": [1], "k": {}}
    assert json.loads(second[2:])["a"] == [2]
    assert reply == b"=[42]"


WASMTIME = (str(Path(sys.executable).with_name("wasmtime")), "run")


@pytest.mark.parametrize("runtime", [RUN, WASMTIME], ids=["boxer", "wasmtime"])
def test_a_caller_in_c(built: Built, tmp_path: Path, runtime: tuple[str, ...]) -> None:
    if not (Path(runtime[0]).exists()):
        pytest.skip("there is no wasmtime command")
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    caller = tmp_path / "call"
    subprocess.run([compiler, "-Wall", "-o", caller, CALLERS / "call.c"], check=True, timeout=120)
    words = [str(caller), '{"number":41}', *runtime, str(built("add_one"))]
    done = subprocess.run(words, capture_output=True, timeout=120, check=True)
    assert done.stdout == b"= [42]\n"


def test_a_caller_in_node(built: Built) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node")
    words = [node, "--no-warnings", str(CALLERS / "call.mjs"), str(built("shout")), "text=abc"]
    done = subprocess.run(words, capture_output=True, timeout=300)
    if b"ERR_UNKNOWN_BUILTIN_MODULE" in done.stderr:
        pytest.skip("this Node has no WASI")
    assert done.stdout == b'= ["ABC"]\n', done.stderr


def test_a_function_in_c_is_called_like_one_in_python(tmp_path: Path) -> None:
    (tmp_path / "boxer.toml").write_text('name = "c"\nentry = "function.c"\n')
    (tmp_path / "function.c").write_text((CALLERS / "function.c").read_text())
    box = tmp_path / "c.wasm"
    box.write_bytes(build_function(project_of(str(tmp_path))).data)
    with boxer.function(box, size=1) as function:
        assert function("count") == 1
        assert function("count") == 1, "each call meets what boxer_init left, and no more"
        assert function("text", text='é"\\\n😀') == 'é"\\\n😀'
        assert function("bytes", data=b"\0\xff" * 1000) == b"\0\xff" * 1000
        assert function("bytes", other=b"abc", data=b"de") == b"de"
        assert function("number", number=-1.5) == -1.5
        with pytest.raises(boxer.FunctionInputError) as raised:
            function("text", text=3)
        assert raised.value.errors == [("/text", "must be a string")]
        with pytest.raises(boxer.GuestError, match="of no kind"):
            function("other")
        with boxer.function(box, stateful=True) as kept:
            assert [kept("count"), kept("count")] == [1, 2]
    done = run(box, call({"kind": "number", "number": 7}) * 2)
    assert frames(done.stdout) == [b"=[7]", b"=[7]"]

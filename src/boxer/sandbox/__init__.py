"""The only door to the WebAssembly engine: machines, their limits, and what they may see."""

from boxer.sandbox.code import Code, cache_folder, is_compiled, load_code
from boxer.sandbox.ending import Ending
from boxer.sandbox.instance import Instance
from boxer.sandbox.limits import ATTENDED, Limits, parse_size
from boxer.sandbox.mounts import Mount
from boxer.sandbox.runner import RunResult, Stream, run

__all__ = [
    "ATTENDED",
    "Code",
    "Ending",
    "Instance",
    "Limits",
    "Mount",
    "RunResult",
    "Stream",
    "cache_folder",
    "is_compiled",
    "load_code",
    "parse_size",
    "run",
]

"""The only door to the WebAssembly engine: machines, their limits, and what they may see."""

from boxer.sandbox.code import Code, code_folder, is_compiled, load_code
from boxer.sandbox.ending import Ending
from boxer.sandbox.entry import Given, Life, Usage
from boxer.sandbox.frozen import Frozen
from boxer.sandbox.instance import Instance
from boxer.sandbox.limits import ATTENDED, Limits, parse_size
from boxer.sandbox.mounts import Mount
from boxer.sandbox.plans import write_plan
from boxer.sandbox.pool import Pool
from boxer.sandbox.runner import RunResult, command_line, given_for, run
from boxer.sandbox.started import StartedMachine
from boxer.sandbox.stdio import Stream
from boxer.sandbox.traps import crash_of_code, crash_of_text

__all__ = [
    "ATTENDED",
    "Code",
    "Ending",
    "Frozen",
    "Given",
    "Instance",
    "Life",
    "Limits",
    "Mount",
    "Pool",
    "RunResult",
    "StartedMachine",
    "Stream",
    "Usage",
    "code_folder",
    "command_line",
    "crash_of_code",
    "crash_of_text",
    "given_for",
    "is_compiled",
    "load_code",
    "parse_size",
    "run",
    "write_plan",
]

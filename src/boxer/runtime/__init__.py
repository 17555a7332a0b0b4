"""The only door to the WebAssembly engine: machines, their limits, and what they may see."""

from boxer.runtime.code import Code, code_folder, is_compiled, load_code
from boxer.runtime.ending import Ending
from boxer.runtime.entry import Given, Life, Usage
from boxer.runtime.frozen import Frozen
from boxer.runtime.instance import Instance
from boxer.runtime.limits import ATTENDED, Limits, parse_size
from boxer.runtime.mounts import Mount
from boxer.runtime.plans import write_plan
from boxer.runtime.pool import Pool
from boxer.runtime.runner import RunResult, command_line, given_for, run
from boxer.runtime.started import StartedMachine
from boxer.runtime.stdio import Stream
from boxer.runtime.traps import crash_of_code, crash_of_text

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

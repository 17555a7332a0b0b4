"""The only door to the WebAssembly engine: machines, their limits, and what they may see."""

from boxer.runtime.asking import Cancel
from boxer.runtime.attended import Asked, Attendance, Event, error_of
from boxer.runtime.buildinstance import BuildInstance
from boxer.runtime.calls import call_request, read_request, reply_to, reply_with_error
from boxer.runtime.channel import Channel
from boxer.runtime.code import Code, code_folder, is_compiled, load_code
from boxer.runtime.entry import Answer, Instance, RunOptions, Usage
from boxer.runtime.exitstatus import ExitStatus
from boxer.runtime.frozen import Frozen
from boxer.runtime.keptimage import keep_image, kept_image, kept_note
from boxer.runtime.limits import ATTENDED, Limits, parse_size
from boxer.runtime.lives import Lives
from boxer.runtime.living import LivingMachine
from boxer.runtime.mounts import Mount
from boxer.runtime.network import NETWORK_LIMITS, Network
from boxer.runtime.opened import TCP, Listener, OpenNetwork
from boxer.runtime.opening import open_network
from boxer.runtime.outgoing import Outgoing
from boxer.runtime.plans import write_plan
from boxer.runtime.pool import Pool, patient
from boxer.runtime.ports import Port, exposed_ports, parse_ports, require_port
from boxer.runtime.replies import TooDeepError, TooManyError, measure
from boxer.runtime.runner import RunResult, command_line, run, run_options
from boxer.runtime.spares import Spares
from boxer.runtime.started import Snapshot, StartedInstance
from boxer.runtime.stdio import Stream
from boxer.runtime.traps import crash_of_code, crash_of_text

__all__ = [
    "ATTENDED",
    "NETWORK_LIMITS",
    "TCP",
    "Answer",
    "Asked",
    "Attendance",
    "BuildInstance",
    "Cancel",
    "Channel",
    "Code",
    "Event",
    "ExitStatus",
    "Frozen",
    "Instance",
    "Limits",
    "Listener",
    "Lives",
    "LivingMachine",
    "Mount",
    "Network",
    "OpenNetwork",
    "Outgoing",
    "Pool",
    "Port",
    "RunOptions",
    "RunResult",
    "Snapshot",
    "Spares",
    "StartedInstance",
    "Stream",
    "TooDeepError",
    "TooManyError",
    "Usage",
    "call_request",
    "code_folder",
    "command_line",
    "crash_of_code",
    "crash_of_text",
    "error_of",
    "exposed_ports",
    "is_compiled",
    "keep_image",
    "kept_image",
    "kept_note",
    "load_code",
    "measure",
    "open_network",
    "parse_ports",
    "parse_size",
    "patient",
    "read_request",
    "reply_to",
    "reply_with_error",
    "require_port",
    "run",
    "run_options",
    "write_plan",
]

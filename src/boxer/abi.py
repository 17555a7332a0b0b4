"""The layout of the boot block and of tree images, and the number of the kernel's ABI.

Made from abi/boot.toml by `python -m abi`: change that file.
"""

import struct
from enum import IntEnum
from typing import Final

KERNEL_ABI: Final = 2
ASKING: Final = 1048576


class Phase(IntEnum):
    """What a machine's memory holds: one that has not started yet, or one that was frozen."""

    COLD = 0
    FROZEN = 1


class Reached(IntEnum):
    """The bits of a boot block's `reached`, 1 << one of these: limits of a run."""

    MEMORY = 0
    FILES = 1
    STORAGE = 2


class TreeFlag(IntEnum):
    """The flags of a tree image. ADDRESSES: its offsets are addresses, as the kernel writes it."""

    OFFSETS = 0
    ADDRESSES = 1


class Net(IntEnum):
    """Requests to the control descriptor of a host that grants a network; see `net_request`."""

    LISTEN = 0
    CONNECT = 1
    DATAGRAMS = 2
    ERROR = 3
    OPTION = 4
    RESOLVE = 5
    ANSWER = 6
    GRANTED = 7
    ORDER = 8
    ENDED = 9
    AWAIT = 10


class NetBit(IntEnum):
    """Bits of an event, 1 << one of these. ANSWERED, ORDERED: look. BORN: in a copy (AWAIT)."""

    READABLE = 0
    WRITABLE = 1
    ENDED = 2
    HUNG_UP = 3
    FAILED = 4
    ANSWERED = 5
    ORDERED = 6
    BORN = 7


class NetOption(IntEnum):
    """What OPTION sets. LINGER: seconds, 0: a reset."""

    KEEPALIVE = 0
    LINGER = 1


class NetGrant(IntEnum):
    """Bits, 1 << one of these: a network; orders; a life for each connection (AWAIT)."""

    NETWORK = 0
    ORDERS = 1
    LIVES = 2


class NetOrder(IntEnum):
    """PROGRAM: one is to be started. SIGNAL: that of an earlier order gets a signal."""

    NONE = 0
    PROGRAM = 1
    SIGNAL = 2


BOOT_MAGIC: Final = b"BXBOOT01"
BOOT: Final = struct.Struct("<8sIIIIIIIIIIIIII")
SIGNALS: Final = struct.Struct("<IIIIIIII32s32s")
TASKS: Final = struct.Struct("<IIIIIIIIIII20x")
SPACE: Final = struct.Struct("<III")
SPACE_RANGE: Final = struct.Struct("<II")
TREE_MAGIC: Final = b"BXTREE01"
TREE: Final = struct.Struct("<8sIIII8x")
TREE_ENTRY: Final = struct.Struct("<IIIIIIqIIIIIIII")
NET_REQUEST: Final = struct.Struct("<IIIIII16sII")
NET_ADDRESS: Final = struct.Struct("<III16s")
NET_REPLY: Final = struct.Struct("<II28s28s")
NET_EVENT: Final = struct.Struct("<II")
NET_ANSWER: Final = struct.Struct("<IIII256s256s")
NET_ORDER: Final = struct.Struct("<IIIII3s960s")


class BootField(IntEnum):
    """Where a field of the boot block stands: bytes from its start."""

    ABI = 8
    PHASE = 12
    TREE = 16
    TREE_SIZE = 20
    CONFIG = 24
    CONFIG_SIZE = 28
    HEAP = 32
    THAW = 36
    REQUEST = 40
    REQUEST_SIZE = 44
    REPLY = 48
    REPLY_SIZE = 52
    ROOM = 56
    REACHED = 60


class SignalsField(IntEnum):
    """Where a field of the signals' block stands: bytes from its start."""

    SENT = 0
    TAKEN = 4
    HEEDED = 8
    WORD = 12
    BITS = 16
    LIVE = 20
    ROWS = 24
    COLUMNS = 28
    COUNTS = 32
    KNOWN = 64


class TasksField(IntEnum):
    """Where a field of the tasks' block stands: bytes from its start."""

    SWITCH_SLOT = 0
    FORK_SLOT = 4
    DROP_SLOT = 8
    IMAGE_SLOT = 12
    MOST = 16
    DUE = 20
    OTHERS = 24
    TICK_US = 28
    WATCHED = 32
    OFFSET = 36
    BITS = 40
    RESERVED = 44

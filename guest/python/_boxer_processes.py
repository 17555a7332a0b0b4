"""What a program is told when it wants a second process.

Belongs here: the refusals of fork, posix_spawn, subprocess and os.system. Does not: exec, which
replaces the program (_boxer_exec).
"""

import _posixsubprocess
import errno
import os
import posix
import sys

REASON = (
    "a box is one process and cannot start another one: call the code as a function"
    " (runpy.run_module for a module), or use asyncio or a ThreadPoolExecutor"
)


def refusal(name, original):
    def refuse(*arguments, **options):
        raise OSError(errno.ENOSYS, f"{name}: {REASON}")

    refuse.__name__ = original.__name__
    refuse.__doc__ = original.__doc__
    refuse.__text_signature__ = original.__text_signature__
    return refuse


def system(command):
    """As a shell that cannot start the command: says so and gives its status."""
    os.fsencode(command)
    sys.stderr.write(f"os.system: {REASON}\n")
    return 126 << 8


def install():
    if os.system is system:
        return
    for name in ("fork", "forkpty", "posix_spawn", "posix_spawnp"):
        setattr(posix, name, refusal(name, getattr(posix, name)))
        setattr(os, name, getattr(posix, name))
    system.__text_signature__ = posix.system.__text_signature__
    posix.system = os.system = system
    _posixsubprocess.fork_exec = refusal("subprocess", _posixsubprocess.fork_exec)

"""find: the shell's own, but for what it would answer wrongly.

Belongs here: what is refused, and why. Does not: the search itself, which is the shell's.

The shell's find knows no owners, hard links or permissions of a user: it would take a test of them
as true. A build's clock stands still, so nothing is newer than anything.
"""

from __future__ import annotations

import shlex

from boxer.filetree import Symlink
from boxer.userland.invocation import Command, CommandFailedError, Invocation

_OWNERS = ("user", "group", "uid", "gid", "nouser", "nogroup", "links", "samefile", "inum")
_TIMES = ("mtime", "atime", "ctime", "mmin", "amin", "cmin", "newer", "anewer", "cnewer", "used")
_OTHERS = ("readable", "writable", "executable", "fstype", "ls", "fls", "fprint", "fprintf")
_REFUSED = {
    **dict.fromkeys(_OWNERS, "Name the files, or look for them in Python."),
    **dict.fromkeys(_TIMES, "A build's clock stands still: leave out the test."),
    **dict.fromkeys(_OTHERS, "Use `-perm`, `-print` or `-printf`."),
}
_COMMANDS = ("-exec", "-execdir", "-ok", "-okdir")


def find(call: Invocation) -> int:
    in_command, paths, through = False, True, False
    for word in call.arguments:
        paths = paths and word[:1] not in ("-", "(", "!")
        if in_command:
            in_command = word not in (";", "+")
        elif word in _COMMANDS:
            in_command = True
        elif word[1:] in _REFUSED or word.startswith("-newer"):
            hint = _REFUSED.get(word[1:], _REFUSED["newer"])
            raise call.unsupported(f"test `{word}`", hint)
        elif paths and not word:  # the shell's find would take it for the current folder
            raise CommandFailedError("'': No such file or directory")
        elif paths and word.endswith("/"):
            link = isinstance(call.node(word.rstrip("/"), follow=False), Symlink)
            through = through or link
    if through:  # a link with a slash is what it leads to; the shell's find takes the link
        call.arguments.insert(0, "-H")
    script = shlex.join([call.name, *call.arguments])
    status, out, err = call.shell(script, call.cwd, call.env, call.stdin, bare=call.name)
    call.programs = any(word in _COMMANDS for word in call.arguments)
    call.out += out
    call.err += err
    return status


COMMANDS = {"find": Command(find, makes_programs=True)}

"""`python -m venv` and virtualenv: virtual environments in a tree.

Belongs here: the files of an environment (PEP 405). Does not: packages in it (`pip`).
"""

from __future__ import annotations

import posixpath

from boxer.filetree import File
from boxer.userland.invocation import (
    Command,
    CommandFailedError,
    Invocation,
    parse_options,
)
from boxer.userland.programs import find_program

_WORDS = {
    "system-site-packages": False, "symlinks": False, "copies": False, "clear": False,
    "upgrade": False, "without-pip": False, "prompt": True, "upgrade-deps": False,
    "python": True, "seed": False, "relocatable": False, "allow-existing": False,
}  # fmt: skip

# A shell script of the environment's own is not needed to make it work; this is what it does.
_ACTIVATE = """\
# This file must be used with "source bin/activate" *from bash*
deactivate () {{
    if [ -n "${{_OLD_VIRTUAL_PATH:-}}" ] ; then
        PATH="$_OLD_VIRTUAL_PATH"
        export PATH
        unset _OLD_VIRTUAL_PATH
    fi
    unset VIRTUAL_ENV
    if [ ! "${{1:-}}" = "nondestructive" ] ; then
        unset -f deactivate
    fi
}}
deactivate nondestructive
VIRTUAL_ENV={root}
export VIRTUAL_ENV
_OLD_VIRTUAL_PATH="$PATH"
PATH="$VIRTUAL_ENV/bin:$PATH"
export PATH
"""

_PIP = """\
#!{root}/bin/python
import sys
sys.exit("pip: packages are installed when a box is built, with RUN pip install")
"""


def venv(call: Invocation) -> None:
    """Makes environments. Raises CommandFailedError where there is no Python to make them of."""
    options = parse_options(call, "p:", _WORDS)
    if not options.operands:
        raise CommandFailedError("the following arguments are required: ENV_DIR", 2)
    base = _base_python(call)
    for operand in options.operands:
        root = call.path(operand)
        if options.has("clear") and call.tree.get(root) is not None:
            call.tree.remove(root, recursive=True)
        _make(call, root, base, options.has("system-site-packages"))


def _base_python(call: Invocation) -> str:
    found = find_program(call.tree, "python3", call.env.get("PATH", ""), call.cwd)
    if found is None:
        raise CommandFailedError("there is no Python in this stage", 127)
    return call.tree.resolve(found)


def _make(call: Invocation, root: str, python: str, shared: bool) -> None:
    version = call.python.series
    uid, gid, epoch = call.user.uid, call.user.gid, call.epoch
    for folder in ("bin", "include", f"lib/python{version}/site-packages"):
        call.tree.make_directories(f"{root}/{folder}", 0o755, uid, gid, epoch)
    config = (
        f"home = {posixpath.dirname(python)}\n"
        f"include-system-site-packages = {'true' if shared else 'false'}\n"
        f"version = {call.python.version}\n"
        f"executable = {python}\n"
    )
    call.tree.add_file(f"{root}/pyvenv.cfg", config.encode(), 0o644, uid, gid, epoch)
    asked = call.ports.python_asked
    if asked:  # paths of the Dockerfile are written with it
        call.tree.add_symlink(f"{root}/lib/python{asked}", f"python{version}", uid, gid, epoch)
    links = {"python": python, "python3": "python", f"python{version}": "python"}
    links |= {f"python{asked}": "python"} if asked else {}
    for name, target in links.items():
        if not isinstance(call.tree.get(f"{root}/bin/{name}", follow=False), File):
            call.tree.add_symlink(f"{root}/bin/{name}", target, uid, gid, epoch)
    activate = _ACTIVATE.format(root=_quoted(root))
    call.tree.add_file(f"{root}/bin/activate", activate.encode(), 0o644, uid, gid, epoch)
    for name in ("pip", "pip3"):
        text = _PIP.format(root=root)
        call.tree.add_file(f"{root}/bin/{name}", text.encode(), 0o755, uid, gid, epoch)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


COMMANDS = {"virtualenv": Command(venv, makes_programs=True)}

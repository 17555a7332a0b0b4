"""RUN: a command over the stage's tree.

Belongs here: the environment and user of a command, its shell, and what its failure says. Does not:
the shell itself (`shell`).
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Sequence

from boxer.errors import InstructionError, RunFailedError, Where
from boxer.filetree import File, home_of, placed, resolve_user, users
from boxer.instructions.settings import DEFAULT_PATH, DEFAULT_SHELL
from boxer.instructions.state import StageState
from boxer.packages import removed_for
from boxer.userland import Finished, Ports, Setting, run_script

_SHELLS = ("sh", "bash", "dash", "ash")

# Debian's sh is dash, whose echo reads escapes: `echo "[global]\nx=1" > pip.conf` is common. A
# function is not seen by a bash or a script called from the RUN, which have their own echo.
# In it `set -e` holds within `$(..)`, too.
_AS_DASH = (
    "shopt -s inherit_errexit; "
    "echo() { local IFS=' '; "
    'case ${1-} in -n) shift; printf %b "$*";; '
    "-e) shift; printf '%b\\n' \"$*\";; *) printf '%b\\n' \"$*\";; esac; }; "
)
_DOCUMENT = "/.run/EOF"
_TAIL_LINES = 20
_SHOWN = 120
# What `boxer.toolchain` says of options and files it does not take; clang's own errors name a line.
_NO_MODULE = re.compile(r"No module named '?([\w.]+)")
_REFUSED_BY_COMPILER = re.compile(r"^(?:cc|c\+\+|ar): error: ", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]|\x1b\[[0-9;]*[A-Za-z]")


def run_shell_form(script: str, state: StageState, ports: Ports, where: Where | None) -> None:
    """`RUN script`, by the stage's SHELL. Raises RunFailedError and what a command raises."""
    if script.startswith("#!"):
        _run_document(script, state, ports, where)
        return
    prelude = _shell_options(state.config.shell or DEFAULT_SHELL, where)
    _run(script, script, state, ports, where, prelude)


def _run_document(script: str, state: StageState, ports: Ports, where: Where | None) -> None:
    """A here-document that begins with `#!` is run as the file it is. BuildKit has it at
    /dev/pipes/EOF; a machine's /dev is the kernel's own."""
    file = File(mode=0o755, data=script.encode("utf-8", "surrogateescape"))
    with placed(state.tree, _DOCUMENT, file):
        _run(_DOCUMENT, script, state, ports, where)


def run_exec_form(
    argv: Sequence[str], state: StageState, ports: Ports, where: Where | None
) -> None:
    """`RUN ["program", "argument"]`: no shell reads the words."""
    if not argv:
        raise InstructionError("This RUN names no program.", where=where)
    script = shlex.join(argv)
    _run(script, script, state, ports, where)


def _run(
    script: str, shown: str, state: StageState, ports: Ports, where: Where | None, prelude: str = ""
) -> None:
    setting = make_setting(state, ports, where)
    finished = run_script(setting, script, prelude)
    if finished.status != 0:
        raise _failed(shown, finished, where, ports.python_asked)


def make_setting(state: StageState, ports: Ports, where: Where | None) -> Setting:
    """Who runs a command of this stage, where, and with which variables."""
    user = resolve_user(state.tree, state.config.user)
    name = next((u.name for u in users(state.tree) if u.uid == user.uid), "")
    # HOME is the user's unless it is set. An ARG that an ENV has replaced is not there any more.
    env = {"HOME": home_of(state.tree, user.uid) if name else "/"}
    if user.uid == 0 and not name:
        env["HOME"] = "/root"
    env.update(state.config.environment())
    env.update(state.args)
    env.setdefault("PATH", DEFAULT_PATH)
    cwd = state.config.working_dir or "/"
    state.tree.make_directories(cwd, mtime=state.epoch)
    return Setting(
        tree=state.tree,
        user=user,
        user_name=name or ("root" if user.uid == 0 else str(user.uid)),
        env=env,
        cwd=posixpath.normpath(cwd),
        epoch=state.epoch,
        ports=ports,
        where=where,
    )


def _shell_options(shell: Sequence[str], where: Where | None) -> str:
    """What a SHELL's options mean, as commands: `["/bin/bash", "-o", "pipefail", "-c"]`."""
    program, *options = shell
    if posixpath.basename(program) not in _SHELLS:
        raise InstructionError(
            f"The SHELL `{program}` cannot read a RUN: a build has bash only.",
            where=where,
            hint='Use `SHELL ["/bin/bash", "-c"]`, or call the program in the RUN.',
        )
    settings = [_AS_DASH] if posixpath.basename(program) in ("sh", "dash") else []
    argv = iter(options)
    for word in argv:
        if word == "-o":
            settings.append(f"set -o {shlex.quote(next(argv, ''))}; ")
        elif word.startswith("-") and not word.startswith("--"):
            letters = [letter for letter in word[1:] if letter not in "cli"]
            if "o" in letters:  # -euo pipefail
                letters.remove("o")
                settings.append(f"set -o {shlex.quote(next(argv, ''))}; ")
            if letters:
                settings.append(f"set -{''.join(letters)}; ")
        elif word not in ("--login", "--norc", "--noprofile"):
            raise InstructionError(f"The SHELL's option `{word}` is not known.", where=where)
    return "".join(settings)


def _failed(shown: str, finished: Finished, where: Where | None, asked: str) -> RunFailedError:
    one_line = " ".join(shown.split())
    if len(one_line) > _SHOWN:
        one_line = one_line[:_SHOWN] + "..."
    text = _CONTROL.sub("", finished.tail.decode("utf-8", "replace"))
    tail = "".join(f"\n  {line}" for line in text.rstrip().splitlines()[-_TAIL_LINES:])
    return RunFailedError(
        f"`{one_line}` exited with status {finished.status}.{tail}",
        details=tail,
        where=where,
        hint=_hint(finished, text) or _python_hint(text, asked),
    )


def _python_hint(text: str, asked: str) -> str | None:
    """What a Python program says that failed. asked: as in `Ports`."""
    missing = _NO_MODULE.search(text)
    if missing:
        name = missing[1].partition(".")[0]
        package = removed_for(asked).get(name, name)
        return f"Install it in a RUN before this one: `RUN pip install '{package}'`."
    if "can't open file" in text:
        return "COPY it before this RUN; paths are those of the box."
    if asked and "Traceback (most recent call last)" in text:
        return (
            f"The Dockerfile asks for Python {asked} and the box has another: a newer version of"
            " the package that fails may be what is needed."
        )
    return None


def _hint(finished: Finished, text: str) -> str | None:
    if finished.status == 127:
        return "A box has no programs of a Linux distribution; look for a Python package instead."
    if _REFUSED_BY_COMPILER.search(text):
        return "docs/how-to/c-programs.md says what a compiler in a RUN takes and what it does not."
    if "Permission denied" in text:
        return "A USER instruction before this RUN may be why: go back to `USER root` for it."
    return None

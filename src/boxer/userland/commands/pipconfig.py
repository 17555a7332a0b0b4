"""pip's settings in a RUN: pip.conf, variables, `pip config set`.

Belongs here: where they lie. Does not: reading them (`packages.pipsettings`), pip (`pip`).
"""

from __future__ import annotations

import posixpath

from boxer.filetree import File, home_of
from boxer.packages import Prefix, config_file, pip_settings, with_setting
from boxer.userland.invocation import CommandFailedError, Invocation


def said_besides(call: Invocation, prefix: Prefix) -> list[str]:
    """The options that pip.conf and the variables of the RUN state."""
    return pip_settings(call.tree, prefix.root, _home(call), call.env)


def _home(call: Invocation) -> str:
    return call.env.get("HOME") or home_of(call.tree, call.user.uid)


def configure(call: Invocation, prefix: Prefix, arguments: list[str]) -> int:
    """`pip config set NAME VALUE`; what it would list is nothing that a build needs."""
    place = next((w[2:] for w in arguments if w in ("--global", "--site", "--user")), "user")
    argv = [word for word in arguments if not word.startswith("-")]
    if argv[:1] != ["set"] or len(argv) != 3:
        return 0
    path = config_file(place, prefix.root, _home(call))
    node = call.tree.get(path)
    try:
        text = with_setting(node.data.decode() if isinstance(node, File) else "", argv[1], argv[2])
    except ValueError:
        raise CommandFailedError(f"Key does not contain dot separated section: {argv[1]}") from None
    uid, gid = call.user.uid, call.user.gid
    call.tree.make_directories(posixpath.dirname(path), 0o755, uid, gid, call.epoch)
    call.tree.add_file(path, text.encode(), 0o644, uid, gid, call.epoch)
    call.print(f"Writing to {path}")
    return 0

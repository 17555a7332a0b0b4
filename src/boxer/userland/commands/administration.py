"""Programs that look after a system: libraries' cache, locales, certificates, package data.

Belongs here: those with nothing to do in a box, and the reading of its accounts (`getent`). Does
not: accounts themselves (`accounts`), package managers (`systempackages`).
"""

from __future__ import annotations

from boxer.filetree import File, groups, users
from boxer.userland.invocation import Command, CommandFailedError, Invocation

# Name: why there is nothing to do.
_NOTHING_TO_DO = {
    "ldconfig": "a box links no libraries when it runs",
    "locale-gen": "the base is C.UTF-8",
    "update-locale": "the base is C.UTF-8",
    "localedef": "the base is C.UTF-8",
    "dpkg-reconfigure": "a box has no system packages",
    "apt-mark": "a box has no system packages",
    "sysctl": "a box has a kernel of its own",
    "chpasswd": "nobody logs in to a box",
    "passwd": "nobody logs in to a box",
    "sync": "the files of a box are its memory",
}


def _nothing(call: Invocation) -> int:
    call.notice(f"`{call.name}` does nothing: {_NOTHING_TO_DO[call.name]}.")
    return 0


def certificates(call: Invocation) -> None:
    """update-ca-certificates: the user's own certificates behind those of the base."""
    added = [
        entry.data
        for path, entry in call.tree.walk()
        if path.startswith("/usr/local/share/ca-certificates/")
        and path.endswith(".crt")
        and isinstance(entry, File)
    ]
    bundle = "/etc/ssl/certs/ca-certificates.crt"
    present = call.tree.get(bundle)
    if added:
        before = present.data if isinstance(present, File) else b""
        data = before + b"".join(b"\n" + text.strip() + b"\n" for text in added)
        call.tree.make_directories("/etc/ssl/certs")
        call.tree.add_file(bundle, data, 0o644, 0, 0, call.epoch)
    call.print(f"{len(added)} added, 0 removed; done.")


def getent(call: Invocation) -> int:
    """getent(1) for passwd and group."""
    kind, *keys = call.arguments or [""]
    if kind not in ("passwd", "group"):
        raise CommandFailedError(f"Unknown database: {kind}", 1)
    node = call.tree.get(f"/etc/{kind}")
    lines = node.data.decode("utf-8", "replace").splitlines() if isinstance(node, File) else []
    names = {user.name for user in users(call.tree)} | {group.name for group in groups(call.tree)}
    missing = 0
    if not keys:
        for line in lines:
            call.print(line)
    for key in keys:
        column = 0 if key in names or not key.isdecimal() else 2
        found = [line for line in lines if line.split(":")[column : column + 1] == [key]]
        missing += not found
        for line in found:
            call.print(line)
    return 2 if missing else 0


COMMANDS = {
    **{name: Command(_nothing, reads_stdin=True) for name in _NOTHING_TO_DO},
    "update-ca-certificates": Command(certificates),
    "update-ca-trust": Command(certificates),
    "getent": Command(getent),
}

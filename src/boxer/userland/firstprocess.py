"""tini, dumb-init, gosu, su-exec: what entrypoints begin with, by the addresses people fetch them
from.

Belongs here: seeing that from an address. Does not: fetching anything else (`addition`, `curl` in
`shell.commands.installers`), the packages of distributions (`shell.commands.systempackages`).
"""

from __future__ import annotations

import re
from importlib import resources

_SCRIPTS = (
    (re.compile(r"/tini(?:-static)?(?:-(?:muslc-)?[a-z0-9]+)?$"), "init.sh"),
    (re.compile(r"/dumb-init(?:_[\w.]+)?$"), "init.sh"),
    (re.compile(r"/(?:gosu-[a-z0-9]+|su-exec)$"), "gosu.py"),
)


def fetched_program(address: str) -> bytes | None:
    """A script that does what the program at an address does; None for any other."""
    path = address.partition("?")[0]
    name = next((script for pattern, script in _SCRIPTS if pattern.search(path)), None)
    if name is None:
        return None
    folder = resources.files("boxer.userland.commands").joinpath("programs")
    return folder.joinpath(name).read_bytes()

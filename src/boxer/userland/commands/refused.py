"""Programs that people call in a RUN and that cannot work there, with the reason and a way out.

Belongs here: names, reasons, hints. Does not: commands that work for some arguments.
"""

from __future__ import annotations

from collections.abc import Callable

from boxer.errors import UnsupportedCommandError
from boxer.userland.invocation import Command, Invocation

_NETWORK = "a build has no network but the package index"
_NATIVE = "a box has no machine code but its base's"
_DAEMON = "what a RUN starts ends with it"

_FETCH = "Fetch it before the build and COPY it."
_COMPILE = "Use packages that come as pure Python, or COPY what was built elsewhere."
_GENERATE = "Use a Makefile and `make`, or build it before with `boxer cc` and COPY the program."
_CC = "Call `cc`, which compiles and links."
_NODE = "Build the front end before, and COPY what is made: `COPY frontend/dist ./dist`."
_PACKAGES = "a build runs no package manager of Node"
_SERVICE = "Start it when the box runs, in CMD or ENTRYPOINT."

_REFUSED: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("curl", "wget", "git", "ssh", "scp", "rsync", "svn"), (_NETWORK, _FETCH)),
    **dict.fromkeys(("npm", "npx", "yarn", "pnpm", "bun"), (_PACKAGES, _NODE)),
    "node": (_NATIVE, _NODE),
    **dict.fromkeys(
        ("cargo", "rustc", "go", "rustup"),
        (_NATIVE, _COMPILE),
    ),
    **dict.fromkeys(
        (
            "cmake",
            "ninja",
            "meson",
            "autoconf",
            "automake",
            "autoreconf",
            "libtool",
            "bison",
            "flex",
        ),
        (_NATIVE, _GENERATE),
    ),
    **dict.fromkeys(("as", "ld", "nasm", "yasm", "tcc"), ("it is for another machine", _CC)),
    **dict.fromkeys(
        ("dpkg", "apt-key", "add-apt-repository", "gpg", "update-alternatives"),
        ("a box has no system packages", "Remove it from the RUN."),
    ),
    **dict.fromkeys(("systemctl", "service", "supervisord", "crond"), (_DAEMON, _SERVICE)),
    **dict.fromkeys(
        ("conda", "mamba", "micromamba"),
        ("its packages are machine code", "Use `pip install` with pure packages."),
    ),
    **dict.fromkeys(
        ("docker", "podman", "buildah"),
        ("a box cannot hold containers", "Remove it from the RUN."),
    ),
    **dict.fromkeys(
        ("su", "gosu", "su-exec", "runuser"),
        ("a RUN has one user", "Put `USER name` before a RUN of its own."),
    ),
    **dict.fromkeys(("crontab", "supervisorctl"), (_DAEMON, _SERVICE)),
    "mount": ("a build cannot mount", "COPY the files, or `boxer run -v` when it runs."),
    "mknod": ("a box makes its devices itself", "Remove it from the RUN."),
    "zip": ("the shell's archives are no zip files", "Use `python -m zipfile -c`, or `tar`."),
    "setcap": ("a box has no capabilities", "Remove it from the RUN."),
}


def _refuse(reason: str, hint: str) -> Callable[[Invocation], int]:
    def refuse(call: Invocation) -> int:
        raise UnsupportedCommandError(
            f"`{call.name}` cannot work in a RUN: {reason}.", where=call.where, hint=hint
        )

    return refuse


# A program that asks for the network is refused, be it there or not: it could only fail.
COMMANDS = {
    name: Command(_refuse(*why), yields=why[0] is not _NETWORK) for name, why in _REFUSED.items()
}

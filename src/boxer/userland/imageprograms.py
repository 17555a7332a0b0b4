"""Programs of distributions that a box has as scripts: what a package or an image brings.

Belongs here: which they are, putting them into a tree. Does not: the scripts (`commands.programs`),
reading package managers' command lines (`commands.systempackages`).
"""

from __future__ import annotations

import posixpath
from importlib import resources

from boxer.filetree import File, Tree

_CROND: dict[str, tuple[str, ...]] = {"cron.py": ("/usr/sbin/crond", "/usr/bin/crontab")}
# Package -> its scripts, and the paths where Debian and Alpine have the programs.
_PROGRAMS: dict[str, dict[str, tuple[str, ...]]] = {
    "tini": {"init.sh": ("/usr/bin/tini", "/sbin/tini")},
    "dumb-init": {"init.sh": ("/usr/bin/dumb-init",)},
    "catatonit": {"init.sh": ("/usr/bin/catatonit",)},
    "gosu": {"gosu.py": ("/usr/sbin/gosu", "/usr/local/bin/gosu")},
    "su-exec": {"gosu.py": ("/sbin/su-exec", "/usr/local/bin/su-exec")},
    "wget": {"wget.py": ("/usr/bin/wget",)},
    "wait-for-it": {"wait_for_it.py": ("/usr/bin/wait-for-it",)},
    "gettext": {"envsubst.py": ("/usr/bin/envsubst",), "msgfmt.py": ("/usr/bin/msgfmt",)},
    "gettext-base": {"envsubst.py": ("/usr/bin/envsubst",)},
    "cron": {
        "cron.py": ("/usr/sbin/cron", "/usr/bin/crontab", "/usr/sbin/service", "/etc/init.d/cron")
    },
    "cronie": _CROND,
    "dcron": _CROND,
    "busybox": {**_CROND, "wget.py": ("/usr/bin/wget",)},
}
# Folders that a package leaves empty, for others to write to.
_FOLDERS = {
    "cron": ("/etc/cron.d", "/var/spool/cron/crontabs"),
    "cronie": ("/etc/cron.d", "/var/spool/cron/crontabs"),
    "busybox": (
        "/etc/crontabs",
        *(f"/etc/periodic/{name}" for name in ("15min", "hourly", "daily", "weekly", "monthly")),
    ),
}
# The package an image has from the start, by a word of its tag.
_OF_IMAGES = {"alpine": "busybox"}


def package_programs() -> frozenset[str]:
    """The packages whose programs a box has as scripts."""
    return frozenset(_PROGRAMS)


def add_package_programs(tree: Tree, package: str, epoch: int) -> None:
    """Puts a package's programs and folders into the tree of a box that has Python."""
    if tree.get("/usr") is None:
        return
    for folder in _FOLDERS.get(package, ()):
        tree.make_directories(folder, 0o755, 0, 0, epoch)
    for script, paths in _PROGRAMS.get(package, {}).items():
        data = resources.files(__package__).joinpath("commands", "programs", script).read_bytes()
        for path in paths:
            tree.make_directories(posixpath.dirname(path), 0o755, 0, 0, epoch)
            tree.add_file(path, data, 0o755, 0, 0, epoch)


def remove_package_programs(tree: Tree, package: str) -> None:
    """Takes a package's programs out of a tree, where they are still those that were put there."""
    for script, paths in _PROGRAMS.get(package, {}).items():
        data = resources.files(__package__).joinpath("commands", "programs", script).read_bytes()
        for path in paths:
            node = tree.get(path, follow=False)
            if isinstance(node, File) and node.data == data:
                tree.remove(path)


def package_of_image(flavour: str) -> str | None:
    """The package whose programs an image has, by what its tag says besides the version."""
    return next((package for word, package in _OF_IMAGES.items() if word in flavour), None)

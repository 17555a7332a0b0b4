"""Programs of the box run while it is being built: `RUN python manage.py collectstatic`.

Belongs here: the `CommandRunner` of `steps`, over a machine of the stage. Does not: the shell that
calls it, and pip (`steps`).

A machine is made of the stage's base and its tree as it stands, the program runs in it from a cold
start, and the kernel hands the files over that it left. Nothing is kept but those files.

Invariants
1. The program sees what a box sees, and nothing of the host: no files, no network, no clock.
2. The same tree and command leave the same tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from boxer.bases import Base
from boxer.boxfile import ImageConfig
from boxer.build.deflated import Deflated
from boxer.errors import StoppedError
from boxer.extensions import linked_base
from boxer.filetree import Directory, Tree
from boxer.link import Start, machine, machine_config, read_tree, tree_image
from boxer.preinit import restore
from boxer.sandbox import Ending, Instance, load_code
from boxer.steps import CommandRequest, CommandResult
from boxer.wasmformat import Module, code_digest, code_only

START = "_start"
TREE = "boxer_tree"
# Folders the kernel makes where a tree has none, to mount its own file systems on.
MOUNT_POINTS = ("dev", "proc", "sys", "tmp")


@dataclass(frozen=True, slots=True)
class Commands:
    """Runs programs of one base."""

    base: Base

    def run(self, request: CommandRequest) -> CommandResult:
        """Runs the program to its end; the request's tree has its files then."""
        module = Module.parse(linked_base(self.base, request.tree).module)
        code = load_code(code_only(module), code_digest(module))
        with Instance(code, request.epoch, request.stdin) as instance:
            restore(instance, machine(module, self._files(request), self._config(request)))
            ending = instance.run_to_end(START)
            _take_files(instance, request.tree)
            return CommandResult(
                ending.exit_code, instance.stdout, instance.stderr + _explained(ending)
            )

    def _files(self, request: CommandRequest) -> bytes:
        return tree_image(request.tree, Deflated(self.base.digest, self.base.tree))

    def _config(self, request: CommandRequest) -> bytes:
        config = ImageConfig(
            env=_variables(request.env),
            entrypoint=request.argv,
            working_dir=request.cwd,
            user=f"{request.user.uid}:{request.user.gid}",
        )
        start = Start(self.base.info.program, epoch=request.epoch)
        return machine_config(config, request.tree, start)


def _variables(env: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{name}={value}" for name, value in env.items())


def _take_files(instance: Instance, tree: Tree) -> None:
    """Puts the machine's files into the tree. Raises `StoppedError`, `TreeImageError`."""
    address = instance.call(TREE)
    if not address:
        raise StoppedError("The machine had no memory left to hand its files over.")
    left = read_tree(instance.read, address & 0xFFFFFFFF).root
    for name in MOUNT_POINTS:
        made = left.entries.get(name)
        if name not in tree.root.entries and isinstance(made, Directory) and not made.entries:
            del left.entries[name]
    tree.root = left


def _explained(ending: Ending) -> bytes:
    """What no output of the program tells."""
    if ending.crash:
        return f"{ending.crash}\n".encode()
    if ending.limit:
        return f"The {ending.limit} limit of a build was reached.\n".encode()
    return b""

"""Programs of the box run while it is being built: `RUN python manage.py collectstatic`.

Belongs here: the `CommandRunner` of `instructions`, over a machine of the stage. Does not: the
shell that calls it, and pip (`instructions`).

A machine is made of the stage's base and its tree as it stands, the program runs in it from a cold
start, and the kernel hands the files over that it left. Nothing is kept but those files. A C
program, as `gcc` in a RUN makes them, is a machine of its own, whatever the base.

Invariants
1. The program sees what a box sees, and nothing of the host: no files, no network, no clock.
2. The same tree and command leave the same tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from boxer.boxfile import ImageConfig
from boxer.errors import StoppedError, UnsupportedModuleError
from boxer.filetree import Directory, File, Tree
from boxer.images import Base, default_base
from boxer.link import (
    Start,
    constants_end,
    initial_memory,
    machine_config,
    read_tree,
    tree_image,
)
from boxer.listener import Listener
from boxer.packages import run_in_stage
from boxer.pipeline.cprogram import STAND_IN, is_program, with_program
from boxer.pipeline.deflated import Deflated
from boxer.preinit import restore
from boxer.runtime import BuildInstance, ExitStatus, load_code
from boxer.userland import CommandRequest, CommandResult
from boxer.wasmformat import Module, code_digest, code_only

NOT_RUN = "A step before it fails, so"
START = "_start"
TREE = "boxer_tree"
# Folders the kernel makes where a tree has none, to mount its own file systems on.
MOUNT_POINTS = ("dev", "proc", "sys", "tmp")


@dataclass(frozen=True, slots=True)
class NotRun:
    """Stands for the programs of a box whose build is sure to fail: they find nothing as it should
    be. listener: hears that they were not run."""

    listener: Listener

    def run(self, request: CommandRequest) -> CommandResult:
        name = request.argv[0].rpartition("/")[2]
        self.listener.notice(f"{NOT_RUN} `{name}` was not run.", None, None)
        return CommandResult(0)


@dataclass(frozen=True, slots=True)
class Commands:
    """Runs programs of one base."""

    base: Base

    def run(self, request: CommandRequest) -> CommandResult:
        """Runs the program to its end; the request's tree has its files then.

        Raises `UnsupportedModuleError` where the base has no program of its own to run.
        """
        path = request.tree.resolve(request.argv[0])
        own = is_program(request.tree, path)
        kept: Mapping[bytes, bytes]
        if own:
            kept = {STAND_IN: request.tree.file(path).data}
            base, tree = with_program(self.base, request.tree, path)
        else:
            base, tree, kept = run_in_stage(self.base, request.tree)
        if not base.module:
            raise UnsupportedModuleError(
                f"Nothing on this base can run `{request.argv[0]}`.",
                hint=f"Begin the stage with `FROM {default_base()}`.",
            )
        module = Module.parse(base.module)
        code = load_code(code_only(module), code_digest(module))
        with BuildInstance(code, request.epoch, request.stdin, still=False) as instance:
            deflated = Deflated(self.base.digest, self.base.tree)
            files = tree_image(tree, deflated, deflated.blocks)
            restore(instance, initial_memory(module, files, _config(request, tree, base, module)))
            ending = instance.run_to_end(START)
            _take_files(instance, request.tree)
            _put_back(request.tree, kept)
            return CommandResult(
                ending.exit_code, instance.stdout, instance.stderr + _explained(ending)
            )


def _config(request: CommandRequest, tree: Tree, base: Base, module: Module) -> bytes:
    config = ImageConfig(
        env=_variables(request.env),
        entrypoint=request.argv,
        working_dir=request.cwd,
        user=f"{request.user.uid}:{request.user.gid}",
    )
    constants = constants_end(module)
    start = Start(base.info.program, (), request.epoch, constants=constants, is_frozen=False)
    return machine_config(config, tree, start)


def _put_back(tree: Tree, kept: Mapping[bytes, bytes]) -> None:
    """Programs in the places of the lines that stood for them, wherever these were copied to."""
    for path, node in list(tree.walk()) if kept else []:
        if isinstance(node, File) and node.data in kept:
            tree.put(path, replace(node, data=kept[node.data]))


def _variables(env: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{name}={value}" for name, value in env.items())


def _take_files(instance: BuildInstance, tree: Tree) -> None:
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


def _explained(ending: ExitStatus) -> bytes:
    """What no output of the program tells."""
    if ending.crash:
        return f"{ending.crash}\n".encode()
    if ending.limit:
        return f"The {ending.limit} limit of a build was reached.\n".encode()
    return b""

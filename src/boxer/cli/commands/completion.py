"""`boxer completion`: what makes a shell complete Boxer's commands, options and boxes."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_SHELLS = ("bash", "zsh", "fish")
# Arguments that are boxes: a file, or a name of the store; volumes; detached boxes.
_BOXES = ("BOX", "NAME[:TAG]")
_VOLUMES = ("NAME",)
_SERVICES = ("SERVICE",)
_PREAMBLE = {
    "bash": """\
_boxer_boxes() {
    compgen -f -- "$1"
    compgen -W "$(boxer images -q 2>/dev/null)" -- "$1"
}
_boxer_volumes() {
    compgen -W "$(boxer volume ls -q 2>/dev/null)" -- "$1"
}
_boxer_services() {
    compgen -W "$(boxer ps -a --format '{{.Names}}' 2>/dev/null)" -- "$1"
}
""",
    "zsh": """\
_boxer_boxes() {
    _files
    compadd -- ${(f)"$(boxer images -q 2>/dev/null)"}
}
_boxer_volumes() {
    compadd -- ${(f)"$(boxer volume ls -q 2>/dev/null)"}
}
_boxer_services() {
    compadd -- ${(f)"$(boxer ps -a --format '{{.Names}}' 2>/dev/null)"}
}
""",
    "fish": "",
}
_BOX = {
    "bash": "_boxer_boxes",
    "zsh": "_boxer_boxes",
    "fish": "(boxer images -q; __fish_complete_path)",
}
_VOLUME = {"bash": "_boxer_volumes", "zsh": "_boxer_volumes", "fish": "(boxer volume ls -q)"}

_SERVICE = {
    "bash": "_boxer_services",
    "zsh": "_boxer_services",
    "fish": "(boxer ps -a --format '{{.Names}}')",
}


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "completion",
        help="print what completes commands in a shell",
        description="Prints a script for a shell: put `source <(boxer completion bash)` into"
        " ~/.bashrc, or `boxer completion fish | source` into fish's config.fish; for zsh, write it"
        " as `_boxer` into a folder of $fpath.",
    )
    parser.add_argument("shell", choices=_SHELLS)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    import shtab

    from boxer.cli import parser_of_commands

    parser = parser_of_commands()
    for action in _actions(parser):
        if action.metavar in _BOXES:
            action.complete = _BOX  # type: ignore[attr-defined]
        elif action.metavar in _VOLUMES:
            action.complete = _VOLUME  # type: ignore[attr-defined]
        elif action.metavar in _SERVICES:
            action.complete = _SERVICE  # type: ignore[attr-defined]
        elif action.type is not None and action.nargs != 0:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    print(shtab.complete(parser, options.shell, preamble=_PREAMBLE[options.shell]))
    return 0


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from _actions(below)

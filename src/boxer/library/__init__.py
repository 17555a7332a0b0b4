"""The Python API: boxes loaded or built, run, pooled, started."""

from boxer.library.box import Box, build, digest_of, load, load_box
from boxer.library.cells import Cell, CellError, CellResult, Shown, error_of_cell, shown_of
from boxer.library.files import Change, FileInfo, Files, changes, entries_of, info_of
from boxer.library.machine import Machine
from boxer.library.programs import Program, exit_code_of
from boxer.library.template import Template

__all__ = [
    "Box",
    "Cell",
    "CellError",
    "CellResult",
    "Change",
    "FileInfo",
    "Files",
    "Machine",
    "Program",
    "Shown",
    "Template",
    "build",
    "changes",
    "digest_of",
    "entries_of",
    "error_of_cell",
    "exit_code_of",
    "info_of",
    "load",
    "shown_of",
]
__all__ = ["Box", "Machine", "build", "load", "load_box"]

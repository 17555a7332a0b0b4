"""A contract of import-linter: a room is entered by its front door, its `__init__`.

Whoever is outside of a room imports nothing from a module inside of it, in the code as under
TYPE_CHECKING. One contract speaks for all rooms, those to come too.

Source: import-linter's documentation, "Custom contract types".
"""

from __future__ import annotations

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class FrontDoors(Contract):
    """house: the package whose direct children are the rooms."""

    type_name = "front_doors"

    house = fields.StringField()

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        entered = [
            (importer, imported)
            for room in graph.find_children(str(self.house))
            for imported in graph.find_descendants(room)
            for importer in graph.find_modules_that_directly_import(imported)
            if importer != room and not importer.startswith(f"{room}.")
        ]
        return ContractCheck(kept=not entered, metadata={"entered": sorted(entered)})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported in check.metadata["entered"]:
            room = ".".join(imported.split(".")[:2])
            output.print_error(f"{importer} imports {imported}: import it from {room}.")

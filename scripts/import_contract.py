"""The house as an import contract: every import runs downward (docs/ARCHITECTURE.md).

import-linter's own layers cannot hold a package and a room inside it (`orders` and
`orders.fulfilment`). Here a module belongs to the room with the longest name that it begins with,
so a new module is under the contract from its first line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


@dataclass(frozen=True, slots=True, order=True)
class WrongImport:
    """An import that runs upward, or aside into a room of the same floor."""

    importer: str
    imported: str
    importing_room: str
    imported_room: str


class RoomsContract(Contract):
    """`floors` from the roof down; rooms of one floor stand side by side, divided by `|`."""

    type_name = "rooms"

    floors = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Kept when no import runs upward or aside and every module has a room."""
        house = House(self.floors)  # type: ignore[arg-type]
        homeless = sorted(module for module in graph.modules if house.room(module) is None)
        wrong = sorted(wrong_imports(graph, house))
        return ContractCheck(
            kept=not wrong and not homeless, metadata={"wrong": wrong, "homeless": homeless}
        )

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Each wrong import in a line, with the rooms it joins."""
        metadata: dict[str, Any] = check.metadata
        for module in metadata["homeless"]:
            output.print_error(f"{module} is in no room of the house")
        for wrong in metadata["wrong"]:
            output.print_error(
                f"{wrong.importer} imports {wrong.imported}: "
                f"{wrong.importing_room} may not know {wrong.imported_room}"
            )
        output.new_line()


class House:
    """Which room a module belongs to, and how high that room is."""

    def __init__(self, floors: list[str]) -> None:
        self._height = {
            room.strip(): height
            for height, floor in enumerate(reversed(floors))
            for room in floor.split("|")
        }

    def room(self, module: str) -> str | None:
        """The most particular room that holds the module."""
        parts = module.split(".")
        names = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((name for name in names if name in self._height), None)

    def may_import(self, room: str, other: str) -> bool:
        """True within a room and for every room on a lower floor."""
        return room == other or self._height[other] < self._height[room]


def wrong_imports(graph: ImportGraph, house: House) -> Iterator[WrongImport]:
    """Every import that the house does not allow."""
    for importer in graph.modules:
        room = house.room(importer)
        for imported in graph.find_modules_directly_imported_by(importer):
            other = house.room(imported)
            if room and other and not house.may_import(room, other):
                yield WrongImport(importer, imported, room, other)

"""The import contract holds, and it would notice each kind of wrong import."""

import tomllib
from functools import cache

import grimp
import pytest

from ordercenter.engine.paths import PROJECT_ROOT
from scripts.import_contract import House, RoomsContract, wrong_imports

SETTINGS = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
FLOORS = SETTINGS["contracts"][0]["floors"]
HOUSE = House(FLOORS)


@cache
def the_graph() -> grimp.ImportGraph:
    return grimp.build_graph(*SETTINGS["root_packages"], cache_dir=None)


def wrong(graph: grimp.ImportGraph) -> list[tuple[str, str]]:
    return [(found.importer, found.imported) for found in wrong_imports(graph, HOUSE)]


def test_every_import_runs_downward():
    assert wrong(the_graph()) == []


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("ordercenter.core.clocks", "inventory.models.stock"),
        ("inventory.actions.reserve", "orders.models.orders"),
        ("orders.actions.place", "orders.fulfilment.models.shipments"),
        ("orders.actions.place", "orders.sheets"),
        ("orders.fulfilment.guards", "rma.models"),
        ("orders.sheets", "orders.rules"),
        ("rma.guards", "integrations.models"),
        ("integrations.admin", "ordercenter.console.navigation"),
        ("integrations.simulators.world", "orders.models.orders"),
        ("ordercenter.engine.health", "ordercenter.core.outbox"),
        ("ordercenter.console.navigation", "ordercenter.settings"),
    ],
)
def test_an_import_upward_or_aside_is_noticed(importer, imported):
    graph = the_graph()
    added = {module for module in (importer, imported) if module not in graph.modules}
    for module in added:
        graph.add_module(module)

    graph.add_import(importer=importer, imported=imported)
    noticed = wrong(graph)
    graph.remove_import(importer=importer, imported=imported)
    for module in added:
        graph.remove_module(module)

    assert noticed == [(importer, imported)]


def test_the_contract_is_broken_by_one_wrong_import_and_by_a_module_without_a_room():
    contract = RoomsContract("downward", {}, {"floors": FLOORS})
    graph = grimp.ImportGraph()
    for module in ("inventory.models", "orders.models"):
        graph.add_module(module)
    graph.add_import(importer="orders.models", imported="inventory.models")
    kept = contract.check(graph, verbose=False).kept

    graph.add_import(importer="inventory.models", imported="orders.models")
    broken = contract.check(graph, verbose=False)
    graph.remove_import(importer="inventory.models", imported="orders.models")
    graph.add_module("warehouse_robots")
    homeless = contract.check(graph, verbose=False)

    assert kept
    assert [str(found.importer) for found in broken.metadata["wrong"]] == ["inventory.models"]
    assert (homeless.kept, homeless.metadata["homeless"]) == (False, ["warehouse_robots"])


@pytest.mark.parametrize(
    ("module", "room"),
    [
        ("orders", "orders"),
        ("orders.actions.place", "orders"),
        ("orders.fulfilment.models", "orders.fulfilment"),
        ("orders.fulfilments", "orders"),
        ("ordercenter.urls", "ordercenter"),
        ("somewhere.else", None),
    ],
)
def test_a_module_belongs_to_the_most_particular_room(module, room):
    assert HOUSE.room(module) == room

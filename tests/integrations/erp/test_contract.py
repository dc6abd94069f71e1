"""What every ERP adapter must bring along, and that others can be found."""

import tomllib
from pathlib import Path

import pytest

from integrations.erp import registry
from integrations.erp.base import ErpAdapter
from integrations.erp.kingdee.adapter import Kingdee
from ordercenter.core.errors import BadInput

GIVEN = {"acct_id": "1", "user": "u", "app_id": "2_QUJD", "app_secret": "s"}


@pytest.fixture(autouse=True)
def _look_again():
    registry.adapters.cache_clear()
    yield
    registry.adapters.cache_clear()


class Point:
    """An entry point of another package."""

    def __init__(self, adapter: type) -> None:
        self._adapter = adapter

    def load(self) -> type:
        return self._adapter


class Elsewhere(Kingdee):
    key = "elsewhere"


@pytest.mark.parametrize("adapter", registry.BUILT_IN, ids=lambda adapter: adapter.key)
def test_each_of_ours_is_complete(adapter):
    assert issubclass(adapter, ErpAdapter)
    assert not adapter.__abstractmethods__
    assert registry.adapter_class(adapter.key) is adapter
    assert adapter.default_base_url.startswith("https://")
    assert str(adapter.label)


@pytest.mark.parametrize("adapter", registry.BUILT_IN, ids=lambda adapter: adapter.key)
def test_each_of_ours_names_a_missing_credential(adapter):
    for name in adapter.needs:
        with pytest.raises(BadInput) as caught:
            adapter("", {k: v for k, v in GIVEN.items() if k != name}, {}).check()
        assert caught.value.details["fields"] == {"credentials": [name]}


def test_each_of_ours_is_announced_as_others_are():
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))

    announced = project["project"]["entry-points"][registry.GROUP]

    assert announced == {a.key: f"{a.__module__}:{a.__name__}" for a in registry.BUILT_IN}


def test_another_package_brings_an_adapter_along(monkeypatch):
    monkeypatch.setattr(registry, "entry_points", lambda group: [Point(Elsewhere)])

    assert registry.adapter_class("elsewhere") is Elsewhere
    assert registry.adapter_class("kingdee") is Kingdee


def test_two_adapters_can_not_have_one_name(monkeypatch):
    class Usurper(Kingdee):
        key = "kingdee"

    monkeypatch.setattr(registry, "entry_points", lambda group: [Point(Usurper)])

    with pytest.raises(ValueError, match="kingdee"):
        registry.adapters()


def test_an_unknown_erp_is_named():
    with pytest.raises(BadInput) as caught:
        registry.adapter_class("sap")

    assert caught.value.details["fields"] == {"system": ["sap"]}


@pytest.mark.parametrize(
    ("credentials", "options", "field"),
    [
        (GIVEN | {"sign_in": "magic"}, {}, "credentials"),
        (GIVEN | {"app_id": "2"}, {}, "credentials"),
        (GIVEN, {"custmer": "x"}, "options"),
        (GIVEN, {"sale": "SAL_OUTSTOCK"}, "options"),
    ],
)
def test_settings_that_can_not_work_are_refused_before_any_call(credentials, options, field):
    with pytest.raises(BadInput) as caught:
        Kingdee("", credentials, options).check()

    assert field in caught.value.details["fields"]

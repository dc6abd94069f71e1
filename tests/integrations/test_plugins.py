"""Which adapters there are, and what each of them brings along, of whatever kind."""

import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from integrations import plugins
from integrations.channels.base import ChannelAdapter
from integrations.channels.registry import CHANNELS
from integrations.erp.base import ErpAdapter
from integrations.erp.registry import ERPS
from integrations.intake.mapping import compile_table
from integrations.plugins import Registry
from ordercenter.core.errors import BadInput

KINDS = [(CHANNELS, ChannelAdapter), (ERPS, ErpAdapter)]
OURS = [(kind, base, adapter) for kind, base in KINDS for adapter in kind.built_in]


@pytest.fixture(params=[kind for kind, _base in KINDS], ids=lambda kind: kind.group)
def registry(request) -> Registry:
    """A registry like one of ours that has asked nobody yet."""
    ours = request.param
    return Registry(ours.group, *ours.built_in, field=ours.field, unknown=ours.unknown)


@pytest.fixture
def announce(monkeypatch):
    """Have another package announce an adapter, in its own group only."""

    def announce(group: str, adapter: type) -> None:
        points = {group: [SimpleNamespace(load=lambda: adapter)]}
        monkeypatch.setattr(plugins, "entry_points", lambda group: points.get(group, []))

    return announce


@pytest.mark.parametrize(
    ("kind", "base", "adapter"), OURS, ids=[adapter.key for _kind, _base, adapter in OURS]
)
def test_each_of_ours_is_complete(kind, base, adapter):
    assert issubclass(adapter, base)
    assert not adapter.__abstractmethods__
    assert kind.named(adapter.key) is adapter
    assert adapter.default_base_url.startswith("https://")
    assert str(adapter.label)


@pytest.mark.parametrize("adapter", CHANNELS.built_in, ids=lambda adapter: adapter.key)
def test_each_channel_of_ours_has_a_mapping_that_can_be_used(adapter):
    compile_table(adapter.mapping)


def test_each_of_ours_is_announced_as_others_are(registry):
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))

    announced = project["project"]["entry-points"][registry.group]

    assert announced == {a.key: f"{a.__module__}:{a.__name__}" for a in registry.built_in}


def test_another_package_brings_an_adapter_along(registry, announce):
    (ours, *_more) = registry.built_in
    elsewhere = type("Elsewhere", (ours,), {"key": "elsewhere"})
    announce(registry.group, elsewhere)

    assert registry.named("elsewhere") is elsewhere
    assert registry.named(ours.key) is ours


def test_two_adapters_can_not_have_one_name(registry, announce):
    (ours, *_more) = registry.built_in
    announce(registry.group, type("Usurper", (ours,), {}))

    with pytest.raises(ValueError, match=ours.key):
        registry.named(ours.key)


def test_an_unknown_name_is_told_with_the_field_it_stands_in(registry):
    with pytest.raises(BadInput) as caught:
        registry.named("myspace")

    assert "myspace" in str(caught.value)
    assert caught.value.details["fields"] == {registry.field: ["myspace"]}


def test_accounts_call_the_key_by_these_names():
    assert (CHANNELS.field, ERPS.field) == ("adapter", "system")

"""Which channels there are, and what each adapter must bring along."""

import pytest

from integrations.channels import registry
from integrations.channels.base import ChannelAdapter
from integrations.channels.taobao.adapter import TaobaoAdapter
from integrations.intake.mapping import compile_table
from ordercenter.core.errors import BadInput


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


class Elsewhere(TaobaoAdapter):
    key = "elsewhere"


@pytest.mark.parametrize("adapter", registry.BUILT_IN, ids=lambda adapter: adapter.key)
def test_each_of_ours_is_complete(adapter):
    assert issubclass(adapter, ChannelAdapter)
    assert not adapter.__abstractmethods__
    assert registry.adapter_class(adapter.key) is adapter
    assert adapter.default_base_url.startswith("https://")
    compile_table(adapter.mapping)


def test_another_package_brings_an_adapter_along(monkeypatch):
    monkeypatch.setattr(registry, "entry_points", lambda group: [Point(Elsewhere)])

    assert registry.adapter_class("elsewhere") is Elsewhere
    assert registry.adapter_class("taobao") is TaobaoAdapter


def test_two_adapters_can_not_have_one_name(monkeypatch):
    class Usurper(TaobaoAdapter):
        key = "taobao"

    monkeypatch.setattr(registry, "entry_points", lambda group: [Point(Usurper)])

    with pytest.raises(ValueError, match="taobao"):
        registry.adapters()


def test_an_unknown_channel_is_named():
    with pytest.raises(BadInput) as caught:
        registry.adapter_class("myspace")

    assert caught.value.details["fields"] == {"adapter": ["myspace"]}

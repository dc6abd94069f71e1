"""Which channels there are: ours, and those that other packages bring along.

Another package announces its adapter under the entry point group `ordercenter.channels`. Ours
are listed here, because this project runs from a checkout and is then not installed as a
distribution whose entry points could be found.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from django.utils.translation import gettext_lazy as _

from integrations.channels.base import ChannelAdapter
from integrations.channels.taobao.adapter import TaobaoAdapter
from integrations.models import ChannelAccount
from ordercenter.core.errors import BadInput

GROUP = "ordercenter.channels"
BUILT_IN: tuple[type[ChannelAdapter], ...] = (TaobaoAdapter,)


@cache
def adapters() -> dict[str, type[ChannelAdapter]]:
    """Adapter classes by key. Raises `ValueError` when two packages claim one key."""
    found = {adapter.key: adapter for adapter in BUILT_IN}
    for point in entry_points(group=GROUP):
        adapter = point.load()
        if found.setdefault(adapter.key, adapter) is not adapter:
            raise ValueError(f"two adapters are named {adapter.key}")
    return found


def adapter_class(key: str) -> type[ChannelAdapter]:
    """The adapter of a channel. Raises `BadInput` when there is none of that name."""
    try:
        return adapters()[key]
    except KeyError:
        raise BadInput(
            _("No adapter for the channel %(key)s is installed.") % {"key": key},
            fields={"adapter": [key]},
        ) from None


def open_adapter(account: ChannelAccount) -> ChannelAdapter:
    """A client for the account's shop; whoever opens it closes it."""
    return adapter_class(account.adapter)(account.base_url, account.credentials, account.options)

"""Which channels there are."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from integrations.channels.base import ChannelAdapter
from integrations.channels.taobao.adapter import TaobaoAdapter
from integrations.models import ChannelAccount
from integrations.plugins import Registry

CHANNELS: Registry[ChannelAdapter] = Registry(
    "ordercenter.channels",
    TaobaoAdapter,
    field="adapter",
    unknown=_("No adapter for the channel %(key)s is installed."),
)


def open_adapter(account: ChannelAccount) -> ChannelAdapter:
    """A client for the account's shop; whoever opens it closes it."""
    adapter = CHANNELS.named(account.adapter)
    return adapter(account.base_url, account.credentials, account.options)

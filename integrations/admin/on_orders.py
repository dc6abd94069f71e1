"""What the order's card says about its channel."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from integrations.channels.taobao.mapping import STATUS_WORDS
from integrations.models import ToldChannel
from ordercenter.core.adminkit.story import name_events
from orders.admin.card import Dimension, add_section
from orders.models import Order

name_events(
    {
        "order.channel_told": _("Channel told of the parcel"),
        "order.channel_told_again": _("Told to the channel once more"),
        "order.channel_refused": _("Channel refused what it was told"),
    }
)


def channel_section(order: Order, request: HttpRequest) -> dict[str, Any] | None:
    """What came from the channel and what it was told; nothing for orders without one."""
    told = list(ToldChannel.objects.filter(line__order=order).select_related("line", "shipment"))
    raws = list(order.raw_messages.defer("body").order_by("-pk")[:5])
    if not told and not raws and not order.channel_status:
        return None
    status = STATUS_WORDS.get(order.channel_status, order.channel_status)
    return {"told": told, "raws": raws, "status": status}


add_section(Dimension.COLLABORATION, "console/channel.html", channel_section)

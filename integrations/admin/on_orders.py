"""What the order's card says about its channel."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from integrations.models import ToldChannel
from orders.admin.card import Dimension, add_section
from orders.models import Order


def channel_section(order: Order, request: HttpRequest) -> dict[str, Any] | None:
    """What came from the channel and what it was told; nothing for orders without one."""
    told = list(ToldChannel.objects.filter(line__order=order).select_related("line", "shipment"))
    raws = list(order.raw_messages.defer("body").order_by("-pk")[:5])
    if not told and not raws and not order.channel_status:
        return None
    return {"told": told, "raws": raws}


add_section(Dimension.COLLABORATION, "console/channel.html", channel_section)

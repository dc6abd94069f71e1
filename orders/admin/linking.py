"""From a row that belongs to an order to the order's card."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from ordercenter.core.adminkit import looks


class OrderLink:
    """Mixin for the admin of what belongs to an order: the column `order_link`."""

    @display(description=_("order"))
    def order_link(self, row: Any) -> SafeString | str:
        if row.order is None:
            return looks.NOTHING
        url = reverse("admin:orders_order_change", args=[row.order_id])
        return looks.link(url, row.order.number)

"""Stock as a shop's partner may see it."""

from __future__ import annotations

from collections.abc import Collection

from inventory.api.stock import StockView
from orders.models import Shop
from orders.selectors import warehouses_of


class ShopStockView(StockView):
    """Partners look into the warehouses that serve their shops."""

    def warehouses(self) -> Collection[int] | None:
        shops = self.actor.shops
        if shops is None:
            return None
        return {
            house for shop in Shop.objects.filter(pk__in=shops) for house in warehouses_of(shop)
        }

"""The admin pages of orders: list, card, work orders, shops and customers."""

from importlib import import_module

for _page in ("wording", "order", "work_order", "masters"):
    import_module(f"orders.admin.{_page}")

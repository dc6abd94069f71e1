"""The admin pages of orders: list, card, work orders, shops, customers, partners."""

from importlib import import_module

for _page in ("wording", "order", "work_order", "masters", "partners"):
    import_module(f"orders.admin.{_page}")

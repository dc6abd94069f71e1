"""The admin pages of parcels, and what they add to the order's pages."""

from importlib import import_module

for _page in ("on_orders", "shipment"):
    import_module(f"orders.fulfilment.admin.{_page}")

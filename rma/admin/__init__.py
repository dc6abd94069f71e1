"""The admin pages of returns and refunds, and what they add to the order's page."""

from importlib import import_module

for _page in ("on_orders", "returns", "refunds", "parcels"):
    import_module(f"rma.admin.{_page}")

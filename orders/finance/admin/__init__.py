"""The admin pages of finance, and what they add to the order's page."""

from importlib import import_module

for _page in ("on_orders", "invoices", "settlements", "differences", "sheets", "policies"):
    import_module(f"orders.finance.admin.{_page}")

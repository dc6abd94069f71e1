"""The admin pages of stock: what there is, where it lies, what moved."""

from importlib import import_module

for _page in ("catalogue", "stock"):
    import_module(f"inventory.admin.{_page}")

"""The admin pages of channels, raw messages, mappings, payments, tracking and notices."""

from importlib import import_module

for _page in ("channels", "mappings", "messages", "notices", "payments", "tracking", "on_orders"):
    import_module(f"integrations.admin.{_page}")

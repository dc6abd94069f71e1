"""The admin pages of channels, raw messages, mappings, tracking and notices."""

from importlib import import_module

for _page in ("channels", "mappings", "messages", "notices", "tracking", "on_orders"):
    import_module(f"integrations.admin.{_page}")

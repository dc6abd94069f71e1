"""The admin pages of channels, messages, mappings, payments, tracking, notices, mail and ERP."""

from importlib import import_module

for _page in (
    "channels",
    "erp_accounts",
    "erp_checks",
    "erp_documents",
    "mail",
    "mappings",
    "messages",
    "notices",
    "partners",
    "payments",
    "tracking",
    "on_orders",
):
    import_module(f"integrations.admin.{_page}")

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FinanceConfig(AppConfig):
    name = "orders.finance"
    label = "finance"
    verbose_name = _("Finance")

    def ready(self) -> None:
        for module in ("guards", "handlers", "laws"):
            import_module(f"orders.finance.{module}")

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FulfilmentConfig(AppConfig):
    name = "orders.fulfilment"
    label = "fulfilment"
    verbose_name = _("Warehouse")

    def ready(self) -> None:
        for module in ("guards", "handlers", "laws"):
            import_module(f"orders.fulfilment.{module}")

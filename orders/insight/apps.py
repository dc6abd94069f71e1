from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InsightConfig(AppConfig):
    name = "orders.insight"
    label = "insight"
    verbose_name = _("Numbers")

    def ready(self) -> None:
        for module in ("orders_facts", "behind", "laws"):
            import_module(f"orders.insight.{module}")

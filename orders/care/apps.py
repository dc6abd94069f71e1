from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CareConfig(AppConfig):
    name = "orders.care"
    label = "care"
    verbose_name = _("Customer care")

    def ready(self) -> None:
        for module in ("handlers", "wording"):
            import_module(f"orders.care.{module}")

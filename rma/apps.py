from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RmaConfig(AppConfig):
    name = "rma"
    verbose_name = _("Returns")

    def ready(self) -> None:
        for module in ("guards", "laws"):
            import_module(f"rma.{module}")

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "ordercenter.core"
    label = "core"
    verbose_name = _("Foundation")

    def ready(self) -> None:
        import_module("ordercenter.core.laws")

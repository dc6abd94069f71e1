from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = _("Outside systems")

    def ready(self) -> None:
        for module in (
            "laws",
            "messaging.handlers",
            "tracking.handlers",
            "tracking.inbound",
            "write_back.handlers",
            "payments.handlers",
            "payments.inbound",
            "erp.handlers",
            "partners.fan_out",
            "partners.sender",
        ):
            import_module(f"integrations.{module}")

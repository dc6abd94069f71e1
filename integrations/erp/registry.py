"""Which ERPs there are."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from integrations.erp.base import ErpAdapter
from integrations.erp.kingdee.adapter import Kingdee
from integrations.models import ErpAccount
from integrations.plugins import Registry

ERPS: Registry[ErpAdapter] = Registry(
    "ordercenter.erps",
    Kingdee,
    field="system",
    unknown=_("No adapter for the ERP %(key)s is installed."),
)


def open_adapter(account: ErpAccount) -> ErpAdapter:
    """A client for the account's books; whoever opens it closes it. Raises `BadInput`."""
    adapter = ERPS.named(account.system)(account.base_url, account.credentials, account.options)
    adapter.check()
    return adapter

"""Which ERPs there are: ours, and those that other packages bring along.

Another package announces its adapter under the entry point group `ordercenter.erps`. Ours is
announced there, too, and listed here as well, because this project runs from a checkout and is
then not installed as a distribution whose entry points could be found.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from django.utils.translation import gettext_lazy as _

from integrations.erp.base import ErpAdapter
from integrations.erp.kingdee.adapter import Kingdee
from integrations.models import ErpAccount
from ordercenter.core.errors import BadInput

GROUP = "ordercenter.erps"
BUILT_IN: tuple[type[ErpAdapter], ...] = (Kingdee,)


@cache
def adapters() -> dict[str, type[ErpAdapter]]:
    """Adapter classes by key. Raises `ValueError` when two packages claim one key."""
    found = {adapter.key: adapter for adapter in BUILT_IN}
    for point in entry_points(group=GROUP):
        adapter = point.load()
        if found.setdefault(adapter.key, adapter) is not adapter:
            raise ValueError(f"two adapters are named {adapter.key}")
    return found


def adapter_class(key: str) -> type[ErpAdapter]:
    """The adapter of an ERP. Raises `BadInput` when there is none of that name."""
    try:
        return adapters()[key]
    except KeyError:
        raise BadInput(
            _("No adapter for the ERP %(key)s is installed.") % {"key": key},
            fields={"system": [key]},
        ) from None


def open_adapter(account: ErpAccount) -> ErpAdapter:
    """A client for the account's books; whoever opens it closes it. Raises `BadInput`."""
    adapter = adapter_class(account.system)(account.base_url, account.credentials, account.options)
    adapter.check()
    return adapter

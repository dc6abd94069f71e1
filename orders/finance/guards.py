"""What stands before moves here, and how stories are locked."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.clocks import locks_root
from ordercenter.core.lifecycle import Lifecycle, guard
from orders.finance.costs import gate_is_on, valid_look
from orders.finance.errors import CostsNotSeen
from orders.finance.models import Invoice, SettlementFile


@guard(Invoice.KIND)
def refuse_to_issue_unseen_costs(subject: Lifecycle, verb: str, actor: Actor) -> None:
    """Who writes an invoice has looked at what its goods had cost; switched by `FinanceGate`."""
    assert isinstance(subject, Invoice)
    if verb != "issue" or not gate_is_on() or valid_look(subject, actor) is not None:
        return
    if subject.looks.exists():
        raise CostsNotSeen(
            _(
                "Look at the purchase costs first (button “Purchase costs”): you have not, or "
                "costs, goods or amount have changed since."
            )
        )
    raise CostsNotSeen(_("Look at the purchase costs first (button “Purchase costs”)."))


@locks_root(SettlementFile.KIND)
def lock_settlement(settlement_id: int) -> bool:
    """Lock the file without waiting; False when somebody else holds it."""
    rows = SettlementFile.objects.select_for_update(skip_locked=True).filter(pk=settlement_id)
    return rows.values_list("pk", flat=True).first() is not None

"""What this room tells: the kinds of its events and the words people read for them.

Events of returns and refunds stand on their order's story, those of an unknown parcel on its own.
`refund.planned` carries number, method, amount, return (number) and reason; `return.settled`
carries number, kind, amount and minutes_to_money (from the arrival of the goods).
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, str | Promise] = {
    "return.requested": _("Return asked for"),
    "return.authorised": _("Return authorised"),
    "return.refused": _("Return refused"),
    "return.label_printed": _("Return label printed"),
    "return.on_the_way": _("Goods on their way back"),
    "return.parcel_found": _("Parcel without RMA assigned"),
    "return.received": _("Returned goods received"),
    "return.inspected": _("Returned goods inspected"),
    "return.settling": _("Return being settled"),
    "return.settled": _("Return settled"),
    "return.closed": _("Return closed"),
    "refund.planned": _("Refund planned"),
    "refund.sending": _("Refund asked for at the payment system"),
    "refund.waits": _("Refund waits"),
    "refund.succeeded": _("Money paid back"),
    "refund.failed": _("Refund failed"),
    "unknown_parcel.waiting": _("Parcel without RMA noted"),
    "unknown_parcel.assigned": _("Parcel without RMA assigned"),
    "unknown_parcel.closed": _("Parcel without RMA closed"),
}

"""What this room tells: the kinds of its events and the words people read for them.

Events of invoices and of differences with a known order stand on the order's story. Purchase
costs are never part of an event.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, str | Promise] = {
    "invoice.asked": _("Invoice asked for"),
    "invoice.to_issue": _("Invoice to be issued"),
    "invoice.costs_seen": _("Purchase costs looked at"),
    "invoice.issued": _("Invoice issued"),
    "invoice.refused": _("Invoice refused"),
    "invoice.taken_back": _("Invoice taken back"),
    "settlement.loaded": _("Settlement file loaded"),
    "difference.accepted": _("Difference accepted"),
    "difference.explained": _("Difference explained"),
}

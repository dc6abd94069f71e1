"""How the timeline speaks of customer care."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ordercenter.core.adminkit.story import name_details, name_events, name_machines

name_events(
    {
        "order.urgent_escalated": _("Urgent and nearly too late: director told"),
        "order.urged": _("The customer urges"),
        "inquiry.asked": _("The customer asks where it is"),
        "inquiry.answered": _("The customer was told where it is"),
    }
)
name_details(
    {
        "place": _("where it is"),
        "minutes": _("minutes until the answer"),
        "minutes_left": _("minutes left"),
    }
)
name_machines(
    {
        "timer:urgent orders": _("Urgent orders timer"),
        "rule:news answers questions": _("Rule: parcel news answers questions"),
        "customer": _("Customer"),
    }
)

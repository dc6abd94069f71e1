"""Telling finance of a day that differs: one notice and one e-mail for each check."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _

from integrations.messaging.mail import post
from integrations.messaging.notices import ADMIN_ROLE, notify
from integrations.models import ErpCheck, ErpCheckLine, NoticeLevel
from ordercenter.core.outbox import RetryLater

KIND = "erp.check"
FINANCE_ROLE = "finance"
# So many lines stand in the e-mail; the page has all of them.
MOST_LINES = 200
NOBODY_SECONDS = 600.0


def tell_of_check(check_id: int) -> None:
    """Finance is told by the bell, and by e-mail with the lines; safe to come again.

    Raises `RetryLater` while nobody has an e-mail address; administrators are told of that.
    """
    check = ErpCheck.objects.get(pk=check_id)
    cause = f"erp_check:{check.pk}"
    notify(
        role=FINANCE_ROLE,
        kind=KIND,
        level=NoticeLevel.ALARM,
        title=subject_of(check),
        text=figures_of(check),
        link=link_of(check),
        cause=cause,
    )
    if not post(kind=KIND, subject=subject_of(check), body=body_of(check), cause=cause):
        notify(
            role=ADMIN_ROLE,
            kind="mail.nobody",
            level=NoticeLevel.WARN,
            title=_("Nobody in finance has an e-mail address: the ERP alarm can't be sent"),
            link="/admin/integrations/mailroute/",
            cause=cause,
        )
        raise RetryLater("nobody to write to", after=NOBODY_SECONDS)


def link_of(check: ErpCheck) -> str:
    """The check's page in the admin."""
    return f"/admin/integrations/erpcheck/{check.pk}/change/"


def subject_of(check: ErpCheck) -> str:
    """One line that says which day differs and by how much."""
    return _("ERP check of %(day)s: difference %(share)s") % {
        "day": f"{check.day:%Y-%m-%d}",
        "share": percent(check.share),
    }


def percent(share: Decimal) -> str:
    """A part of the whole for people: small ones with decimals that show them beyond a limit."""
    hundredths = share * 100
    shown = f"{hundredths:.4f}" if hundredths < 1 else f"{hundredths:.2f}"
    return shown.rstrip("0").rstrip(".") + " %"


def figures_of(check: ErpCheck) -> str:
    """The three figures of both sides, in one paragraph."""
    rows = (
        (_("number of orders"), f"{check.our_orders:,}", f"{check.their_orders:,}"),
        (_("order total"), f"¥{check.our_total:,.2f}", f"¥{check.their_total:,.2f}"),
        (_("money paid back"), f"¥{check.our_refunds:,.2f}", f"¥{check.their_refunds:,.2f}"),
    )
    return "；".join(
        _("%(what)s: here %(ours)s, ERP %(theirs)s")
        % {"what": what, "ours": ours, "theirs": theirs}
        for what, ours, theirs in rows
    )


def body_of(check: ErpCheck) -> str:
    """The e-mail: figures, then the lines that differ, then where to look."""
    lines = list(check.lines.all()[: MOST_LINES + 1])
    parts = [
        _("The order center and the ERP differ by more than %(tolerance)s %% on %(day)s.")
        % {"tolerance": check.tolerance.normalize(), "day": f"{check.day:%Y-%m-%d}"},
        _("Compared with: %(source)s (%(name)s), by %(who)s.")
        % {
            "source": check.get_source_display(),
            "name": check.source_name,
            "who": check.made_by_label,
        },
        "",
        *figures_of(check).split("；"),
        "",
        _("Lines that differ (%(count)s):") % {"count": check.differing},
        *(_line(line) for line in lines[:MOST_LINES]),
    ]
    if len(lines) > MOST_LINES:
        parts.append(_("… and %(count)s more") % {"count": check.differing - MOST_LINES})
    address = settings.PUBLIC_BASE_URL.rstrip("/") + link_of(check)
    return "\n".join([*parts, "", _("Look at the check: %(address)s") % {"address": address}])


def _line(line: ErpCheckLine) -> str:
    words = {
        "number": line.number,
        "cause": line.get_cause_display(),
        "ours": _amount(line.our_total),
        "theirs": _amount(line.their_total),
    }
    text = _("%(number)s  %(cause)s: here %(ours)s, ERP %(theirs)s") % words
    if line.our_refund != line.their_refund:
        text += _("; refunds: here %(ours)s, ERP %(theirs)s") % {
            "ours": _amount(line.our_refund),
            "theirs": _amount(line.their_refund),
        }
    return text


def _amount(amount: Decimal | None) -> str:
    return _("nothing") if amount is None else f"¥{amount:,.2f}"

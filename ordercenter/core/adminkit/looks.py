"""How values look: badges, amounts, moments. Plain HTML; the styles are in console.css."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from ordercenter.core import moments

NOTHING = "–"
TONES = frozenset({"gray", "blue", "green", "orange", "red", "violet"})


def badge(text: Any, tone: str = "gray", *, title: str = "") -> SafeString:
    """A small coloured label; colour never is the only sign, the text says it all."""
    if tone not in TONES:
        raise ValueError(f"unknown tone {tone}")
    return format_html(
        '<span class="oc-badge oc-{}" title="{}">{}</span>', tone, title or text, text
    )


def badges(items: Mapping[Any, str] | list[tuple[Any, str]]) -> SafeString:
    """Several badges in a row, or nothing."""
    pairs = items.items() if isinstance(items, Mapping) else items
    row = format_html_join(" ", "{}", ((badge(text, tone),) for text, tone in pairs))
    return row or mark_safe(NOTHING)


def link(url: str, text: Any) -> SafeString:
    """A way to another page."""
    return format_html('<a class="oc-link" href="{}">{}</a>', url, text)


def money(amount: Decimal | None, currency: str = "CNY") -> str:
    """¥1,234.50 for yuan, the code in front for anything else."""
    if amount is None:
        return NOTHING
    sign = "¥" if currency == "CNY" else f"{currency} "
    return f"{sign}{amount:,.2f}"


def moment(at: datetime | None, *, seconds: bool = False) -> str:
    """2026-11-22 09:05 in Shanghai."""
    if at is None:
        return NOTHING
    return f"{timezone.localtime(at):{'%Y-%m-%d %H:%M:%S' if seconds else '%Y-%m-%d %H:%M'}}"


def short_moment(at: datetime | None) -> str:
    """11-22 09:05, for lists."""
    return NOTHING if at is None else f"{timezone.localtime(at):%m-%d %H:%M}"


def span(length: timedelta) -> str:
    """A length of time in the two largest units that matter."""
    minutes = max(int(length.total_seconds() // 60), 0)
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    if days:
        return _("%(days)d d %(hours)d h") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    return _("%(minutes)d min") % {"minutes": minutes}


def left(minutes: int) -> str:
    """The minutes until something as a span; negative ones say how long it is overdue."""
    words = span(timedelta(minutes=abs(minutes)))
    return words if minutes >= 0 else _("overdue %(span)s") % {"span": words}


def left_words() -> dict[str, str]:
    """What `left` is made of, for scripts that go on counting in the browser."""
    return {
        "days": _("%(days)d d %(hours)d h"),
        "hours": _("%(hours)d h %(minutes)d min"),
        "minutes": _("%(minutes)d min"),
        "overdue": _("overdue %(span)s"),
    }


def clock(due_at: datetime | None, paused: bool = False) -> SafeString:
    """How a running clock stands: paused, time left, or how long it is overdue (red)."""
    if due_at is None:
        return mark_safe(NOTHING)
    if paused:
        return badge(_("paused"), "gray")
    left = due_at - moments.now()
    if left < timedelta(0):
        return badge(_("overdue %(span)s") % {"span": span(-left)}, "red", title=moment(due_at))
    tone = "orange" if left < timedelta(minutes=15) else "gray"
    return badge(_("%(span)s left") % {"span": span(left)}, tone, title=moment(due_at))


def as_json(value: Any) -> SafeString:
    """A value as a person can read it, line by line."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return format_html('<pre class="oc-body">{}</pre>', text)


def size(count: int) -> str:
    """Bytes for people."""
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:.0f} KB" if count < 1024**2 else f"{count / 1024**2:.1f} MB"

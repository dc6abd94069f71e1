"""Notices to staff: grouped when they are many, read by whom they are for (F4)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise

from integrations.models import Notice, NoticeLevel, NoticeRead
from ordercenter.core import moments
from ordercenter.core.models import User

# A bell that says more than this says "99+"; older notices no longer ring.
MOST_COUNTED = 99
SHOWN = 20
RINGS_FOR = timedelta(days=14)
# Superusers hear what is for this role, whatever their groups.
ADMIN_ROLE = "admin"

# The cause is claimed and the notice written by one statement: a cause that comes again claims
# nothing and counts nothing; writers of one group queue up at its row.
_NOTIFY = """
WITH fresh AS (
  INSERT INTO integrations_noticecause (cause, audience) VALUES (%s, %s)
  ON CONFLICT (cause, audience) DO NOTHING RETURNING 1
)
INSERT INTO integrations_notice AS n
       (role, user_id, kind, level, title, group_title, text, link, order_id, grouped_key,
        window_at, count, created_at)
SELECT %s, %s::bigint, %s, %s, %s, %s, %s, %s, %s::bigint, %s, %s, 1, %s FROM fresh
ON CONFLICT (role, user_id, kind, grouped_key, window_at)
DO UPDATE SET count = n.count + 1, link = %s, order_id = NULL
RETURNING id
"""

Text = str | Promise


def notify(
    *,
    kind: str,
    title: Text,
    role: str = "",
    user: int | None = None,
    text: Text = "",
    link: str = "",
    level: NoticeLevel = NoticeLevel.INFO,
    group_key: str = "",
    group_title: Text = "",
    group_link: str = "",
    order: int | None = None,
    cause: str = "",
) -> int | None:
    """Tell a role or a person; the notice's id, None when this cause was told them before.

    Notices of one audience, kind and `group_key` within a minute are one row that counts;
    `group_title` holds `%(count)s` and is shown from the second on. Safe for any number of
    writers. Without a `cause` every call counts.
    """
    if bool(role) == (user is not None):
        raise ValueError("a notice is for a role or for a person")
    at = moments.now()
    claim = f"{cause or uuid4().hex}/{kind}"[:80]
    audience = role or f"user:{user}"
    row: list[Any] = [
        role,
        user,
        kind,
        level,
        str(title)[:200],
        str(group_title)[:200],
        str(text)[:1000],
    ]
    row += [link, order, group_key[:80], at.replace(second=0, microsecond=0), at, group_link]
    with connection.cursor() as cursor:
        cursor.execute(_NOTIFY, [claim, audience, *row])
        found = cursor.fetchone()
    return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Unread:
    """What a person's bell shows: how many (at most 100, meaning more than 99) and the latest."""

    count: int
    latest: tuple[Notice, ...]
    mark: str

    @property
    def label(self) -> str:
        """The number as the bell shows it."""
        return str(self.count) if self.count <= MOST_COUNTED else f"{MOST_COUNTED}+"


def unread_for(user: User) -> Unread:
    """The person's unread notices, by one query. `mark` changes when what is shown changes."""
    rows = list(_unread(user).order_by("-id")[: MOST_COUNTED + 1])
    seen = ",".join(f"{row.pk}.{row.count}" for row in rows)
    mark = hashlib.sha256(f"{user.pk}:{seen}".encode()).hexdigest()[:20]
    return Unread(len(rows), tuple(rows[:SHOWN]), mark)


def visible_to(user: User) -> QuerySet[Notice]:
    """The notices that are for this person or for one of their roles."""
    audience = Q(user=user) | Q(role__in=user.groups.values("name"))
    if user.is_superuser:
        audience |= Q(role=ADMIN_ROLE)
    return Notice.objects.filter(audience)


def _unread(user: User) -> QuerySet[Notice]:
    # A notice that happened once more after it was read is unread again.
    read = NoticeRead.objects.filter(
        notice=OuterRef("pk"), user=user, count_seen__gte=OuterRef("count")
    )
    return visible_to(user).filter(~Exists(read), created_at__gte=moments.now() - RINGS_FOR)


def mark_read(user: User, seen: Mapping[int, int] | None = None) -> int:
    """These notices no longer ring for this person; all unread ones when None. How many.

    `seen` maps a notice to the count that was shown: what happened since then rings again.
    Notices that are not for this person are left out.
    """
    if seen is None:
        counts = dict(_unread(user).values_list("pk", "count"))
    else:
        known = visible_to(user).filter(pk__in=list(seen)).values_list("pk", "count")
        counts = {pk: min(seen[pk], count) for pk, count in known}
    NoticeRead.objects.bulk_create(
        [NoticeRead(user=user, notice_id=pk, count_seen=n) for pk, n in sorted(counts.items())],
        update_conflicts=True,
        unique_fields=["user", "notice"],
        update_fields=["count_seen", "at"],
    )
    return len(counts)


def as_json(notice: Notice) -> dict[str, Any]:
    """A notice for a page's script."""
    return {
        "id": notice.pk,
        "kind": notice.kind,
        "level": notice.level,
        "title": notice.headline,
        "text": notice.text if notice.count == 1 else "",
        "link": notice.link,
        "count": notice.count,
        "at": _seconds(notice.created_at),
    }


def _seconds(moment: datetime) -> str:
    return moment.astimezone(moments.SHANGHAI).isoformat(timespec="seconds")

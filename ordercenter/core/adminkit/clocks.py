"""The running clock of each row of a list."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from ordercenter.core.adminkit import looks
from ordercenter.core.models import Timer


class ClockColumn:
    """Mixin before `KeysetList` for the admin of a lifecycle: the column `clock`, one query for
    all rows."""

    model: Any

    def dress(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        clocks = Timer.objects.filter(
            subject_kind=self.model.KIND,
            subject_id__in=[row.pk for row in rows],
            stopped_at__isnull=True,
        )
        by_subject = {timer.subject_id: timer for timer in clocks}
        for row in rows:
            row.shown_clock = by_subject.get(row.pk)
        return super().dress(request, rows)  # type: ignore[misc,no-any-return]

    @display(description=_("clock"))
    def clock(self, row: Any) -> SafeString:
        timer = row.shown_clock
        if timer is None:
            return looks.clock(None)
        return looks.clock(timer.due_at, timer.paused_at is not None)

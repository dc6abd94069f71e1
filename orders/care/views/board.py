"""The supervisors' board of urgent orders; its lines ask for themselves (F5)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from ordercenter.core.adminkit import looks
from ordercenter.core.pages import only_for, unless_same
from orders.care.selectors import UrgentRow, urgent_board
from orders.care.views.common import own_files_only


@only_for("orders.view_order")
@own_files_only
@require_GET
def urgent(request: HttpRequest) -> HttpResponse:
    """Open urgent orders, the soonest wanted first."""
    rows = urgent_board()
    context = {"rows": rows, "etag": _mark(rows), "words": json.dumps(looks.left_words())}
    return render(request, "care/board.html", context)


@permission_required("orders.view_order", raise_exception=True)
@own_files_only
@require_GET
def rows(request: HttpRequest) -> HttpResponse:
    """The lines alone; 304 while nothing but the minutes has changed."""
    shown = urgent_board()
    return unless_same(
        request, _mark(shown), lambda: render(request, "care/_board_rows.html", {"rows": shown})
    )


def _mark(rows: Sequence[UrgentRow]) -> str:
    # A line that turns from calm to soon is news as well.
    text = ",".join(f"{row.mark}.{row.tone}" for row in rows)
    return hashlib.sha256(f"{get_language()}:{text}".encode()).hexdigest()[:20]

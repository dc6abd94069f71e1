"""Pages by key: the next page begins behind the last row seen, however many came meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request

from ordercenter.core.api.shapes import Integer

LARGEST_ID = 2**63 - 1

PAGE_FIELDS = (
    Integer("limit", 1, 200, default=50, about="Rows on a page."),
    Integer("cursor", 1, LARGEST_ID, about="Take it from `next_cursor` of the page before."),
)


def newest_first(
    request: Request, rows: QuerySet[Any], asked: dict[str, Any], show: Callable[[Any], Any]
) -> dict[str, Any]:
    """One page of rows, the largest id first; nothing is counted."""
    if asked["cursor"] is not None:
        rows = rows.filter(pk__lt=asked["cursor"])
    return _page(request, rows.order_by("-pk"), asked["limit"], show)


def oldest_first(
    request: Request, rows: QuerySet[Any], asked: dict[str, Any], show: Callable[[Any], Any]
) -> dict[str, Any]:
    """One page of rows, the smallest id first; nothing is counted."""
    if asked["cursor"] is not None:
        rows = rows.filter(pk__gt=asked["cursor"])
    return _page(request, rows.order_by("pk"), asked["limit"], show)


def _page(
    request: Request, rows: QuerySet[Any], limit: int, show: Callable[[Any], Any]
) -> dict[str, Any]:
    found = list(rows[: limit + 1])
    cursor = found[limit - 1].pk if len(found) > limit else None
    return {
        "results": [show(row) for row in found[:limit]],
        "next_cursor": cursor,
        "next": _address(request, cursor) if cursor else None,
    }


def _address(request: Request, cursor: int) -> str:
    query = request.query_params.copy()
    query["cursor"] = str(cursor)
    return f"{request.path}?{query.urlencode()}"

"""Subjects by their number, as far as they are this caller's business."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from ordercenter.core.errors import NotFound


def id_of(number: str, rows: QuerySet[Any]) -> int:
    """The id behind a number among these rows. Raises `NotFound`, also for another partner's."""
    pk = rows.filter(number=number).values_list("pk", flat=True).first()
    if pk is None:
        raise NotFound(number=number)
    return int(pk)

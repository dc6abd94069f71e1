"""What happens to promises before the goods leave."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, transaction

from inventory.models import Reservation
from ordercenter.core import moments


def confirm_reservations(lines: Sequence[int]) -> int:
    """Held promises to these lines no longer expire; how many there were.

    The caller holds the order's lock, so no expiry runs at the same time.
    """
    return Reservation.objects.filter(
        line__in=lines, state=Reservation.State.HELD, expires_at__isnull=False
    ).update(state=Reservation.State.CONFIRMED, expires_at=None)


_LOCK = """
SELECT id FROM inventory_stocklevel
 WHERE id IN (SELECT level_id FROM inventory_reservation
               WHERE line = ANY(%s) AND state IN ('held', 'confirmed'))
 ORDER BY id FOR UPDATE
"""
_RELEASE = """
WITH released AS (
  UPDATE inventory_reservation SET state = 'released', closed_at = %s
   WHERE line = ANY(%s) AND state IN ('held', 'confirmed')
  RETURNING level_id, quantity - consumed AS quantity
), per_level AS (
  SELECT level_id, sum(quantity) AS quantity FROM released GROUP BY level_id
), given_back AS (
  UPDATE inventory_stocklevel s SET reserved = s.reserved - p.quantity
    FROM per_level p WHERE s.id = p.level_id
)
SELECT coalesce(sum(quantity), 0) FROM per_level
"""


@transaction.atomic
def release_reservations(lines: Sequence[int]) -> int:
    """The open promises to these lines are taken back; how many pieces became free."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(lines)])
        cursor.execute(_RELEASE, [moments.now(), list(lines)])
        return int(cursor.fetchone()[0])

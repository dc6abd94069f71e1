"""The ground floor's own laws."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ordercenter.core.invariants import law

law(
    "timeline.no_gaps",
    _("Every story counts 1, 2, 3 … without gaps."),
    """
    SELECT stream, count(*) AS events, max(sequence) AS last
      FROM core_event GROUP BY stream
    HAVING count(*) <> max(sequence) OR min(sequence) <> 1
    """,
)
law(
    "timeline.no_change_without_event",
    _("No row changes without an event of the same transaction."),
    """
    SELECT c.table_name, c.row_id, c.changes, c.at, c.db_user
      FROM core_fieldchange c
     WHERE NOT EXISTS (SELECT 1 FROM core_event e WHERE e.txid = c.txid)
    """,
)
law(
    "outbox.drained",
    _("No delivery waits for more than ten minutes beyond its moment."),
    """
    SELECT id, handler, stream, attempts, not_before FROM core_delivery
     WHERE state = 'pending' AND not_before < now() - interval '10 minutes'
    """,
)
law(
    "clocks.told_in_time",
    _("No overdue level waits for more than five minutes to be told."),
    """
    SELECT id, subject_kind, subject_id, stage, next_at FROM core_timer
     WHERE stopped_at IS NULL AND paused_at IS NULL AND next_at < now() - interval '5 minutes'
    """,
)

"""The numbers' own law: what was kept is what counting anew would give."""

from __future__ import annotations

from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from ordercenter.core.invariants import law
from orders.insight.facts import Fact, all_facts
from orders.insight.keeping import DAY_OF

# Two whole days. What events have touched that nobody has read yet is left out.
_DAYS = "(now() AT TIME ZONE 'Asia/Shanghai')::date"
_FROM = f"({_DAYS} - 2)::timestamp AT TIME ZONE 'Asia/Shanghai'"
_UNTIL = f"{_DAYS}::timestamp AT TIME ZONE 'Asia/Shanghai'"


def _counted(fact: Fact) -> str:
    return f"""
    SELECT {DAY_OF} AS day, '{fact.name}' AS fact, f.shop_id, f.label, count(*) AS count,
           sum(f.amount) AS amount, sum(f.minutes) AS minutes
      FROM ({fact.rows}) f WHERE f.at >= {_FROM} AND f.at < {_UNTIL} GROUP BY 1, 3, 4
    """


def _unread(fact: Fact) -> str:
    if fact.from_events:
        since = "f.row_id > (SELECT floor FROM reading)"
    else:
        kinds = ", ".join(f"'{kind}'" for kind in fact.kinds)
        since = f"""f.order_id IN (
            SELECT CASE WHEN split_part(e.stream, ':', 1) = 'order'
                        THEN split_part(e.stream, ':', 2)::bigint END
              FROM core_event e
             WHERE e.id > (SELECT floor FROM reading) AND e.kind IN ({kinds}))"""
    return (
        f"SELECT DISTINCT {DAY_OF} AS day, '{fact.name}' AS fact FROM ({fact.rows}) f WHERE {since}"
    )


def _agreement() -> str:
    """SQL that finds kept numbers which counting anew does not give; nothing before the first
    reading of the timeline has ended."""
    facts = all_facts()
    return f"""
    WITH reading AS MATERIALIZED (SELECT floor FROM insight_readupto WHERE floor IS NOT NULL),
         counted AS ({" UNION ALL ".join(map(_counted, facts))}),
         unread AS ({" UNION ALL ".join(map(_unread, facts))}),
         kept AS (SELECT day, fact, shop_id, label, count, amount, minutes
                    FROM insight_dailynumber
                   WHERE day >= {_DAYS} - 2 AND day < {_DAYS})
    SELECT day, fact, shop_id, label, k.count AS kept, c.count AS counted
      FROM kept k FULL JOIN counted c USING (day, fact, shop_id, label)
     WHERE (k.count, k.amount, k.minutes) IS DISTINCT FROM (c.count, c.amount, c.minutes)
       AND EXISTS (SELECT 1 FROM reading)
       AND (day, fact) NOT IN (SELECT day, fact FROM unread)
    """


# Built when it is asked for: rooms above may still add facts.
law(
    "insight.kept_is_counted",
    _("The numbers of the last two days are what counting anew gives."),
    lazy(_agreement, str)(),
)

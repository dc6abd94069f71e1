"""Each event becomes a message for every endpoint that may and wants to hear of it.

The outbox calls this in the order of each story, so an endpoint's numbers follow it. Nothing is
sent here: a slow partner costs the relay nothing.
"""

from __future__ import annotations

from django.db import connection, transaction

from integrations.partners.kinds import KINDS
from ordercenter.core.models import Event
from ordercenter.core.outbox import handles
from orders.models import Order

# The sender listens on this channel of the database.
WAKES = "webhooks"

# Endpoints in id order, so that two relays queue up and never deadlock.
_WANTING = """
SELECT e.id
  FROM integrations_webhookendpoint e
  JOIN orders_partner p ON p.id = e.partner_id AND p.is_active
  JOIN orders_partner_shops s ON s.partner_id = p.id
  JOIN orders_order o ON o.id = %s AND o.shop_id = s.shop_id
 WHERE e.is_active AND (e.kinds = '{}' OR %s = ANY (e.kinds))
   AND (%s <> 'order.note_added' OR (%s = 'partner' AND %s = p.id))
 ORDER BY e.id
   FOR UPDATE OF e
"""

# A statement of its own: it has to see what another relay has written while we waited for the
# lock, or a number would be given away for nothing.
_GIVE = """
WITH fresh AS (
  UPDATE integrations_webhookendpoint e SET last_sequence = last_sequence + 1
   WHERE e.id = ANY (%s)
     AND NOT EXISTS (SELECT 1 FROM integrations_partnerdelivery d
                      WHERE d.endpoint_id = e.id AND d.event_id = %s)
  RETURNING e.id, e.last_sequence
)
INSERT INTO integrations_partnerdelivery
       (endpoint_id, event_id, sequence, kind, stream, state, attempts, last_error)
SELECT id, %s, last_sequence, %s, %s, 'pending', 0, '' FROM fresh
"""


@handles(*KINDS, name="partners.fan_out")
@transaction.atomic
def queue_for_partners(event: Event) -> None:
    """Every endpoint that may hear of the event now has it in its queue, once."""
    root, _colon, order_id = event.stream.partition(":")
    if root != Order.KIND:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _WANTING, [int(order_id), event.kind, event.kind, event.actor_kind, event.actor_id]
        )
        wanting = [row[0] for row in cursor.fetchall()]
        if not wanting:
            return
        cursor.execute(_GIVE, [wanting, event.pk, event.pk, event.kind, event.stream])
        if cursor.rowcount:
            cursor.execute("SELECT pg_notify(%s, '')", [WAKES])

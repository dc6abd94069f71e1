"""What must always be true of messages and parcels at channels."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ordercenter.core.invariants import law

law(
    "integrations.messages_end_somewhere",
    _("Every channel message that was taken over belongs to an order of its shop and number."),
    """
    SELECT r.id, r.external_number, r.order_id
      FROM integrations_rawmessage r LEFT JOIN orders_order o ON o.id = r.order_id
     WHERE r.state = 'applied'
       AND (o.id IS NULL OR o.shop_id <> r.shop_id OR o.external_number <> r.external_number)
    """,
)
law(
    "integrations.channel_orders_match",
    _("What a channel said last is kept beside the order it is about."),
    """
    SELECT c.id, c.external_number
      FROM integrations_channelorder c JOIN orders_order o ON o.id = c.order_id
     WHERE c.shop_id <> o.shop_id OR c.external_number <> o.external_number
    """,
)
law(
    "integrations.told_parcels_left",
    _("A channel was only told of parcels that left."),
    """
    SELECT t.id, t.waybill FROM integrations_toldchannel t
      JOIN fulfilment_shipment s ON s.id = t.shipment_id
     WHERE t.state = 'told' AND s.left_warehouse_at IS NULL
    """,
)

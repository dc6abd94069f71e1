"""What must always be true of parcels."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ordercenter.core.invariants import law, state_law

state_law(
    "shipments.state_is_last_told",
    _("The state of a shipment is the one its timeline tells last."),
    kind="shipment",
    table="fulfilment_shipment",
    shows=("id", "number"),
)
law(
    "shipments.carry_no_more_than_ordered",
    _("Packed and sent pieces of an order line are no more than were ordered."),
    """
    SELECT l.id AS line, l.order_id, l.quantity AS ordered, sum(p.quantity) AS in_parcels
      FROM fulfilment_shipmentline p
      JOIN fulfilment_shipment s ON s.id = p.shipment_id
      JOIN orders_orderline l ON l.id = p.order_line_id
     WHERE s.state NOT IN ('planned', 'released', 'picking', 'cancelled')
     GROUP BY l.id, l.order_id, l.quantity HAVING sum(p.quantity) > l.quantity
    """,
)
law(
    "shipments.carry_their_orders_goods",
    _("A shipment carries lines and SKUs of its own order."),
    """
    SELECT s.id, s.number, p.order_line_id, p.sku_id
      FROM fulfilment_shipmentline p
      JOIN fulfilment_shipment s ON s.id = p.shipment_id
      JOIN orders_orderline l ON l.id = p.order_line_id
     WHERE s.state <> 'cancelled'
       AND (l.order_id <> s.order_id
            OR (l.sku_id IS DISTINCT FROM p.sku_id
                AND s.state NOT IN ('planned', 'released', 'picking')))
    """,
)
law(
    "shipments.packed_ones_are_complete",
    _("Every piece of a packed shipment was checked."),
    """
    SELECT s.id, s.number, p.sku_id, p.packed, p.quantity
      FROM fulfilment_shipmentline p JOIN fulfilment_shipment s ON s.id = p.shipment_id
     WHERE p.packed <> p.quantity AND s.state NOT IN ('planned', 'released', 'picking', 'cancelled')
    """,
)
law(
    "shipments.that_left_are_out_of_stock",
    _("What left with a shipment left the stock under its number, piece for piece."),
    """
    SELECT s.id, s.number, carried.pieces, coalesce(moved.pieces, 0) AS out_of_stock
      FROM fulfilment_shipment s
      JOIN (SELECT shipment_id, sum(quantity) AS pieces FROM fulfilment_shipmentline
             GROUP BY shipment_id) carried ON carried.shipment_id = s.id
      LEFT JOIN (SELECT document, -sum(quantity) AS pieces FROM inventory_movement
                  WHERE reason = 'dispatched' GROUP BY document) moved
        ON moved.document = s.number
     WHERE coalesce(moved.pieces, 0)
        <> CASE WHEN s.left_warehouse_at IS NULL THEN 0 ELSE carried.pieces END
    """,
)
law(
    "shipments.orders_follow_their_parcels",
    _("An order has left exactly when all of its parcels have."),
    """
    SELECT o.id, o.number, o.state, count(*) FILTER (WHERE s.left_warehouse_at IS NULL) AS here
      FROM orders_order o
      JOIN fulfilment_shipment s ON s.order_id = o.id AND s.state <> 'cancelled'
     GROUP BY o.id, o.number, o.state
    HAVING (o.state IN ('dispatched', 'in_transit', 'delivered', 'completed')
            AND count(*) FILTER (WHERE s.left_warehouse_at IS NULL) > 0)
        OR (o.state IN ('preparing', 'packed')
            AND count(*) FILTER (WHERE s.left_warehouse_at IS NULL) = 0
            AND NOT EXISTS (
              SELECT 1 FROM orders_orderline l
               WHERE l.order_id = o.id AND l.quantity > (
                 SELECT coalesce(sum(p.quantity), 0) FROM fulfilment_shipmentline p
                   JOIN fulfilment_shipment q ON q.id = p.shipment_id
                  WHERE p.order_line_id = l.id AND q.state <> 'cancelled')))
    """,
)
law(
    "shipments.end_with_their_order",
    _("No parcel of a cancelled order is still worked on after ten minutes."),
    """
    SELECT s.id, s.number, s.state, o.number AS order_number
      FROM fulfilment_shipment s JOIN orders_order o ON o.id = s.order_id
     WHERE o.state IN ('cancelled', 'closed') AND o.state_since < now() - interval '10 minutes'
       AND s.state IN ('planned', 'released', 'picking', 'packed')
    """,
)

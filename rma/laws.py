"""What must always be true of returns and refunds."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ordercenter.core.invariants import law, state_law

for _kind, _table in (
    ("return", "rma_return"),
    ("refund", "rma_refund"),
    ("unknown_parcel", "rma_unknownparcel"),
):
    state_law(
        f"{_kind}s.state_is_last_told",
        _("The state of a return, refund or unknown parcel is the one its timeline tells last."),
        kind=_kind,
        table=_table,
    )
law(
    "refunds.are_booked_on_their_order",
    _("What is promised back of an order is the sum of its refunds that have not failed."),
    """
    SELECT o.id, o.number, o.refunded_amount, coalesce(sum(f.amount), 0) AS refunds
      FROM orders_order o LEFT JOIN rma_refund f ON f.order_id = o.id AND f.state <> 'failed'
     WHERE o.refunded_amount <> 0 OR f.id IS NOT NULL
     GROUP BY o.id, o.number, o.refunded_amount
    HAVING o.refunded_amount <> coalesce(sum(f.amount), 0)
    """,
)
law(
    "refunds.are_booked_on_their_payment",
    _("What is promised back of a payment is the sum of its refunds that have not failed."),
    """
    SELECT p.id, p.order_id, p.refunded, coalesce(sum(f.amount), 0) AS refunds
      FROM orders_payment p LEFT JOIN rma_refund f ON f.payment_id = p.id AND f.state <> 'failed'
     GROUP BY p.id, p.order_id, p.refunded HAVING p.refunded <> coalesce(sum(f.amount), 0)
    """,
)
law(
    "refunds.pay_their_own_order_back",
    _("A refund goes back by a payment, and belongs to a return, of its own order."),
    """
    SELECT f.id, f.number FROM rma_refund f
      LEFT JOIN orders_payment p ON p.id = f.payment_id LEFT JOIN rma_return r ON r.id = f.rma_id
     WHERE p.order_id <> f.order_id OR r.order_id <> f.order_id
    """,
)
law(
    "refunds.have_one_outcome",
    _("A refund that ended has a settled request under its own number, and only one."),
    """
    SELECT f.id, f.number, f.state, i.state AS request
      FROM rma_refund f
      LEFT JOIN core_intent i ON i.number = f.number AND i.kind = 'refund.' || f.method
     WHERE f.method IN ('wechatpay', 'alipay')
       AND ((f.state = 'succeeded' AND i.state IS DISTINCT FROM 'done')
         OR (f.state = 'sending' AND i.state IS DISTINCT FROM 'unknown')
         OR (f.state = 'planned' AND i.state IS NOT NULL))
    """,
)
law(
    "returns.pay_no_more_than_agreed",
    _("The refunds of a return add up to no more than was agreed."),
    """
    SELECT r.id, r.number, r.refund_amount, sum(f.amount) AS refunds
      FROM rma_return r JOIN rma_refund f ON f.rma_id = r.id AND f.state <> 'failed'
     GROUP BY r.id, r.number, r.refund_amount HAVING sum(f.amount) > r.refund_amount
    """,
)
law(
    "returns.settled_ones_are_paid",
    _("A settled return has all of its money, or its new order."),
    """
    SELECT r.id, r.number, r.kind FROM rma_return r
     WHERE r.state = 'settled'
       AND CASE WHEN r.kind IN ('exchange', 'resend') THEN r.replacement_id IS NULL
                ELSE r.refund_amount > (SELECT coalesce(sum(f.amount), 0) FROM rma_refund f
                                         WHERE f.rma_id = r.id AND f.state = 'succeeded') END
    """,
)
law(
    "returns.claim_no_more_than_was_sent",
    _("No piece of an order line is claimed by two returns, and none that never left."),
    """
    SELECT l.id AS line, l.order_id, claimed.pieces AS claimed, coalesce(sent.pieces, 0) AS sent
      FROM (SELECT c.order_line_id,
                   sum(CASE WHEN r.state IN ('refused', 'closed') THEN c.received
                            WHEN r.state = 'requested' THEN c.requested
                            ELSE c.authorised END) AS pieces
              FROM rma_returnline c JOIN rma_return r ON r.id = c.rma_id
             GROUP BY c.order_line_id) claimed
      JOIN orders_orderline l ON l.id = claimed.order_line_id
      LEFT JOIN (SELECT p.order_line_id, sum(p.quantity) AS pieces
                   FROM fulfilment_shipmentline p
                   JOIN fulfilment_shipment s ON s.id = p.shipment_id
                  WHERE s.left_warehouse_at IS NOT NULL
                  GROUP BY p.order_line_id) sent ON sent.order_line_id = l.id
     WHERE claimed.pieces > coalesce(sent.pieces, 0)
    """,
)
law(
    "returns.goods_are_in_stock",
    _("What inspection found good or defective is in the ledger under the RMA number."),
    """
    SELECT r.id, r.number, looked.ok, looked.defective, moved.ok AS ledger,
           moved.defective AS ledger_defective
      FROM rma_return r
      JOIN (SELECT rma_id, sum(ok) AS ok, sum(defective) AS defective
              FROM rma_returnline GROUP BY rma_id) looked ON looked.rma_id = r.id
      LEFT JOIN (SELECT document, sum(quantity) AS ok, sum(defective) AS defective
                   FROM inventory_movement WHERE reason = 'returned' GROUP BY document) moved
        ON moved.document = r.number
     WHERE looked.ok <> coalesce(moved.ok, 0) OR looked.defective <> coalesce(moved.defective, 0)
    """,
)
law(
    "returns.lines_are_their_orders",
    _("A return names lines and SKUs of its own order."),
    """
    SELECT r.id, r.number, c.order_line_id FROM rma_returnline c
      JOIN rma_return r ON r.id = c.rma_id JOIN orders_orderline l ON l.id = c.order_line_id
     WHERE l.order_id <> r.order_id
    """,
)

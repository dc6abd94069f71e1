"""What must always be true of stock."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ordercenter.core.invariants import law

law(
    "stock.reserved_is_sum_of_promises",
    _("Reserved pieces of a level are the sum of its open reservations."),
    """
    SELECT s.id AS level, s.reserved, coalesce(sum(r.quantity - r.consumed), 0) AS promised
      FROM inventory_stocklevel s
      LEFT JOIN inventory_reservation r ON r.level_id = s.id AND r.state IN ('held', 'confirmed')
     GROUP BY s.id, s.reserved
    HAVING s.reserved <> coalesce(sum(r.quantity - r.consumed), 0)
    """,
)
law(
    "stock.on_hand_is_sum_of_ledger",
    _("Pieces on hand are the sum of the ledger, and so are defective ones."),
    """
    SELECT s.id AS level, s.on_hand, s.defective, coalesce(sum(m.quantity), 0) AS ledger,
           coalesce(sum(m.defective), 0) AS ledger_defective
      FROM inventory_stocklevel s LEFT JOIN inventory_movement m ON m.level_id = s.id
     GROUP BY s.id, s.on_hand, s.defective
    HAVING s.on_hand <> coalesce(sum(m.quantity), 0)
        OR s.defective <> coalesce(sum(m.defective), 0)
    """,
)
law(
    "stock.on_hand_is_sum_of_bins",
    _("Pieces on hand are the sum of what lies in the bins; pieces on hold those of held batches."),
    """
    SELECT s.id AS level, s.on_hand, s.held, coalesce(sum(p.quantity), 0) AS in_bins
      FROM inventory_stocklevel s
      LEFT JOIN inventory_placement p ON p.level_id = s.id
      LEFT JOIN inventory_batch b ON b.id = p.batch_id
     GROUP BY s.id, s.on_hand, s.held
    HAVING s.on_hand <> coalesce(sum(p.quantity), 0)
        OR s.held <> coalesce(sum(p.quantity) FILTER (WHERE b.quality = 'hold'), 0)
    """,
)

"""Orders that were delivered and come back, by the same actions that staff use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from inventory.models import StockLevel
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.models import Event
from orders.actions import (
    PaymentReference,
    approve_order,
    confirm_funds_order,
    pay_order,
    place_order,
)
from orders.drafts import Draft, DraftLine
from orders.fulfilment.actions import deliver_shipment
from orders.models import Order, PaymentMethod
from rma.actions import (
    Arrived,
    Inspected,
    authorise_return,
    inspect_return,
    post_return,
    receive_return,
    request_return,
    start_refund,
    succeed_refund,
)
from rma.errors import NotEligible
from rma.models import Refund, Return, ReturnKind, ReturnPolicy, ReturnReason
from rma.selectors import forget_policies
from tests.fulfilment import world as warehouse

_numbers = count(1)

CUSTOMER = Actor(
    kind="customer",
    label="王小明",
    door="page",
    permissions=frozenset({"rma.request_return", "rma.post_return", "rma.print_label_return"}),
)


def person(*permissions: str, label: str = "财务小陈") -> Actor:
    """Somebody with just these permissions."""
    return Actor(
        kind="person", label=label, door="admin", id=None, permissions=frozenset(permissions)
    )


def paid_order(
    quantities: Mapping[str, int] | None = None,
    *,
    method: PaymentMethod | None = PaymentMethod.WECHATPAY,
    transaction: str = "",
    price: str = "10.00",
    **draft: Any,
) -> Order:
    """An order over `price` a piece that was paid by this method; it waits for review."""
    lines = tuple(
        DraftLine(
            channel_line=f"L{n}",
            sku_code=code,
            quantity=quantity,
            title=f"货品{code}",
            unit_price=Decimal(price),
            amount=Decimal(price) * quantity,
        )
        for n, (code, quantity) in enumerate((quantities or {"A": 2, "B": 1}).items(), 1)
    )
    goods = sum((line.amount for line in lines), Decimal("0.00"))
    freight = draft.pop("freight", Decimal("0.00"))
    placed = place_order(
        warehouse.make_shop(),
        Draft(
            external_number=f"R{next(_numbers)}",
            placed_at=moments.now(),
            lines=lines,
            goods_amount=goods,
            freight=freight,
            total=goods + freight,
            **{"receiver": warehouse.RECEIVER, **draft},
        ),
        actor=SYSTEM,
    )
    number = transaction or f"42000000{next(_numbers):020d}"
    return pay_order(
        placed.order.pk,
        seen=None,
        amount=goods + freight,
        reference=PaymentReference(method, number) if method else None,
        actor=SYSTEM,
    )


def delivered_order(quantities: Mapping[str, int] | None = None, **paid: Any) -> Order:
    """An order whose only parcel was delivered an hour ago."""
    order = paid_order(quantities, **paid)
    approve_order(order.pk, seen=None, actor=SYSTEM)
    confirm_funds_order(order.pk, seen=None, actor=SYSTEM)
    shipment = warehouse.dispatched(Order.objects.get(pk=order.pk))
    deliver_shipment(
        shipment.pk,
        seen=None,
        reason="本人签收",
        actor=SYSTEM,
    )
    return Order.objects.select_related("shop").get(pk=order.pk)


def quantities_of(order: Order, **wanted: int) -> dict[int, int]:
    """Order lines by SKU code, as actions take them; all of the order without any."""
    lines = {line.sku_code: line for line in order.lines.all()}
    if not wanted:
        return {line.pk: line.quantity for line in lines.values()}
    return {lines[code].pk: quantity for code, quantity in wanted.items()}


def requested(order: Order, kind: ReturnKind = ReturnKind.RETURN, **given: Any) -> Return:
    wish: dict[str, Any] = {
        "reason": ReturnReason.NO_REASON,
        "quantities": quantities_of(order),
        "actor": CUSTOMER,
    }
    return request_return(order.pk, seen=None, kind=kind, **(wish | given))


def authorised(order: Order, kind: ReturnKind = ReturnKind.RETURN, **given: Any) -> Return:
    return authorise_return(requested(order, kind, **given).pk, seen=None, actor=SYSTEM)


def received(order: Order, kind: ReturnKind = ReturnKind.RETURN, **given: Any) -> Return:
    """All agreed goods lie on the table."""
    rma = authorised(order, kind, **given)
    post_return(rma.pk, seen=None, tracking_number=f"YT{next(_numbers):010d}", actor=CUSTOMER)
    return receive_return(rma.pk, seen=None, arrived=all_of(rma), actor=SYSTEM)


def all_of(rma: Return) -> list[Arrived]:
    return [Arrived(line.sku.code, line.authorised) for line in rma.lines.select_related("sku")]


def inspected(rma: Return, defective: int = 0) -> Return:
    """Every piece was looked at; the first line's first pieces are defective."""
    results = []
    for line in rma.lines.order_by("pk"):
        bad = min(defective, line.received)
        defective -= bad
        results.append(Inspected(line.pk, line.received - bad, bad))
    return inspect_return(rma.pk, seen=None, results=results, actor=SYSTEM)


def set_limit(amount: str) -> None:
    """Refunds up to this amount go by themselves."""
    ReturnPolicy.objects.filter(channel="").update(auto_refund_limit=Decimal(amount))
    forget_policies()


def stock(code: str) -> tuple[int, int]:
    """Pieces on hand and defective ones of a SKU."""
    return StockLevel.objects.values_list("on_hand", "defective").get(sku__code=code)


def refunds_of(order: Order) -> list[tuple[str, str, str]]:
    rows = Refund.objects.filter(order=order).order_by("pk")
    return [(r.method, str(r.amount), r.state) for r in rows]


def days(number: int) -> timedelta:
    return timedelta(days=number)


def told(order_id: int, kind: str) -> list[dict[str, Any]]:
    """The data of the order's events of this kind, in order."""
    rows = Event.objects.filter(stream=f"order:{order_id}", kind=kind).order_by("sequence")
    return list(rows.values_list("data", flat=True))


def refused_codes(refusal: NotEligible) -> set[str]:
    return {check["code"] for check in refusal.details["checks"] if not check["ok"]}


def pay_all(order: Order) -> None:
    """The payment system pays every refund of the order that waits."""
    for refund in Refund.objects.filter(order=order, state="planned"):
        start_refund(refund.pk, pause=timedelta(0), actor=SYSTEM)
        succeed_refund(refund.pk, reference="W1", actor=SYSTEM)

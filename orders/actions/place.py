"""Orders come in: one or a batch, by the same few statements.

Rows are inserted first and stock is taken last, so hot stock levels are locked for as short a
time as possible (docs/adr/0004-placing-orders.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from inventory.actions import Demand, Request, reserve
from inventory.errors import OutOfStock, Shortage
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.clocks import ClockStart, start_clocks
from ordercenter.core.errors import BadInput, Forbidden
from ordercenter.core.timeline import Entry, record_all
from orders.actions.customers import find_customers
from orders.actions.work_orders import WorkOrderDraft, open_work_orders
from orders.cleaning import Finding, LineFacts, as_tags, look_over
from orders.drafts import Draft
from orders.errors import DuplicateOrder
from orders.models import Order, OrderKind, OrderLine, OrderState, PaymentState, Shop, WorkOrderKind
from orders.selectors import KnownSku, known_skus, warehouses_of


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that has come in; `shortages` is empty when its stock is promised."""

    order: Order
    shortages: tuple[Shortage, ...]
    findings: dict[Finding, list[str]]


def place_order(shop: Shop, draft: Draft, *, actor: Actor, savepoint: bool = True) -> Placed:
    """Enter one order and promise its stock.

    Raises `OutOfStock` with all shortages, `DuplicateOrder`, or `BadInput` for an order without
    lines, a quantity below 1 or a gift of no order; then nothing was written. A
    caller whose own transaction ends with the refusal saves two statements with `savepoint`
    of False.
    """
    actor.require("orders.place_order")
    _refuse_senseless(draft)
    try:
        with transaction.atomic(savepoint=savepoint):
            placed = _place_all(shop, [draft], actor)[0]
            if placed.shortages:
                raise OutOfStock(placed.shortages)
    except IntegrityError as error:
        if "order_once_per_shop" in str(error):
            raise DuplicateOrder(external_number=draft.external_number) from error
        raise
    return placed


def _refuse_senseless(draft: Draft) -> None:
    if not draft.lines:
        raise BadInput(_("An order needs at least one line."), fields={"lines": ["empty"]})
    if any(line.quantity < 1 for line in draft.lines):
        raise BadInput(_("The quantity must be at least 1."), fields={"lines": ["quantity"]})
    if len({line.channel_line for line in draft.lines}) < len(draft.lines):
        raise BadInput(_("Two lines have the same number."), fields={"lines": ["twice"]})
    if draft.kind != OrderKind.NORMAL and draft.main_order_id is None:
        raise BadInput(
            _("Name the order that this one belongs to."), fields={"main_order": ["empty"]}
        )


@transaction.atomic
def place_orders(shop: Shop, drafts: Sequence[Draft], *, actor: Actor) -> list[Placed]:
    """Enter orders in the given order; afterwards each is stored, on its timeline, and clocked.

    An order whose stock can't be promised, or whose data looks wrong, is kept all the same: a
    work order tells a person. Raises `IntegrityError` when the shop has one of them already.
    """
    actor.require("orders.place_order")
    return _place_all(shop, drafts, actor)


def _place_all(shop: Shop, drafts: Sequence[Draft], actor: Actor) -> list[Placed]:
    if not actor.may_see_shop(shop.pk):
        raise Forbidden(shop=shop.code)
    skus = known_skus(line.sku_code for draft in drafts for line in draft.lines)
    findings = [look_over(d.receiver, _facts(d, skus)) for d in drafts]
    orders = _insert_orders(shop, drafts, findings, actor)
    lines = _insert_lines(orders, drafts, skus)
    entries = [_entry(order, draft) for order, draft in zip(orders, drafts, strict=True)]
    entries += [_gift_entry(order) for order in orders if order.kind == OrderKind.GIFT]
    record_all(entries, actor=actor)
    start_clocks(
        ClockStart(Order.KIND, order.pk, order.stream, order.state, order.clock_key())
        for order in orders
    )
    _report_findings(orders, findings, actor)
    return _promise_stock(shop, orders, lines, findings, actor)


def _facts(draft: Draft, skus: dict[str, KnownSku]) -> Iterable[LineFacts]:
    for line in draft.lines:
        sku = skus.get(line.sku_code)
        yield LineFacts(line.sku_code, sku is not None, line.quantity, sku.safety if sku else None)


def _insert_orders(
    shop: Shop,
    drafts: Sequence[Draft],
    findings: Sequence[dict[Finding, list[str]]],
    actor: Actor,
) -> list[Order]:
    at = moments.now()
    customers = find_customers(shop, drafts, at)
    return Order.objects.bulk_create(
        _order(shop, draft, customer, as_tags(found), actor)
        for draft, customer, found in zip(drafts, customers, findings, strict=True)
    )


def _order(shop: Shop, draft: Draft, customer: int | None, tags: list[str], actor: Actor) -> Order:
    at = moments.now()
    is_paid = draft.paid_at is not None
    return Order(
        state=OrderState.PENDING_REVIEW if is_paid else OrderState.PENDING_PAYMENT,
        state_since=at,
        shop=shop,
        external_number=draft.external_number,
        kind=draft.kind,
        main_order_id=draft.main_order_id,
        urgency=draft.urgency,
        tags=tags,
        source=actor.door,
        brought_in_by_id=actor.id if actor.kind == "person" else None,
        brought_in_label=actor.label[:80],
        brought_in_at=at,
        customer_id=customer,
        buyer_name=draft.buyer_name,
        referrer_code=draft.referrer_code,
        buyer_message=draft.buyer_message[:500],
        seller_memo=draft.seller_memo[:1000],
        **draft.receiver.as_columns(),
        currency=draft.currency,
        goods_amount=draft.goods_amount,
        freight=draft.freight,
        discount=draft.discount,
        total=draft.total,
        paid_amount=draft.paid_amount,
        payment_state=PaymentState.PAID if is_paid else PaymentState.UNPAID,
        refund_open=any(line.refund_open for line in draft.lines),
        placed_at=draft.placed_at,
        paid_at=draft.paid_at,
        ship_by=ship_by(shop, draft.paid_at) if draft.paid_at else None,
        channel_status=draft.channel_status,
        channel_modified_at=draft.channel_modified_at,
    )


def ship_by(shop: Shop, paid_at: datetime) -> datetime:
    """The moment by which a paid order has to leave."""
    return paid_at + timedelta(hours=shop.ship_within_hours)


def _insert_lines(
    orders: Sequence[Order], drafts: Sequence[Draft], skus: dict[str, KnownSku]
) -> list[OrderLine]:
    return OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            channel_line=line.channel_line,
            sku_id=skus[line.sku_code].id if line.sku_code in skus else None,
            sku_code=line.sku_code,
            title=line.title,
            quantity=line.quantity,
            unit_price=line.unit_price,
            amount=line.amount,
            is_gift=line.is_gift,
            refund_open=line.refund_open,
        )
        for order, draft in zip(orders, drafts, strict=True)
        for line in draft.lines
    )


def _entry(order: Order, draft: Draft) -> Entry:
    return Entry(
        stream=order.stream,
        subject_kind=Order.KIND,
        subject_id=order.pk,
        kind="order.placed",
        to_state=order.state,
        data={
            "number": order.number,
            "external_number": order.external_number,
            "total": order.total,
            "lines": len(draft.lines),
            "urgency": order.urgency,
        },
        sequence=1,
    )


def _gift_entry(gift: Order) -> Entry:
    return Entry(
        stream=gift.stream,
        subject_kind=Order.KIND,
        subject_id=gift.pk,
        kind="order.gift_joined",
        sequence=2,
    )


def _report_findings(
    orders: Sequence[Order], findings: Sequence[dict[Finding, list[str]]], actor: Actor
) -> None:
    open_work_orders(
        [
            WorkOrderDraft(
                order=order,
                kind=WorkOrderKind.BAD_DATA,
                title=_("Check the order's data"),
                detail={str(key): values for key, values in found.items()},
                owner_role="cs",
                blocks=("approve",),
            )
            for order, found in zip(orders, findings, strict=True)
            if found
        ],
        actor=actor,
    )


def _promise_stock(
    shop: Shop,
    orders: Sequence[Order],
    lines: Sequence[OrderLine],
    findings: Sequence[dict[Finding, list[str]]],
    actor: Actor,
) -> list[Placed]:
    houses = warehouses_of(shop)
    by_order: dict[int, list[OrderLine]] = {order.pk: [] for order in orders}
    for line in lines:
        by_order[line.order_id].append(line)
    promises = reserve([stock_request(order, by_order[order.pk], houses) for order in orders])
    open_work_orders(
        [
            shortage_work(order, promise.shortages)
            for order, promise in zip(orders, promises, strict=True)
            if promise.shortages
        ],
        actor=actor,
    )
    return [
        Placed(order, promise.shortages, found)
        for order, promise, found in zip(orders, promises, findings, strict=True)
    ]


def stock_request(order: Order, lines: Iterable[OrderLine], warehouses: tuple[int, ...]) -> Request:
    """What the order wants of stock; held for a while as long as it is unpaid."""
    expires_at = None
    if order.state == OrderState.PENDING_PAYMENT:
        expires_at = moments.now() + timedelta(minutes=order.shop.hold_minutes)
    return Request(
        demands=tuple(
            Demand(line.pk, line.sku_id, line.quantity) for line in lines if line.sku_id is not None
        ),
        warehouses=warehouses,
        expires_at=expires_at,
    )


def shortage_work(order: Order, shortages: Iterable[Shortage]) -> WorkOrderDraft:
    """The work order of a shortage: it blocks the warehouse until stock is allocated."""
    return WorkOrderDraft(
        order=order,
        kind=WorkOrderKind.SHORTAGE,
        title=_("Not enough stock: allocate again or talk to the customer"),
        detail={"shortages": [[s.sku, s.wanted, s.available] for s in shortages]},
        owner_role="supervisor",
        blocks=("confirm_funds",),
    )

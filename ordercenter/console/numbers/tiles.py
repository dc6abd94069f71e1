"""The figures of the span: orders, customers, trouble."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from ordercenter.console.inquiry_facts import ASKED
from ordercenter.console.numbers.board import OUTBOUND, Board, Number, Part, length, percent
from ordercenter.core.adminkit import looks
from orders.models import OrderState
from rma.models import ReturnReason

PROMISED = ("on_time", "late")
NOT_AS_ORDERED = (ReturnReason.WRONG_ITEM, ReturnReason.INCOMPLETE)


def numbers(board: Board) -> Iterator[Number]:
    """The figures of the span."""
    yield from _of_orders(board)
    yield from _of_customers(board)
    yield from _of_trouble(board)


def _of_orders(board: Board) -> Iterator[Number]:
    out, placed, road = (board.sums.sum(n) for n in ("outbound", "placed", "delivered"))
    yield Number(
        _("Left on time"),
        percent(board.sums.share("outbound", ("on_time",), PROMISED)),
        board.link("outbound", *PROMISED),
        _("Of the orders that left with a promise: by ship-by and wanted-by, the earlier."),
        board.parts("outbound", OUTBOUND),
    )
    yield Number(
        _("From order to door"),
        length(out.mean_minutes),
        board.link("outbound"),
        _("Mean time from placing to leaving the warehouse."),
        (Part(_("Left the warehouse"), f"{out.count:,}", board.link("outbound")),),
    )
    yield Number(
        _("Orders placed"),
        f"{placed.count:,}",
        board.link("placed"),
        _("By the moment they were placed; cancelled ones included."),
        (Part(_("to pay"), looks.money(placed.amount)),),
    )
    yield Number(
        _("Delivered"),
        f"{road.count:,}",
        board.link("delivered"),
        _("Mean time from the door to the receiver."),
        (Part(_("on the road"), length(road.mean_minutes)),),
    )
    yield Number(
        _("Ended"),
        f"{board.sums.sum('ended').count:,}",
        board.link("ended"),
        _("Completed, cancelled or closed on these days."),
        board.parts("ended", (OrderState.COMPLETED, OrderState.CANCELLED, OrderState.CLOSED)),
    )


def _of_customers(board: Board) -> Iterator[Number]:
    wishes = ("self", "staff")
    yield Number(
        _("Self-service"),
        percent(board.sums.share("wished", ("self",), wishes)),
        board.link("wished", *wishes),
        _("New addresses, returns and “where is it”, settled without staff."),
        board.parts("wished", wishes),
    )
    felt = board.felt
    yield Number(
        _("Delay as felt"),
        length(felt.median_minutes),
        board.link(ASKED),
        _("Median from “where is it” to the answer; promised are 30 minutes."),
        (
            Part(_("within 30 minutes"), percent(felt.share_in_time)),
            *board.parts(ASKED, ("in_time", "late", "waiting")),
        ),
    )
    out = board.sums.sum("outbound").count
    asked = board.sums.sum("returned").count
    yield Number(
        _("Returns asked for"),
        f"{asked:,}",
        board.link("returned"),
        _("Share: of the orders that left on these days."),
        (
            Part(_("share"), percent(asked / out if out else None)),
            Part(
                _("wrong or missing"),
                f"{board.sums.sum('returned', *NOT_AS_ORDERED).count:,}",
                board.link("returned", *NOT_AS_ORDERED),
            ),
        ),
    )
    back = board.sums.sum("refunded")
    yield Number(
        _("Paid back"),
        looks.money(back.amount),
        board.link("refunded"),
        _("Refunds that reached the buyer on these days."),
        (Part(_("refunds"), f"{back.count:,}", board.link("refunded")),),
    )


def _of_trouble(board: Board) -> Iterator[Number]:
    work = board.sums.sum("resolved")
    yield Number(
        _("Work orders, time to close"),
        length(work.mean_minutes),
        board.link("resolved"),
        _("Mean from opening to resolution."),
        (Part(_("resolved"), f"{work.count:,}", board.link("resolved")),),
    )
    yield Number(
        _("Overdue, told"),
        f"{board.sums.sum('escalated').count:,}",
        board.link("escalated"),
        _("Clocks that ran out on these days, by who was told."),
        board.parts("escalated", ("reminder", "supervisor", "director")),
    )

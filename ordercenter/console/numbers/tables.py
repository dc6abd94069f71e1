"""Tables beside the figures: what is in the house, late, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from ordercenter.console.numbers.board import Board, Panel, Part, length
from ordercenter.core.adminkit import looks
from ordercenter.core.adminkit.keyset import COUNT_CAP
from ordercenter.core.roles import role_name
from orders.insight.behind import overdue_url
from orders.insight.reading import FUNNEL, Sum
from orders.models import channel_name


def panels(board: Board) -> Iterator[Panel]:
    """Funnel, overdue, channels, reasons and work orders; empty ones are left out."""
    yield _funnel(board)
    for panel in (_overdue(board), _channels(board), _returns(board), _work(board)):
        if panel.parts:
            yield panel


def _funnel(board: Board) -> Panel:
    base = reverse("admin:orders_order_changelist")
    most = max([*board.stages.values(), 1])
    return Panel(
        _("In the house now"),
        tuple(
            Part(
                str(state.label),
                _capped(board.stages[state]),
                board.allowed("orders_order", f"{base}?tab=all&state__exact={state}"),
                100 * board.stages[state] / most,
                _capped(board.late.stages.get(state, 0)),
                board.allowed("orders_order", overdue_url("stage", state)),
            )
            for state in FUNNEL
        ),
        _("Overdue"),
    )


def _overdue(board: Board) -> Panel:
    roles = sorted(board.late.roles.items(), key=lambda pair: -pair[1])
    people = sorted(board.late.people.items(), key=lambda pair: -pair[1])
    most = max([count for _key, count in (*roles, *people)], default=1)
    return Panel(
        _("Overdue now, by role and person"),
        (
            *(
                Part(
                    role_name(role),
                    _capped(count, board.late.is_capped),
                    board.allowed("orders_order", overdue_url("role", role)),
                    100 * count / most,
                )
                for role, count in roles
            ),
            *(
                Part(
                    _("%(person)s (work orders)") % {"person": name},
                    _capped(count, board.late.is_capped),
                    board.allowed("orders_workorder", overdue_url("person", pk)),
                    100 * count / most,
                )
                for (pk, name), count in people
            ),
        ),
    )


def _channels(board: Board) -> Panel:
    return _panel(
        _("Orders by channel"),
        [
            (
                channel_name(channel),
                found,
                board.link("placed", channel=channel),
            )
            for channel, found in board.sums.channels("placed")
        ],
        _("to pay"),
        lambda found: looks.money(found.amount),
    )


def _returns(board: Board) -> Panel:
    return _panel(_("Returns by reason"), board.labelled("returned"))


def _work(board: Board) -> Panel:
    return _panel(
        _("Work orders by kind"),
        board.labelled("resolved"),
        _("time to close"),
        lambda found: length(found.mean_minutes),
    )


def _panel(
    title: str,
    rows: Sequence[tuple[str, Sum, str]],
    more: str = "",
    of: Any = lambda found: "",
) -> Panel:
    most = max([found.count for _name, found, _url in rows], default=0) or 1
    return Panel(
        title,
        tuple(
            Part(name, f"{found.count:,}", url, 100 * found.count / most, of(found))
            for name, found, url in rows
        ),
        more,
    )


def _capped(count: int, is_capped: bool = False) -> str:
    return f"{min(count, COUNT_CAP):,}{'+' if is_capped or count > COUNT_CAP else ''}"

"""What tests and demo may do with Alipay, under ``/control/alipay/``."""

from decimal import Decimal, InvalidOperation
from typing import Any

from ..inputs import Input, Routes
from ..notices import first_answers
from .service import NOTICE_FAULTS, Alipay, Trade


class AlipayControl:
    """Makes trades, sends notices again, shows what was refunded and told."""

    def __init__(self, service: Alipay) -> None:
        self._service = service

    def routes(self) -> Routes:
        """The addresses below ``/control/``."""
        return {
            ("GET", "alipay/account"): (self._account, ""),
            ("POST", "alipay/trade"): (self._trade, "trade_no total out_trade_no notify_url"),
            ("POST", "alipay/notice"): (self._notice, "number notice wait"),
            ("GET", "alipay/refunds"): (self._refunds, ""),
            ("GET", "alipay/notices"): (self._notices, ""),
        }

    def _account(self, given: Input) -> dict[str, Any]:
        return dict(self._service.account())

    def _trade(self, given: Input) -> dict[str, Any]:
        """`total` is yuan as text."""
        try:
            total = Decimal(given.text("total"))
        except InvalidOperation:
            raise ValueError("total is yuan") from None
        trade = Trade(
            given.text("trade_no"),
            total,
            given.text("out_trade_no", ""),
            given.text("notify_url", ""),
        )
        self._service.trades[trade.trade_no] = trade
        return {"trades": len(self._service.trades)}

    def _notice(self, given: Input) -> Any:
        number, kind = given.text("number"), given.text("notice", "normal")
        wait = given.flag("wait", False)
        if kind not in NOTICE_FAULTS | {"normal"}:
            raise ValueError(f"notice is one of {', '.join(sorted(NOTICE_FAULTS))}")
        trade = next((t for t in self._service.trades.values() if number in t.refunds), None)
        if trade is None:
            raise ValueError(f"no refund {number}")
        sent = self._service.tell(trade, number, kind)
        return first_answers(sent) if wait else {"notices": len(sent)}

    def _refunds(self, given: Input) -> dict[str, Any]:
        shown = [
            {"trade_no": trade.trade_no, "out_request_no": number, "amount": f"{amount:.2f}"}
            for trade in self._service.trades.values()
            for number, amount in trade.refunds.items()
        ]
        return {"refunds": shown, "paid": self._service.paid}

    def _notices(self, given: Input) -> dict[str, Any]:
        return {"notices": [notice.describe() for notice in self._service.notifier.sent]}

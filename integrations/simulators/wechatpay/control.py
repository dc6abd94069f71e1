"""What tests and demo may do with WeChat Pay, under ``/control/wechatpay/``."""

from typing import Any

from ..inputs import Input, Routes
from ..notices import first_answers
from .service import NOTICE_FAULTS, STATES, Trade, WeChatPay


class WeChatPayControl:
    """Makes trades, ends refunds, shows what was refunded and told."""

    def __init__(self, service: WeChatPay) -> None:
        self._service = service

    def routes(self) -> Routes:
        """The addresses below ``/control/``."""
        return {
            ("GET", "wechatpay/account"): (self._account, ""),
            ("POST", "wechatpay/trade"): (self._trade, "transaction_id total out_trade_no"),
            ("POST", "wechatpay/settle"): (self._settle, "number to notice wait"),
            ("POST", "wechatpay/notice"): (self._notice, "number notice wait"),
            ("GET", "wechatpay/refunds"): (self._refunds, ""),
            ("GET", "wechatpay/notices"): (self._notices, ""),
        }

    def _account(self, given: Input) -> dict[str, Any]:
        return dict(self._service.account())

    def _trade(self, given: Input) -> dict[str, Any]:
        """`total` is fen."""
        trade = Trade(
            given.text("transaction_id"), given.whole("total"), given.text("out_trade_no", "")
        )
        self._service.trades[trade.transaction_id] = trade
        return {"trades": len(self._service.trades)}

    def _settle(self, given: Input) -> Any:
        to = given.text("to", "SUCCESS")
        if to not in STATES[1:]:
            raise ValueError(f"to is one of {', '.join(STATES[1:])}")
        number, kind, wait = self._which(given)
        return self._sent(self._service.settle(number, to, kind=kind), wait)

    def _notice(self, given: Input) -> Any:
        number, kind, wait = self._which(given)
        return self._sent(self._service.tell(number, kind or "normal"), wait)

    def _which(self, given: Input) -> tuple[str, str, bool]:
        number, kind = given.text("number"), given.text("notice", "")
        if number not in self._service.refunds:
            raise ValueError(f"no refund {number}")
        if kind and kind not in NOTICE_FAULTS | {"normal"}:
            raise ValueError(f"notice is one of {', '.join(sorted(NOTICE_FAULTS))}")
        return number, kind, given.flag("wait", False)

    def _sent(self, notices: Any, wait: bool) -> Any:
        return first_answers(notices) if wait else {"notices": len(notices)}

    def _refunds(self, given: Input) -> dict[str, Any]:
        shown = [self._service.describe(refund) for refund in self._service.refunds.values()]
        return {"refunds": shown, "paid": self._service.paid}

    def _notices(self, given: Input) -> dict[str, Any]:
        return {"notices": [notice.describe() for notice in self._service.notifier.sent]}

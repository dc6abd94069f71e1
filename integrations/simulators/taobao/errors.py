"""TOP's refusals, word for word as its gateway gives them (all of them with HTTP 200)."""

from typing import Any


class TopError(Exception):
    """An ``error_response``; ``sub_code`` is what tells a retry from a refusal."""

    def __init__(self, code: int, msg: str, sub_code: str = "", sub_msg: str = "") -> None:
        super().__init__(f"{code} {sub_code or msg}")
        self.code = code
        self.msg = msg
        self.sub_code = sub_code
        self.sub_msg = sub_msg

    def body(self, request_id: str) -> dict[str, Any]:
        """The JSON body; sub fields are absent, not empty, when the gateway itself refuses."""
        inner: dict[str, Any] = {"code": self.code, "msg": self.msg}
        if self.sub_code:
            inner["sub_code"] = self.sub_code
            inner["sub_msg"] = self.sub_msg
        inner["request_id"] = request_id
        return {"error_response": inner}


def method_not_allowed() -> TopError:
    """Anything but a form POST."""
    return TopError(9, "Http Action Not Allowed")


def missing_argument(name: str) -> TopError:
    """A required argument of the method was not sent."""
    return TopError(40, f"Missing required arguments:{name}")


def invalid_argument(name: str) -> TopError:
    """An argument does not have the documented form or range."""
    return TopError(41, f"Invalid arguments:{name}")


def invalid_session() -> TopError:
    """Unknown, expired or revoked session, or one that belongs to another app."""
    return TopError(27, "Invalid session", "invalid-sessionkey", "SessionKey非法")


def call_limited(seconds: int) -> TopError:
    """Too many calls of one API; the seconds are only in the text."""
    return TopError(
        7,
        "App Call Limited",
        "accesscontrol.limited-by-api-access-count",
        f"This ban will last for {seconds} more seconds",
    )


def daily_quota(seconds: int) -> TopError:
    """The app's calls of the day are used up; ``seconds`` until the reset."""
    return TopError(
        7,
        "App Call Limited",
        "accesscontrol.limited-by-app-access-count",
        f"This ban will last for {seconds} more seconds",
    )


def remote(sub_code: str, sub_msg: str) -> TopError:
    """A refusal or failure of the service behind the gateway."""
    return TopError(15, "Remote service error", sub_code, sub_msg)


def remote_timeout() -> TopError:
    """The service behind the gateway did not answer in time: to be tried again."""
    return remote("isp.top-remote-connection-timeout", "连接超时")


def trade_not_found() -> TopError:
    """No such trade in the shop of this session."""
    return remote("isv.trade-not-exist", "订单不存在")


_SHIPPING = {
    "B01": "订单不存在",
    "B02": "订单状态不对，买家尚未付款，不能发货",
    "B04": "订单状态不对该物流订单已经发货或者已关闭，不能重复发货",
    "B55": "订单状态不对，存在处理中的退款，不能发货",
    "B56": "物流公司不能为空",
    "B57": "不支持的物流公司",
    "B59": "运单号不能为空",
    "B60": "运单号不符合规则或已经被使用",
    "B150": "发货异常，请稍等后重试",
    "CD22": "拆单发货的子订单不属于该订单",
    "P38": "拆单发货时is_split与sub_tid必须同时填写",
}


def shipping(letters: str) -> TopError:
    """A refusal of ``taobao.logistics.offline.send``, by the letters after the last colon."""
    return remote(f"isv.logistics-offline-service-error:{letters}", _SHIPPING[letters])

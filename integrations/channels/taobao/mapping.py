"""Version 1 of Taobao's field mapping: the table that administrators edit later (A4).

Paths are relative to the trade; `a|b` means the first that is not empty, `a+b` both in a row.
A row without a default is a field that an order must have.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

# channels.md 0.2. An open refund is a flag of the line and never a stage of the order.
STAGES = {
    "TRADE_NO_CREATE_PAY": "unpaid",
    "WAIT_BUYER_PAY": "unpaid",
    "PAY_PENDING": "unpaid",
    "WAIT_PRE_AUTH_CONFIRM": "unpaid",
    "WAIT_SELLER_SEND_GOODS": "paid",
    "SELLER_CONSIGNED_PART": "partly_shipped",
    "WAIT_BUYER_CONFIRM_GOODS": "shipped",
    "TRADE_BUYER_SIGNED": "shipped",
    "TRADE_FINISHED": "finished",
    "TRADE_CLOSED": "cancelled",
    "TRADE_CLOSED_BY_TAOBAO": "cancelled",
}
# The same in words, as sellers read it in their own back office.
STATUS_WORDS = {
    "TRADE_NO_CREATE_PAY": _("no payment begun"),
    "WAIT_BUYER_PAY": _("waits for the buyer's payment"),
    "PAY_PENDING": _("payment is being confirmed"),
    "WAIT_PRE_AUTH_CONFIRM": _("waits for the payment's guarantee"),
    "WAIT_SELLER_SEND_GOODS": _("waits for the seller to send"),
    "SELLER_CONSIGNED_PART": _("sent in part"),
    "WAIT_BUYER_CONFIRM_GOODS": _("waits for the buyer to confirm"),
    "TRADE_BUYER_SIGNED": _("signed for by the buyer"),
    "TRADE_FINISHED": _("trade finished"),
    "TRADE_CLOSED": _("closed after a refund"),
    "TRADE_CLOSED_BY_TAOBAO": _("closed before payment"),
}
# A refund that succeeded counts as open here: the line must not leave any more.
REFUND_OPEN = {
    "NO_REFUND": False,
    "CLOSED": False,
    "SELLER_REFUSE_BUYER": False,
    "WAIT_SELLER_AGREE": True,
    "WAIT_BUYER_RETURN_GOODS": True,
    "WAIT_SELLER_CONFIRM_GOODS": True,
    "SUCCESS": True,
}
ZONE = "Asia/Shanghai"


def _row(field: str, path: str, convert: str = "text", **more: Any) -> dict[str, Any]:
    return {"field": field, "path": path, "convert": convert, **more}


MAPPING: dict[str, Any] = {
    "root": "trade_fullinfo_get_response.trade",
    "fields": [
        _row("external_number", "tid"),
        _row("stage", "status", "one_of", table=STAGES),
        _row("channel_status", "status"),
        _row("channel_modified_at", "modified", "local_time", zone=ZONE),
        _row("placed_at", "created", "local_time", zone=ZONE),
        _row("paid_at", "pay_time", "local_time", zone=ZONE, default=None),
        _row("goods_amount", "total_fee", "money_yuan"),
        _row("freight", "post_fee", "money_yuan", default="0.00"),
        _row("total", "payment", "money_yuan"),
        _row("buyer_name", "receiver_name|buyer_nick", "tidy", default=""),
        _row("buyer_key", "buyer_open_uid", default=""),
        _row("buyer_message", "buyer_message", default=""),
        _row("seller_memo", "seller_memo", default=""),
        # Taobao has none; the row shows administrators that the field exists.
        _row("referrer_code", "", "constant", value=""),
        _row("receiver.name", "receiver_name", "tidy", default=""),
        _row("receiver.phone", "receiver_mobile|receiver_phone", "phone", default=""),
        _row("receiver.province", "receiver_state", "tidy", default=""),
        # Cities of county rank come without receiver_city; the district says it all then.
        _row("receiver.city", "receiver_city", "tidy", default=""),
        _row("receiver.district", "receiver_district", "tidy", default=""),
        _row("receiver.street", "receiver_town+receiver_address", "tidy", default=""),
        _row("receiver.token", "oaid", default=""),
    ],
    "lines": {
        "path": "orders.order",
        "fields": [
            _row("channel_line", "oid"),
            # Without a seller's code the platform's own id shows what is meant.
            _row("sku_code", "outer_sku_id|outer_iid|sku_id|num_iid", "tidy"),
            _row("title", "title", "tidy", default=""),
            _row("quantity", "num", "integer"),
            _row("unit_price", "price", "money_yuan", default="0.00"),
            # The share of the payment after order-level discounts; refunds go by it.
            _row("amount", "divide_order_fee|total_fee", "money_yuan", default="0.00"),
            _row("refund_open", "refund_status", "one_of", table=REFUND_OPEN, default=False),
        ],
    },
}

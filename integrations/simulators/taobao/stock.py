"""Stock that a seller tells the platform."""

from .errors import invalid_argument
from .goods import sku_id_of
from .platform import Call, Members

MAX_SKUS = 20
ABSOLUTE, INCREMENT = 1, 2


def skus_quantity_update(call: Call) -> Members:
    """``taobao.skus.quantity.update``: set or change quantities; below nought ends at nought."""
    num_iid = call.need("num_iid")
    if not num_iid.isascii() or not num_iid.isdigit():
        raise invalid_argument("num_iid")
    kind = call.number("type", ABSOLUTE, ABSOLUTE, INCREMENT)
    if call.args.get("skuid_quantities"):
        changes = _read_quantities(call, "skuid_quantities", kind)
        told = [(_sku_number(sku), quantity) for sku, quantity in changes]
    else:
        changes = _read_quantities(call, "outerid_quantities", kind)
        told = [(sku_id_of(code), quantity) for code, quantity in changes]
    stock = call.platform.store.stock
    for sku_id, quantity in told:
        key = (call.shop.key, sku_id)
        stock[key] = max(0, quantity + (stock.get(key, 0) if kind == INCREMENT else 0))
    skus = [{"sku_id": sku_id, "quantity": stock[call.shop.key, sku_id]} for sku_id, _ in told]
    item = {
        "num_iid": int(num_iid),
        "num": sum(sku["quantity"] for sku in skus),
        "modified": call.platform.clock.text(),
        "skus": {"sku": skus},
    }
    return {"item": item}


def _sku_number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise invalid_argument("skuid_quantities")
    return int(text)


def _read_quantities(call: Call, name: str, kind: int) -> list[tuple[str, int]]:
    """``sku:quantity;sku:quantity``; a negative quantity only makes sense as an increment."""
    pairs = []
    for part in call.need(name).strip(";").split(";"):
        sku, _, quantity = part.rpartition(":")
        digits = quantity[1:] if kind == INCREMENT and quantity[:1] == "-" else quantity
        if not sku or not digits.isascii() or not digits.isdigit():
            raise invalid_argument(name)
        pairs.append((sku, int(quantity)))
    if len(pairs) > MAX_SKUS or len({sku for sku, _ in pairs}) != len(pairs):
        raise invalid_argument(name)
    return pairs

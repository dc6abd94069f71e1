"""Signatures against recorded vectors, on both sides of the wire."""

import base64
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from integrations.inbound import Unreadable
from integrations.payments.alipay import signing as alipay
from integrations.payments.base import Forged
from integrations.payments.rsa import is_signed, sign
from integrations.payments.wechatpay import signing as wechatpay
from integrations.simulators.alipay import signing as played_alipay
from integrations.simulators.keys import KeyPair
from integrations.simulators.wechatpay import signing as played_wechatpay
from ordercenter.core.moments import SHANGHAI

SAMPLES = Path(__file__).parents[1] / "samples"
VECTORS = json.loads((SAMPLES / "signing_vectors_payments.json").read_text("utf-8"))


def vectors(system: str) -> list[Any]:
    return [vector for vector in VECTORS if vector["system"] == system]


def pem() -> str:
    der = base64.b64decode(vectors("test_rsa_key")[0]["secret"]["private_pkcs8_der_base64"])
    key = load_der_private_key(der, None)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


PRIVATE = pem()
KEY = KeyPair(PRIVATE)


@pytest.mark.parametrize("vector", vectors("wechatpay_v3_request"))
def test_signs_a_request_of_wechat_pay_like_the_vector(vector):
    given = vector["params"]
    text = wechatpay.request_text(
        given["method"], given["url"], given["timestamp"], given["nonce_str"], given["body"]
    )

    assert text == vector["string_to_sign"]
    assert sign(text, PRIVATE) == vector["signature"]
    message = played_wechatpay.request_message(
        given["method"],
        given["url"],
        given["timestamp"],
        given["nonce_str"],
        given["body"].encode(),
    )
    assert KEY.has_signed(message, vector["signature"])


def test_writes_the_authorization_header_of_the_vector():
    vector = vectors("wechatpay_v3_request")[0]
    given = vector["params"]

    header = wechatpay.authorization(
        given["method"],
        given["url"],
        given["body"],
        mchid=given["mchid"],
        serial_no=given["serial_no"],
        private_key=PRIVATE,
        at=datetime.fromtimestamp(int(given["timestamp"]), SHANGHAI),
        nonce=given["nonce_str"],
    )

    assert header == vector["authorization"]
    assert played_wechatpay.read_authorization(header)["signature"] == vector["signature"]


def notice() -> tuple[bytes, dict[str, str], datetime]:
    sample = json.loads((SAMPLES / "wechatpay/refund_notify.json").read_text("utf-8"))["request"]
    headers = {name.lower(): value for name, value in sample["headers"].items()}
    at = datetime.fromtimestamp(int(headers["wechatpay-timestamp"]), SHANGHAI)
    return sample["raw_body"].encode(), headers, at


def keys() -> dict[str, str]:
    return {"PUB_KEY_ID_0119000000012026112200000000000000": KEY.public_pem}


def test_takes_the_recorded_notice_of_wechat_pay_and_opens_it():
    body, headers, at = notice()

    nonce = wechatpay.require_genuine(body, headers, keys=keys(), at=at)

    assert nonce == "nOtIfYnOnCe"
    inside = wechatpay.decrypt(json.loads(body)["resource"], "0123456789abcdef0123456789abcdef")
    recorded = json.loads((SAMPLES / "wechatpay/refund_notify.json").read_text("utf-8"))
    assert inside == recorded["decrypted_resource"]


def _blank(body: bytes, headers: dict[str, str]) -> bytes:
    return body + b" "


def _with(name: str, value: str) -> Callable[[bytes, dict[str, str]], bytes]:
    def spoil(body: bytes, headers: dict[str, str]) -> bytes:
        headers[f"wechatpay-{name}"] = value
        return body

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        _blank,
        _with("signature", ""),
        _with("signature", "WECHATPAY/SIGNTEST/abc"),
        _with("signature", "not base64!"),
        _with("serial", "SOMEBODY"),
        _with("nonce", "another"),
        _with("timestamp", "1795318206"),
        _with("timestamp", "soon"),
    ],
)
def test_refuses_a_spoiled_notice_of_wechat_pay(spoil):
    body, headers, at = notice()

    with pytest.raises(Forged):
        wechatpay.require_genuine(spoil(body, headers), headers, keys=keys(), at=at)


@pytest.mark.parametrize(("seconds", "is_taken"), [(-301, False), (-299, True), (301, False)])
def test_five_minutes_are_the_limit(seconds, is_taken):
    body, headers, at = notice()
    moved = datetime.fromtimestamp(at.timestamp() + seconds, SHANGHAI)

    if is_taken:
        assert wechatpay.require_genuine(body, headers, keys=keys(), at=moved)
    else:
        with pytest.raises(Forged):
            wechatpay.require_genuine(body, headers, keys=keys(), at=moved)


def test_a_changed_resource_can_not_be_opened():
    body, _headers, _at = notice()
    resource = json.loads(body)["resource"] | {"associated_data": "refunds"}

    with pytest.raises(Unreadable):
        wechatpay.decrypt(resource, "0123456789abcdef0123456789abcdef")


def test_what_the_simulator_seals_the_adapter_opens():
    sealed = played_wechatpay.seal({"refund_status": "SUCCESS", "字": "值"}, "k" * 32)

    assert wechatpay.decrypt(sealed, "k" * 32) == {"refund_status": "SUCCESS", "字": "值"}


def test_signs_a_request_of_alipay_like_the_vector():
    vector = vectors("alipay_rsa2_request")[0]

    signed = alipay.signed(vector["params"], PRIVATE)

    assert alipay.request_text(vector["params"]) == vector["string_to_sign"]
    assert signed["sign"] == vector["signature"]
    assert played_alipay.is_request_signed(signed, KEY)


def test_takes_the_recorded_reply_of_alipay():
    vector = vectors("alipay_rsa2_response")[0]
    body = vector["params"]["response_body"]

    text = alipay.node_text(body, "alipay_trade_refund_response")

    assert text == vector["string_to_sign"]
    assert is_signed(text.encode(), vector["signature"], KEY.public_pem)


@pytest.mark.parametrize(
    "node",
    [
        '{"sub_msg":"}"}',
        '{"sub_msg":"\\"}{"}',
        '{"sub_msg":"\\\\"}',
        '{"a":{"b":"}"},"c":[{"d":1}]}',
    ],
)
def test_braces_in_texts_do_not_end_the_signed_part(node):
    body = f'{{"x_response":{node},"sign":"}}"}}'

    assert alipay.node_text(body, "x_response") == node


@pytest.mark.parametrize("body", ["", "{}", '{"x_response":1}', '{"x_response":{"a":1'])
def test_finds_no_node_where_there_is_none(body):
    assert alipay.node_text(body, "x_response") is None


def test_takes_the_recorded_notice_of_alipay_and_no_changed_one():
    vector = vectors("alipay_rsa2_notify")[0]
    params = vector["params"] | {"sign": vector["signature"]}

    assert alipay.notice_text(params) == vector["string_to_sign"]
    assert alipay.is_notice_genuine(params, KEY.public_pem)
    assert not alipay.is_notice_genuine(params | {"refund_fee": "1.00"}, KEY.public_pem)
    played = played_alipay.sign_notice(vector["params"], KEY)
    assert played["sign"] == vector["signature"]

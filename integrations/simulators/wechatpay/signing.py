"""WeChat Pay's signatures and its sealed notices (execution.md, section 16)."""

import json
import re
import secrets
from base64 import b64encode
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..keys import KeyPair

SCHEME = "WECHATPAY2-SHA256-RSA2048"
_PART = re.compile(r'(\w+)="([^"]*)"')


def read_authorization(header: str) -> dict[str, str]:
    """The parts of an Authorization header; empty when it is of another kind."""
    scheme, _, rest = header.partition(" ")
    return dict(_PART.findall(rest)) if scheme == SCHEME else {}


def request_message(method: str, target: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """Five lines, each with its line end; the body is the last."""
    head = "\n".join((method, target, timestamp, nonce))
    return head.encode() + b"\n" + body + b"\n"


def signed_headers(body: bytes, *, key: KeyPair, serial: str, epoch: float) -> dict[str, str]:
    """The headers that prove who sent this body, and when."""
    timestamp, nonce = str(int(epoch)), secrets.token_hex(16)
    message = b"%s\n%s\n%s\n" % (timestamp.encode(), nonce.encode(), body)
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature-Type": SCHEME,
        "Wechatpay-Signature": key.sign(message),
    }


def seal(value: dict[str, Any], api_v3_key: str) -> dict[str, str]:
    """The value as a notice's resource: AES-256-GCM, the tag at the end."""
    nonce = secrets.token_hex(6)
    clear = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    ciphertext = AESGCM(api_v3_key.encode()).encrypt(nonce.encode(), clear, b"refund")
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "original_type": "refund",
        "ciphertext": b64encode(ciphertext).decode(),
        "associated_data": "refund",
        "nonce": nonce,
    }

"""Signing and reading what WeChat Pay signs (execution.md 16)."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.utils.translation import gettext as _

from integrations.inbound import Unreadable
from integrations.payments.base import Forged
from integrations.payments.rsa import is_signed, sign

SCHEME = "WECHATPAY2-SHA256-RSA2048"
CLOCKS_DIFFER_SECONDS = 300
# Official samples carry signatures like this to see whether we check at all.
SIGN_TEST = "WECHATPAY/SIGNTEST/"


def request_text(method: str, target: str, timestamp: str, nonce: str, body: str) -> str:
    """What is signed of a request; `target` is path and query."""
    return f"{method}\n{target}\n{timestamp}\n{nonce}\n{body}\n"


def authorization(
    method: str,
    target: str,
    body: str,
    *,
    mchid: str,
    serial_no: str,
    private_key: str,
    at: datetime,
    nonce: str = "",
) -> str:
    """The Authorization header of a request."""
    nonce = nonce or secrets.token_hex(16)
    timestamp = str(int(at.timestamp()))
    signature = sign(request_text(method, target, timestamp, nonce, body), private_key)
    parts = {
        "mchid": mchid,
        "nonce_str": nonce,
        "timestamp": timestamp,
        "serial_no": serial_no,
        "signature": signature,
    }
    return f"{SCHEME} " + ",".join(f'{name}="{value}"' for name, value in parts.items())


def require_genuine(
    body: bytes, headers: Mapping[str, str], *, keys: Mapping[str, str], at: datetime
) -> str:
    """The nonce of a reply or notice that WeChat Pay signed; raises `Forged`.

    `keys` maps serials (PUB_KEY_ID_… or a certificate's) to public keys. Older than five minutes,
    or from the future, is refused.
    """
    values = {
        name: headers.get(f"wechatpay-{name}", "")
        for name in ("timestamp", "nonce", "serial", "signature")
    }
    if not all(values.values()) or values["signature"].startswith(SIGN_TEST):
        raise Forged(_("no signature"))
    key = keys.get(values["serial"])
    if key is None:
        raise Forged(_("a key we do not know"))
    if not values["timestamp"].isascii() or not values["timestamp"].isdigit():
        raise Forged(_("no timestamp"))
    age = at.timestamp() - int(values["timestamp"])
    if abs(age) > CLOCKS_DIFFER_SECONDS:
        raise Forged(_("stale timestamp"))
    text = f"{values['timestamp']}\n{values['nonce']}\n".encode() + body + b"\n"
    if not is_signed(text, values["signature"], key):
        raise Forged(_("wrong signature"))
    return values["nonce"]


def decrypt(resource: Mapping[str, Any], api_v3_key: str) -> dict[str, Any]:
    """The object inside a notice's resource (AEAD_AES_256_GCM). Raises `Unreadable`."""
    try:
        clear = AESGCM(api_v3_key.encode()).decrypt(
            str(resource["nonce"]).encode(),
            base64.b64decode(str(resource["ciphertext"]), validate=True),
            str(resource.get("associated_data") or "").encode(),
        )
        value = json.loads(clear)
    except (KeyError, ValueError, InvalidTag) as error:
        raise Unreadable(_("the resource can't be decrypted")) from error
    if not isinstance(value, dict):
        raise Unreadable(_("the resource is no object"))
    return value

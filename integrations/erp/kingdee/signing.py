"""Kingdee's two ways to prove who calls (execution.md, section 3.1; official SDK 8.2.0)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

# Masks the client secret inside the app id; the same in every SDK.
XOR_KEY = b"0054f397c6234378b09ca7d3e5debce7"


class BadAppId(Exception):
    """The app id has no part behind `_` that a client secret could be read from."""


def login_sign(acct_id: str, user: str, app_id: str, secret: str, timestamp: str) -> str:
    """The sign of `LoginBySign`: SHA-256 hex over the five strings, sorted and joined."""
    joined = "".join(sorted([acct_id, user, app_id, secret, timestamp]))
    return hashlib.sha256(joined.encode()).hexdigest()


def client_secret(app_id: str) -> str:
    """The secret that the part of the app id behind `_` holds, masked. Raises `BadAppId`."""
    _client, _dash, hidden = app_id.partition("_")
    try:
        masked = base64.b64decode(hidden, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadAppId(app_id) from error
    if not masked or len(masked) > len(XOR_KEY):
        raise BadAppId(app_id)
    clear = bytes(byte ^ mask for byte, mask in zip(masked, XOR_KEY, strict=False))
    return base64.b64encode(clear).decode()


def string_to_sign(path: str, timestamp: str, nonce: str) -> str:
    """What `X-Api-Signature` covers: method, path with `/` written `%2F`, the two headers."""
    escaped = path.replace("/", "%2F")
    return f"POST\n{escaped}\n\nx-api-nonce:{nonce}\nx-api-timestamp:{timestamp}\n"


def signature(secret: str, text: str) -> str:
    """Base64 of the hex text of HMAC-SHA256; both signatures are written so."""
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return base64.b64encode(digest.encode()).decode()


def signed_headers(
    path: str, *, app_id: str, secret: str, app_data: str, timestamp: str, nonce: str
) -> dict[str, str]:
    """Every header of a signed call. `app_data` is `acctId,user,lcid,orgNumber`."""
    text = string_to_sign(path, timestamp, nonce)
    return {
        "X-Api-ClientID": app_id.partition("_")[0],
        "X-Api-Auth-Version": "2.0",
        "x-api-timestamp": timestamp,
        "x-api-nonce": nonce,
        "x-api-signheaders": "x-api-timestamp,x-api-nonce",
        "X-Api-Signature": signature(client_secret(app_id), text),
        "X-Kd-Appkey": app_id,
        "X-Kd-Appdata": base64.b64encode(app_data.encode()).decode(),
        "X-Kd-Signature": signature(secret, app_id + app_data),
    }

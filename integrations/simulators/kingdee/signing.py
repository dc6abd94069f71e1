"""Kingdee's two ways to prove who calls (execution.md, section 3.1)."""

import base64
import hashlib
import hmac
from urllib.parse import quote

_MASK = b"0054f397c6234378b09ca7d3e5debce7"


def login_sign(acct_id: str, user: str, app_id: str, secret: str, timestamp: str) -> str:
    """The sign of ``LoginBySign``: SHA-256 over the five, sorted as strings and joined."""
    joined = "".join(sorted((acct_id, user, app_id, secret, timestamp)))
    return hashlib.sha256(joined.encode()).hexdigest()


def client_secret(app_id: str) -> str:
    """The secret that is hidden in the part of the app id behind ``_``."""
    hidden = base64.b64decode(app_id.partition("_")[2])
    return base64.b64encode(bytes(a ^ b for a, b in zip(hidden, _MASK, strict=False))).decode()


def gateway_signature(app_id: str, path: str, timestamp: str, nonce: str) -> str:
    """``X-Api-Signature`` of a POST to this path."""
    text = f"POST\n{quote(path, safe='')}\n\nx-api-nonce:{nonce}\nx-api-timestamp:{timestamp}\n"
    return _signed(client_secret(app_id), text)


def app_signature(app_id: str, secret: str, app_data: str) -> str:
    """``X-Kd-Signature`` over app id and the data in clear text."""
    return _signed(secret, app_id + app_data)


def _signed(secret: str, text: str) -> str:
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return base64.b64encode(digest.encode()).decode()

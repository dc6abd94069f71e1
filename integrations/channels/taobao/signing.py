"""TOP's signature (channels.md 1, "Signature")."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

METHODS = ("md5", "hmac", "hmac-sha256")


def text_to_sign(parameters: Mapping[str, str]) -> str:
    """Key and value of every parameter but `sign`, sorted by key, nothing between, not encoded."""
    return "".join([key + parameters[key] for key in sorted(parameters) if key != "sign"])


def sign(parameters: Mapping[str, str], secret: str, method: str) -> str:
    """The signature as upper-case hex; `method` is one of `METHODS`."""
    text = text_to_sign(parameters)
    if method == "md5":
        return hashlib.md5(f"{secret}{text}{secret}".encode()).hexdigest().upper()
    if method not in METHODS:
        raise ValueError(f"unknown sign_method {method!r}")
    digest = "md5" if method == "hmac" else "sha256"
    return hmac.digest(secret.encode(), text.encode(), digest).hex().upper()

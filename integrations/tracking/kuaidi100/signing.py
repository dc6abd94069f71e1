"""Kuaidi100's signatures: MD5 in capitals over the very text that travels (execution.md 5)."""

from __future__ import annotations

import hashlib
import hmac


def query_sign(param: str, *, key: str, customer: str) -> str:
    """The signature of a query."""
    return _md5(param + key + customer)


def push_sign(param: str, *, salt: str) -> str:
    """The signature that a push has to bear."""
    return _md5(param + salt)


def is_push_genuine(param: str, sign: str, *, salt: str) -> bool:
    """Whether the push was signed with our salt; compared in constant time."""
    return hmac.compare_digest(push_sign(param, salt=salt).encode(), sign.encode())


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()

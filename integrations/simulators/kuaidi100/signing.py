"""Kuaidi100's signatures (execution.md, section 5)."""

import hashlib


def query_signature(param: str, key: str, customer: str) -> str:
    """``UPPER MD5(param + key + customer)`` over the exact text that was sent."""
    return hashlib.md5(f"{param}{key}{customer}".encode()).hexdigest().upper()


def push_signature(param: str, salt: str) -> str:
    """``UPPER MD5(param + salt)``; only sent when the subscriber gave a salt."""
    return hashlib.md5(f"{param}{salt}".encode()).hexdigest().upper()


def label_signature(param: str, millis: str, key: str, secret: str) -> str:
    """``UPPER MD5(param + t + key + secret)``; ``t`` is Unix milliseconds as text."""
    return hashlib.md5(f"{param}{millis}{key}{secret}".encode()).hexdigest().upper()

"""Marks that show whether a workbook's hidden parts are the ones we wrote.

Hiding and protecting a sheet is convenience; who opens it with another program can change
anything. What the merge relies on, version and base of each row, is therefore signed.
"""

from __future__ import annotations

import hashlib
import hmac
from binascii import b2a_base64
from collections.abc import Sequence

from django.conf import settings

_MARK_BYTES = 12
_BETWEEN = "\x1f"
_HARMLESS = bytes.maketrans(b"+/", b".~")


class Signer:
    """Makes the marks of one export."""

    def __init__(self, run_id: int) -> None:
        secret = hashlib.sha256(b"orders.sheets:" + settings.SECRET_KEY.encode()).digest()
        self._key = hmac.digest(secret, str(run_id).encode(), "sha256")
        self._keyed = hashlib.blake2b(key=self._key, digest_size=_MARK_BYTES)

    def row(self, base: str) -> str:
        """The mark of a row: 16 characters over everything its base holds."""
        mark = self._keyed.copy()
        mark.update(base.encode())
        # Letters, digits, dot and tilde: a mark never looks like a formula or an escape.
        return b2a_base64(mark.digest(), newline=False).translate(_HARMLESS).decode()

    def head(self, text: str) -> str:
        """The mark of the sheet's head."""
        return hmac.digest(self._key, b"head:" + text.encode(), "sha256").hex()

    def is_head(self, text: str, mark: str) -> bool:
        """True when the head is ours and unchanged."""
        return hmac.compare_digest(self.head(text).encode(), mark.encode())


def fingerprint(values: Sequence[str]) -> str:
    """Twelve characters that change when a locked cell does; no secret, only a comparison."""
    text = _BETWEEN.join(values).encode()
    return hashlib.blake2b(text, digest_size=6).hexdigest()

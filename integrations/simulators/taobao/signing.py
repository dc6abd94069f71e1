"""TOP's signature, computed from the decoded bytes of the wire (channels.md, section 1)."""

import hashlib
import hmac
from collections.abc import Iterable

SIGN_METHODS = ("md5", "hmac", "hmac-sha256")


def text_to_sign(pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Key and value of every parameter but ``sign``, sorted by key, nothing in between."""
    return b"".join([key + value for key, value in sorted(pairs) if key != b"sign"])


def signature(pairs: Iterable[tuple[bytes, bytes]], secret: bytes, sign_method: str) -> str:
    """Upper-case hex signature; ``sign_method`` is one of :data:`SIGN_METHODS`."""
    text = text_to_sign(pairs)
    if sign_method == "md5":
        return hashlib.md5(secret + text + secret).hexdigest().upper()
    digest = "md5" if sign_method == "hmac" else "sha256"
    return hmac.digest(secret, text, digest).hex().upper()

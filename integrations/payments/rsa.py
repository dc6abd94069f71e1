"""RSA with SHA-256 (PKCS#1 v1.5), as both payment systems sign; keys are PEM texts."""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)

_HASH = hashes.SHA256()


class BadKey(ValueError):
    """The text is no RSA key of the kind that was wanted."""


@lru_cache(maxsize=32)
def load_private(pem: str) -> RSAPrivateKey:
    """The private key in the text. Raises `BadKey`."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise BadKey("no private key in PEM") from error
    if not isinstance(key, RSAPrivateKey):
        raise BadKey("no RSA key")
    return key


@lru_cache(maxsize=32)
def load_public(pem: str) -> RSAPublicKey:
    """The public key in the text, or the one of a certificate. Raises `BadKey`."""
    try:
        if "BEGIN CERTIFICATE" in pem:
            key = x509.load_pem_x509_certificate(pem.encode()).public_key()
        else:
            key = load_pem_public_key(pem.encode())  # type: ignore[assignment]
    except ValueError as error:
        raise BadKey("no public key or certificate in PEM") from error
    if not isinstance(key, RSAPublicKey):
        raise BadKey("no RSA key")
    return key


def sign(text: str, private_key: str) -> str:
    """The signature of the text's UTF-8 bytes, in base64."""
    signature = load_private(private_key).sign(text.encode(), PKCS1v15(), _HASH)
    return base64.b64encode(signature).decode()


def is_signed(text: bytes, signature: str, public_key: str) -> bool:
    """True when exactly these bytes were signed by the key's owner."""
    try:
        raw = base64.b64decode(signature, validate=True)
        load_public(public_key).verify(raw, text, PKCS1v15(), _HASH)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True

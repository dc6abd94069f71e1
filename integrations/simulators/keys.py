"""RSA keys of the simulated payment systems: made when first needed, kept with the state.

Signing is written here a second time, apart from the adapters.
"""

import json
import os
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256


@dataclass
class KeyPair:
    """One RSA key; `stored` is its PEM when it was made before."""

    stored: str = ""

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        if not self.stored:
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)
        key = serialization.load_pem_private_key(self.stored.encode(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key

    @property
    def private_pem(self) -> str:
        """The private key as PEM (PKCS#8)."""
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    @property
    def public_pem(self) -> str:
        """The public half as PEM."""
        return (
            self._key.public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            .decode()
        )

    @property
    def was_made(self) -> bool:
        """Whether the key exists already; asking does not make it."""
        return bool(self.stored) or "_key" in self.__dict__

    def sign(self, text: bytes) -> str:
        """SHA256withRSA in base64."""
        return b64encode(self._key.sign(text, padding.PKCS1v15(), SHA256())).decode()

    def has_signed(self, text: bytes, signature: str) -> bool:
        """Whether the signature is this key's over exactly these bytes."""
        try:
            raw = b64decode(signature, validate=True)
            self._key.public_key().verify(raw, text, padding.PKCS1v15(), SHA256())
        except (InvalidSignature, BadBase64, ValueError):
            return False
        return True


# Whose keys a payment system and its merchant have entered at each other's.
PARTIES = ("wechatpay.merchant", "wechatpay.platform", "alipay.merchant", "alipay.platform")


def ensure_keys(path: Path) -> dict[str, KeyPair]:
    """The keys of `PARTIES` that the file holds; it is made, for its owner only, when missing."""
    if not path.exists():
        new = path.with_name(f"{path.name}.{os.getpid()}")
        new.touch(mode=0o600)
        new.write_text(json.dumps({name: KeyPair().private_pem for name in PARTIES}), "utf-8")
        os.replace(new, path)
    saved = json.loads(path.read_text("utf-8"))
    return {name: KeyPair(saved[name]) for name in PARTIES}

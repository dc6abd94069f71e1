"""Secrets at rest: encrypted with the installation's CREDENTIAL_KEY, readable by our code only."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


def _cipher() -> Fernet:
    """The cipher of CREDENTIAL_KEY; any text serves as key, for it is hashed to the length."""
    digest = hashlib.sha256(settings.CREDENTIAL_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))


def seal(value: Any) -> str:
    """A JSON value as text that says nothing without the key."""
    return _cipher().encrypt(json.dumps(value, ensure_ascii=False).encode()).decode()


def unseal(text: str) -> Any:
    """The value that was sealed. Raises `ImproperlyConfigured` when the key is another one."""
    try:
        return json.loads(_cipher().decrypt(text.encode()))
    except InvalidToken as error:
        raise ImproperlyConfigured(
            "A stored secret can't be read: CREDENTIAL_KEY is not the one it was written with."
        ) from error


class EncryptedJSONField(models.TextField):
    """A JSON value that the database holds sealed. It can't be searched, and never is."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else seal(value)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else unseal(value)

    def to_python(self, value: Any) -> Any:
        """What forms and fixtures hand in: JSON text or the value itself."""
        if isinstance(value, str) and value:
            return json.loads(value)
        return value

"""Settings of the test run; production cannot see them."""

from __future__ import annotations

import os

os.environ.setdefault("SECRET_KEY", "test-only")
os.environ.setdefault("CREDENTIAL_KEY", "test-only-credential-key")

from ordercenter.engine.postgres import ensure_running

if "DATABASE_URL" not in os.environ:
    os.environ["DATABASE_URL"] = ensure_running("test").url

from ordercenter.settings import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
AXES_ENABLED = False

"""Settings of a relay process that a test starts."""

from __future__ import annotations

from tests.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "tests.support.relay_app.RelayTestConfig"]

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from ordercenter.core.models import User
from tests.factories import UserFactory


@pytest.fixture
def staff(db: None) -> Callable[..., Client]:
    """A signed-in browser of somebody with these roles."""

    def sign_in(*roles: str) -> Client:
        user: User = UserFactory(roles=roles)
        browser = Client(headers={"accept-language": "en"})
        browser.force_login(user)
        return browser

    return sign_in

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from ordercenter.console.roles import grant_roles
from ordercenter.core.models import User
from tests.factories import UserFactory


@pytest.fixture(autouse=True)
def _no_kept_counts() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def somebody(db: None) -> Callable[..., User]:
    """A member of staff with this role; `root` is a superuser."""
    grant_roles()

    def make(role: str) -> User:
        return UserFactory(is_superuser=True) if role == "root" else UserFactory(roles=[role])

    return make


@pytest.fixture
def signed_in(somebody: Callable[..., User]) -> Callable[[str], Client]:
    """A browser in which somebody of this role has signed in."""

    def make(role: str) -> Client:
        client = Client()
        client.force_login(somebody(role))
        return client

    return make

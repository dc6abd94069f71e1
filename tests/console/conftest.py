from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from ordercenter.console.roles import grant_roles
from ordercenter.core.models import User
from tests.factories import UserFactory


@pytest.fixture(autouse=True)
def _no_kept_counts() -> Iterator[None]:
    """Live counts are kept for half a minute; no test may see another's."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def staff(db: None) -> Callable[[str], User]:
    """A member of staff in this role, with what the role may do; `root` is a superuser."""
    grant_roles()

    def make(role: str) -> User:
        if role == "root":
            return UserFactory(is_superuser=True)
        return UserFactory(roles=[role])

    return make


@pytest.fixture
def signed_in(staff: Callable[[str], User]) -> Callable[[str], Client]:
    """A browser in which somebody of this role has signed in."""

    def make(role: str) -> Client:
        client = Client()
        client.force_login(staff(role))
        return client

    return make

"""Guessing a password ends soon, and keeps nobody out but who guesses."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from ordercenter.core.models import User
from tests.factories import UserFactory

PASSWORD = "a-long-pass-phrase"
HERE, ELSEWHERE = "203.0.113.9", "198.51.100.4"


@pytest.fixture
def person(db: None, settings) -> User:
    settings.AXES_ENABLED = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    user = UserFactory(roles=["cs"])
    user.set_password(PASSWORD)
    user.save()
    return user


def gets_in(user: User, password: str, *, address: str) -> bool:
    """Whether the sign-in form lets them in; the request comes through our own proxy."""
    answer = Client(HTTP_X_FORWARDED_FOR=address).post(
        reverse("admin:login"), {"username": user.username, "password": password}
    )
    return answer.status_code == 302


def test_who_guesses_is_locked_out_and_the_person_behind_the_same_proxy_is_not(person, settings):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        assert not gets_in(person, "a guess", address=HERE)

    assert not gets_in(person, PASSWORD, address=HERE)
    assert gets_in(person, PASSWORD, address=ELSEWHERE)


def test_one_guess_locks_nobody_out(person):
    gets_in(person, "a guess", address=HERE)

    assert gets_in(person, PASSWORD, address=HERE)

"""Where a request comes from, and with what."""

import pytest
from django.test import RequestFactory

from ordercenter.core.visitors import address_of, device_of

BEHIND_A_PROXY = ("HTTP_X_FORWARDED_PROTO", "https")


def asked(**environment: str):
    return RequestFactory(**environment).get("/")


def test_nobody_believes_a_forwarded_address_without_a_proxy(settings):
    settings.SECURE_PROXY_SSL_HEADER = None

    address = address_of(asked(REMOTE_ADDR="192.0.2.7", HTTP_X_FORWARDED_FOR="203.0.113.9"))

    assert address == "192.0.2.7"


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("203.0.113.9", "203.0.113.9"),
        # What came before our proxy's own word may be anybody's invention.
        ("10.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("2001:db8::7", "2001:db8::7"),
        ("", "127.0.0.1"),
        ("unknown", "127.0.0.1"),
    ],
)
def test_behind_our_proxy_its_last_word_counts(settings, forwarded: str, expected: str):
    settings.SECURE_PROXY_SSL_HEADER = BEHIND_A_PROXY

    address = address_of(asked(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR=forwarded))

    assert address == expected


def test_a_request_over_a_socket_file_has_no_address(settings):
    settings.SECURE_PROXY_SSL_HEADER = None

    assert address_of(asked(REMOTE_ADDR="")) is None


def test_a_device_is_told_in_characters_that_can_be_stored():
    assert device_of(asked(HTTP_USER_AGENT="scanner\x00 1\x7f")) == "scanner 1"

"""The verification that docs/api.md shows to partners really verifies."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from integrations.partners.signing import headers_for, new_secret
from ordercenter.engine.paths import PROJECT_ROOT


@pytest.fixture
def is_ours() -> Any:
    text = (PROJECT_ROOT / "docs" / "api.md").read_text("utf-8")
    [example] = [
        code for code in re.findall(r"```python\n(.*?)```", text, re.S) if "def is_ours" in code
    ]
    names: dict[str, Any] = {}
    exec(example, names)
    return names["is_ours"]


BODY = '{"id":"WH1-1","order":"订单"}'.encode()


def test_it_accepts_ours_also_while_two_secrets_sign(is_ours):
    old, new = new_secret(), new_secret()
    headers = headers_for([new, old], "WH1-1", int(time.time()), BODY)

    assert is_ours(old, headers, BODY)
    assert is_ours(new, headers, BODY)


@pytest.mark.parametrize("what", ["secret", "body", "id", "time", "old", "none"])
def test_it_refuses_what_is_not_ours(is_ours, what):
    secret, now = new_secret(), int(time.time())
    headers = headers_for([secret], "WH1-1", now, BODY)
    body = BODY
    if what == "secret":
        secret = new_secret()
    elif what == "body":
        body = BODY.replace(b"WH1-1", b"WH1-2")
    elif what == "id":
        headers["webhook-id"] = "WH1-2"
    elif what == "time":
        headers["webhook-timestamp"] = str(now - 1)
    elif what == "old":
        headers = headers_for([secret], "WH1-1", now - 301, BODY)
    else:
        headers["webhook-signature"] = ""

    assert not is_ours(secret, headers, body)


def test_a_signature_of_the_specifications_own_example():
    """standard-webhooks' test vector: any library of theirs computes this."""
    headers = headers_for(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

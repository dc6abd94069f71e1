"""Kingdee's signatures agree with the vectors, ours and the simulator's alike."""

import json
from pathlib import Path
from typing import Any

import pytest

from integrations.erp.kingdee import signing as ours
from integrations.simulators.kingdee import signing as theirs

SAMPLES = Path(__file__).parents[1] / "samples"
VECTORS: dict[str, dict[str, Any]] = {
    vector["system"]: vector
    for vector in json.loads((SAMPLES / "signing_vectors_kingdee.json").read_text("utf-8"))
}


@pytest.mark.parametrize("signing", [ours, theirs], ids=["ours", "theirs"])
def test_signs_a_login_like_the_vector(signing):
    vector = VECTORS["kingdee_login_by_sign"]
    given = vector["params"]

    sign = signing.login_sign(
        given["acctid"], given["username"], given["appid"], vector["secret"], given["timestamp"]
    )

    assert sign == vector["signature"]


@pytest.mark.parametrize("signing", [ours, theirs], ids=["ours", "theirs"])
def test_reads_the_client_secret_out_of_the_app_id(signing):
    secret = VECTORS["kingdee_gateway_headers:X-Api-Signature"]["secret"]

    assert signing.client_secret(secret["app_id"]) == secret["client_secret"]


def test_signs_every_header_like_the_vectors():
    gateway = VECTORS["kingdee_gateway_headers:X-Api-Signature"]
    app = VECTORS["kingdee_gateway_headers:X-Kd-Signature"]
    given = gateway["params"]

    headers = ours.signed_headers(
        given["path"],
        app_id=app["params"]["app_id"],
        secret=app["secret"],
        app_data=app["params"]["app_data"],
        timestamp=given["timestamp"],
        nonce=given["nonce"],
    )

    text = ours.string_to_sign(given["path"], given["timestamp"], given["nonce"])
    assert text == gateway["string_to_sign"]
    assert headers["X-Api-Signature"] == gateway["signature"]
    assert headers["X-Kd-Signature"] == app["signature"]
    assert headers["X-Kd-Appdata"] == app["params"]["x_kd_appdata"]


def test_the_simulator_checks_by_the_same_rule():
    gateway = VECTORS["kingdee_gateway_headers:X-Api-Signature"]
    app = VECTORS["kingdee_gateway_headers:X-Kd-Signature"]
    given = gateway["params"]

    app_id = app["params"]["app_id"]
    signed = theirs.gateway_signature(app_id, given["path"], given["timestamp"], given["nonce"])
    assert signed == gateway["signature"]
    assert (
        theirs.app_signature(app_id, app["secret"], app["params"]["app_data"]) == app["signature"]
    )


@pytest.mark.parametrize("app_id", ["230001", "230001_", "230001_???", "230001_" + "QUFB" * 20])
def test_an_app_id_without_its_second_part_is_refused(app_id):
    with pytest.raises(ours.BadAppId):
        ours.client_secret(app_id)

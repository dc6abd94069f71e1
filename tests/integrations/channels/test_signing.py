"""TOP's signature against every published and recorded vector."""

import json

import pytest

from integrations.channels.taobao.signing import sign, text_to_sign
from tests.integrations.channels.conftest import SAMPLES, sample

VECTORS = json.loads((SAMPLES / "signing_vectors.json").read_text("utf-8"))["taobao"]
REQUESTS = [
    "trades_sold_increment_get.request.json",
    "trade_fullinfo_get.request.json",
    "logistics_offline_send.request.json",
    "logistics_offline_send.split.request.json",
]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_every_vector_is_reproduced(vector):
    made = sign(vector["params"], vector["secret"], vector["sign_method"])

    assert made == vector["signature"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_text_to_sign_is_the_documented_one(vector):
    around = vector["secret"] if vector["sign_method"] == "md5" else ""

    assert f"{around}{text_to_sign(vector['params'])}{around}" == vector["string_to_sign"]


def test_there_are_vectors_of_all_three_methods():
    assert {vector["sign_method"] for vector in VECTORS} == {"md5", "hmac", "hmac-sha256"}


@pytest.mark.parametrize("name", REQUESTS)
def test_recorded_requests_carry_the_signature_we_compute(name):
    form = sample(name)["form"]

    made = sign(form, "b3f1c0d9e8a74655a1c2d3e4f5061728", form["sign_method"])

    assert made == form["sign"]


def test_an_unknown_method_is_not_signed_in_some_other_way():
    with pytest.raises(ValueError, match="sha1"):
        sign({"a": "1"}, "secret", "sha1")

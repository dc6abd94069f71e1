"""The simulators' signatures against the published and computed vectors."""

import pytest

from integrations.simulators.kuaidi100 import signing as kuaidi100
from integrations.simulators.taobao import signing as taobao

from .conftest import sample

VECTORS = sample("signing_vectors.json")


def _named(vectors):
    return [pytest.param(vector, id=vector["name"]) for vector in vectors]


@pytest.mark.parametrize("vector", _named(VECTORS["taobao"]))
def test_taobao_signature(vector):
    pairs = [(key.encode(), value.encode()) for key, value in vector["params"].items()]

    found = taobao.signature(pairs, vector["secret"].encode(), vector["sign_method"])

    assert found == vector["signature"]


@pytest.mark.parametrize("vector", _named(VECTORS["taobao"]))
def test_taobao_text_to_sign_leaves_out_only_the_sign(vector):
    pairs = [(key.encode(), value.encode()) for key, value in vector["params"].items()]
    text = taobao.text_to_sign([(b"sign", b"whatever"), *reversed(pairs)]).decode()

    if vector["sign_method"] == "md5":
        text = vector["secret"] + text + vector["secret"]

    assert text == vector["string_to_sign"]


def _kuaidi100(name):
    return next(vector for vector in VECTORS["kuaidi100"] if vector["name"] == name)


def test_kuaidi100_query_signature():
    vector = _kuaidi100("kuaidi100_query")
    key, customer = vector["secret"]["key"], vector["secret"]["customer"]

    found = kuaidi100.query_signature(vector["params"]["param"], key, customer)

    assert found == vector["signature"]


def test_kuaidi100_push_signature():
    vector = _kuaidi100("kuaidi100_push")

    found = kuaidi100.push_signature(vector["params"]["param"], vector["secret"])

    assert found == vector["signature"]


def test_kuaidi100_label_signature():
    vector = _kuaidi100("kuaidi100_label")
    params, secret = vector["params"], vector["secret"]

    found = kuaidi100.label_signature(params["param"], params["t"], secret["key"], secret["secret"])

    assert found == vector["signature"]

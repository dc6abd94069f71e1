"""What each of TOP's answers means, from the recorded ones."""

import pytest

from integrations.channels.base import Answer, Care
from integrations.channels.taobao.answers import classify
from tests.integrations.channels.conftest import sample


@pytest.mark.parametrize(
    ("name", "answer", "care", "wait"),
    [
        ("trade_fullinfo_get.response", Answer.OK, Care.NONE, None),
        ("trades_sold_increment_get.empty.response", Answer.OK, Care.NONE, None),
        ("error_already_shipped.response", Answer.DUPLICATE, Care.DONE, None),
        ("error_bad_waybill.response", Answer.REFUSED, Care.PERSON, None),
        ("error_call_limited.response", Answer.RETRY_LATER, Care.WAIT, 1.0),
        ("error_daily_quota.response", Answer.RETRY_LATER, Care.WAIT, 31062.0),
        ("error_invalid_session.response", Answer.AUTH, Care.REAUTH, None),
        ("error_invalid_signature.response", Answer.REFUSED, Care.STOP, None),
        ("error_invalid_timestamp.response", Answer.REFUSED, Care.STOP, None),
        ("error_missing_argument.response", Answer.REFUSED, Care.STOP, None),
        ("error_remote_timeout.response", Answer.UNKNOWN_OUTCOME, Care.RETRY, None),
        ("error_try_later.response", Answer.RETRY_LATER, Care.RETRY, None),
    ],
)
def test_recorded_answers(name, answer, care, wait):
    verdict = classify(sample(f"{name}.json"))

    assert (verdict.answer, verdict.care, verdict.wait) == (answer, care, wait)


def error(code: object, sub_code: str = "", text: str = "") -> dict[str, object]:
    inner: dict[str, object] = {"code": code, "msg": "Remote service error"}
    if sub_code:
        inner |= {"sub_code": sub_code, "sub_msg": text}
    return {"error_response": inner}


@pytest.mark.parametrize(
    ("document", "answer", "care"),
    [
        (error(10), Answer.RETRY_LATER, Care.RETRY),
        (error(520), Answer.RETRY_LATER, Care.RETRY),
        (error("27", "invalid-sessionkey"), Answer.AUTH, Care.REAUTH),
        (error(7), Answer.RETRY_LATER, Care.WAIT),
        (error(11), Answer.REFUSED, Care.STOP),
        (error(15, "isv.trade-not-exist"), Answer.REFUSED, Care.PERSON),
        (error(15, "isv.never-seen-before"), Answer.REFUSED, Care.PERSON),
        (error(15, "isv.logistics-online-service-error:B04"), Answer.DUPLICATE, Care.DONE),
        (error(15, "isv.logistics-offline-service-error:S01"), Answer.RETRY_LATER, Care.RETRY),
        (error(15, "isv.logistics-offline-service-error:B55"), Answer.REFUSED, Care.PERSON),
        (error(None), Answer.REFUSED, Care.STOP),
        ({"error_response": "no object"}, Answer.OK, Care.NONE),
        ([], Answer.OK, Care.NONE),
    ],
)
def test_other_answers(document, answer, care):
    verdict = classify(document)

    assert (verdict.answer, verdict.care) == (answer, care)


def test_the_sub_code_is_kept_because_the_message_alone_says_nothing():
    verdict = classify(sample("error_bad_waybill.response.json"))

    assert verdict.code == "isv.logistics-offline-service-error:B60"
    assert "运单号" in verdict.text

"""What every TOP call has to carry, over real sockets."""

import json

import pytest

from .conftest import APP_SECRET, DETAIL_FIELDS, TopClient, shop_time, top_signature

GET = "taobao.trade.fullinfo.get"
TRADE = {"tid": "4100000000000000101", "fields": "tid,status"}


@pytest.mark.parametrize("sign_method", ["md5", "hmac", "hmac-sha256"])
def test_every_documented_sign_method_works(top, sign_method):
    top.sign_method = sign_method

    assert top.ask(GET, **TRADE)["trade"]["tid"] == 4100000000000000101


def test_chinese_and_reserved_characters_are_signed_raw(top):
    odd = {"memo": "已审单：加急，送赠品 A&B=1+2%41", "键": "×"}

    assert top.ask(GET, **TRADE, **odd)["trade"]["tid"] == 4100000000000000101


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"method": ""}, 21),
        ({"method": "taobao.no.such.method"}, 22),
        ({"app_key": ""}, 28),
        ({"app_key": "1"}, 29),
        ({"timestamp": ""}, 30),
        ({"timestamp": "yesterday"}, 31),
        ({"timestamp": "2026-02-30 00:00:00"}, 31),
        ({"v": ""}, 32),
        ({"v": "1.0"}, 33),
        ({"v": "2.0 "}, 33),
        ({"session": ""}, 26),
        ({"session": "nobody"}, 27),
        ({"simplify": "true"}, 41),
        ({"fields": ""}, 40),
        ({"tid": ""}, 40),
        ({"tid": "abc"}, 41),
    ],
)
def test_missing_or_wrong_parameter_has_its_code(top, changes, code):
    assert _changed(top, changes)["error_response"]["code"] == code


def _changed(top: TopClient, changes: dict[str, str]):
    """The answer to a call with other common parameters, signed over what is really sent."""
    form = top.form(GET, **TRADE) | changes
    form = {name: value for name, value in form.items() if value and name != "sign"}
    form["sign"] = top_signature(form, APP_SECRET, form["sign_method"])
    return top.post_form("/router/rest", form)


@pytest.mark.parametrize("minutes", [-11, 11])
def test_a_clock_more_than_ten_minutes_off_is_refused(top, minutes):
    assert top.refusal(GET, **TRADE, timestamp=shop_time(minutes=minutes))["code"] == 31


@pytest.mark.parametrize("minutes", [-9, 9])
def test_a_clock_less_than_ten_minutes_off_is_fine(top, minutes):
    assert top.ask(GET, **TRADE, timestamp=shop_time(minutes=minutes))["trade"]["tid"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("tid", "4100000000000000201"), ("extra", "1"), ("sign_method", "md5")],
)
def test_a_changed_parameter_breaks_the_signature(simulator, top, name, value):
    form = top.form(GET, **TRADE) | {name: value}

    answer = top.post_form("/router/rest", form)

    assert answer["error_response"]["code"] == 25
    assert simulator.counters()["bad_signatures"] == {"taobao": 1}


def test_a_lower_case_signature_is_wrong(top):
    form = top.form(GET, **TRADE)

    answer = top.post_form("/router/rest", form | {"sign": form["sign"].lower()})

    assert answer["error_response"]["code"] == 25


def test_an_unknown_sign_method_is_a_bad_signature(top):
    form = top.form(GET, **TRADE) | {"sign_method": "sha512"}

    assert top.post_form("/router/rest", form)["error_response"]["code"] == 25


@pytest.mark.parametrize("fmt", ["", "xml"])
def test_whoever_does_not_ask_for_json_gets_xml(top, fmt):
    form = {name: value for name, value in top.form(GET, **TRADE, format=fmt).items() if value}
    body = "&".join(f"{name}={value}" for name, value in form.items()).replace(" ", "+").encode()

    _, content_type, answer = top.send(
        "POST", "/router/rest", body, "application/x-www-form-urlencoded"
    )

    assert content_type.startswith("text/xml")
    assert b"<code>23</code>" in answer


def test_only_a_form_post_is_read(top):
    for method, content_type in (("GET", ""), ("POST", "application/json"), ("PUT", "")):
        _, _, body = top.send(method, "/router/rest", b"{}", content_type)
        assert json.loads(body)["error_response"]["code"] == 9


def test_a_repeated_parameter_is_refused(top):
    body = b"method=a&method=b"

    _, _, answer = top.send("POST", "/router/rest", body, "application/x-www-form-urlencoded")

    assert json.loads(answer)["error_response"]["code"] == 43


def test_refusals_of_the_gateway_have_no_sub_code(top):
    error = top.refusal(GET, **TRADE, timestamp=shop_time(hours=1))

    assert sorted(error) == ["code", "msg", "request_id"]


def test_calls_per_second_are_limited_with_the_seconds_in_the_text(simulator, top):
    simulator.post("settings", calls_per_second=2)
    simulator.post("clock", now=shop_time(), frozen=True)

    codes = [top.call(GET, **TRADE).get("error_response", {}).get("code") for _ in range(3)]

    assert codes == [None, None, 7]


def test_calls_per_day_are_limited_until_midnight(simulator, top):
    simulator.post("settings", calls_per_day=1)
    simulator.post("clock", now="2026-11-22 23:00:00", frozen=True)
    top.ask(GET, **TRADE, timestamp="2026-11-22 23:00:00")

    error = top.refusal(GET, **TRADE, timestamp="2026-11-22 23:00:00")

    assert error["sub_code"] == "accesscontrol.limited-by-app-access-count"
    assert "3600 more seconds" in error["sub_msg"]


def test_an_expired_session_is_refused_until_it_works_again(simulator, top):
    simulator.post("taobao/session", works=False)
    assert top.refusal(GET, **TRADE)["code"] == 27

    simulator.post("taobao/session", works=True)
    assert top.ask(GET, **TRADE)


def test_refreshing_kills_the_old_session_and_the_old_refresh_token(top):
    old = {"refresh_token": "6101demoRefreshToken0001"}
    answer = top.ask("taobao.top.auth.token.refresh", session="", **old)
    tokens = json.loads(answer["token_result"])

    assert top.refusal(GET, **TRADE)["code"] == 27
    assert top.refusal("taobao.top.auth.token.refresh", session="", **old)["code"] == 27
    assert top.ask(GET, **TRADE, session=tokens["access_token"])["trade"]["tid"]


def _token(top: TopClient, **changes: str):
    form = {
        "grant_type": "authorization_code",
        "code": "demoAuthCode",
        "client_id": "33712345",
        "client_secret": APP_SECRET,
        "redirect_uri": "https://hub.example.com/oauth/taobao",
    }
    return top.post_form("/token", form | changes)


def test_an_authorisation_code_works_once(top):
    assert _token(top)["access_token"] == top.session

    assert _token(top)["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "1"}, "invalid_client"),
        ({"code": "wrong"}, "invalid_grant"),
        ({"redirect_uri": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_token_requests_are_checked(top, changes, error):
    assert _token(top, **changes)["error"] == error


def test_each_second_shop_has_its_own_code_and_session(top, other_shop):
    assert _token(top, code="demoAuthCode2")["access_token"] == other_shop.session


def test_ids_above_2_to_the_53_are_numbers_and_sku_ids_text(top):
    form = top.form(GET, tid="4100000000000000301", fields=DETAIL_FIELDS)

    _, _, body = top.send(
        "POST",
        "/router/rest",
        "&".join(f"{k}={v}" for k, v in form.items()).replace(" ", "+").encode(),
        "application/x-www-form-urlencoded",
    )

    assert b'"tid":4100000000000000301,' in body
    assert b'"sku_id":"5200000000001"' in body
    assert '"buyer_nick":"陈**"'.encode() in body

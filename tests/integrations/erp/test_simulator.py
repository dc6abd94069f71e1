"""The simulated Kingdee refuses what the real one refuses."""

import json
from typing import Any

import httpx
import pytest

from integrations.simulators.kingdee.signing import login_sign
from integrations.simulators.testing import Simulator, running_simulator

STUB = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub."


class Caller:
    """Somebody who signed in by LoginBySign."""

    def __init__(self, simulator: Simulator) -> None:
        self.client = httpx.Client(base_url=simulator.base_url, trust_env=False)
        given = simulator.get("kingdee/account")
        acct, user, app = given["acct_id"], given["user"], given["app_id"]
        sign = login_sign(acct, user, app, given["app_secret"], "1795312800")
        self.login = self.call(
            "AuthService.LoginBySign", {"parameters": [acct, user, app, "1795312800", sign, 2052]}
        )

    def call(self, name: str, body: Any) -> Any:
        answer = self.client.post(f"{STUB}{name}.common.kdsvc", json=body)
        assert answer.status_code == 200
        return answer.json()

    def form(self, method: str, data: Any, form: str = "SAL_SaleOrder") -> tuple[bool, int, str]:
        status = self.call(f"DynamicFormService.{method}", {"formid": form, "data": data})[
            "Result"
        ]["ResponseStatus"]
        text = status["Errors"][0]["Message"] if status["Errors"] else ""
        return status["IsSuccess"], status["MsgCode"], text

    def query(self, **data: Any) -> Any:
        given = {"FormId": "SAL_SaleOrder", "FieldKeys": "FBillNo", **data}
        return self.call("DynamicFormService.ExecuteBillQuery", {"data": given})


@pytest.fixture
def caller(simulator: Simulator) -> Caller:
    return Caller(simulator)


def model(number: str = "OC1", **given: Any) -> dict[str, Any]:
    return {
        "FID": 0,
        "FBillNo": number,
        "FDate": "2026-11-22",
        "FCustId": {"FNumber": "C1"},
        "FSaleOrderEntry": [
            {"FMaterialId": {"FNumber": "A"}, "FQty": 2, "FTaxPrice": 10.005},
            {"FMaterialId": {"FNumber": "B"}, "FQty": 1, "FTaxPrice": 1},
        ],
    } | given


def test_signing_in_gives_both_cookies(caller):
    assert caller.login["LoginResultType"] == 1
    assert set(caller.client.cookies) == {"kdservice-sessionid", "ASP.NET_SessionId"}


@pytest.mark.parametrize("missing", ["kdservice-sessionid", "ASP.NET_SessionId"])
def test_one_cookie_is_not_enough(caller, missing):
    caller.client.cookies.delete(missing)

    assert caller.form("Save", {"Model": model()})[:2] == (False, 1)


def test_a_wrong_sign_is_no_login(simulator, caller):
    answer = caller.call("AuthService.LoginBySign", {"parameters": ["a", "b", "c", "1", "x", 2052]})

    assert answer["LoginResultType"] == 0
    assert simulator.counters()["bad_signatures"]["kingdee"] == 1


def test_a_bill_goes_its_steps_in_order(caller):
    numbers = {"Numbers": ["OC1"], "Ids": ""}
    assert caller.form("Save", {"Model": model()})[0]

    assert caller.form("Audit", numbers)[:2] == (False, 12)
    assert caller.form("Submit", numbers)[0]
    assert caller.form("Submit", numbers)[:2] == (False, 12)
    assert caller.form("Delete", numbers)[:2] == (False, 12)
    assert caller.form("Audit", numbers)[0]
    assert caller.form("UnAudit", numbers)[0]
    assert caller.form("Delete", numbers)[0]
    assert caller.query() == []


def test_a_number_is_taken_once(caller):
    caller.form("Save", {"Model": model()})

    assert caller.form("Save", {"Model": model()}) == (
        False,
        11,
        "单据编号“OC1”已经存在,请重新录入!",
    )


@pytest.mark.parametrize(("keeps", "entries"), [("true", 1), ("false", 3)])
def test_rows_that_a_model_leaves_out_are_deleted_by_default(simulator, caller, keeps, entries):
    caller.form("Save", {"Model": model()})
    own = simulator.get("kingdee/bills")["bills"][0]["id"]
    one = [{"FMaterialId": {"FNumber": "A"}, "FQty": 1, "FTaxPrice": 1}]

    caller.form("Save", {"IsDeleteEntry": keeps, "Model": model(FID=own, FSaleOrderEntry=one)})

    assert simulator.get("kingdee/bills")["bills"][0]["entries"] == entries


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"FDate": ""}, 9),
        ({"FCustId": {}}, 9),
        ({"FSaleOrderEntry": []}, 9),
        ({"FSaleOrderEntry": [{"FQty": 1}]}, 9),
    ],
)
def test_a_model_without_what_is_needed_is_refused(caller, wrong, code):
    assert caller.form("Save", {"Model": model(**wrong)})[:2] == (False, code)
    assert caller.query() == []


def test_an_unknown_form_and_a_missing_bill_are_refused(caller):
    assert caller.form("Save", {"Model": model()}, form="NO_SUCH")[:2] == (False, 5)
    assert caller.form("Submit", {"Numbers": ["NO"]})[:2] == (False, 10)
    assert caller.form("Submit", {"Numbers": []})[:2] == (False, 3)


def test_queries_filter_order_and_page(caller):
    for n in (3, 1, 2):
        caller.form("Save", {"Model": model(f"O'{n}", FDate=f"2026-11-2{n}")})

    found = caller.query(
        FieldKeys="FBillNo,FBillAllAmount",
        FilterString="FDate >= '2026-11-21' and FDate < '2026-11-23' and FDocumentStatus = 'A'",
        OrderString="FBillNo ASC",
    )

    assert found == [["O'1", 21.01], ["O'2", 21.01]]
    assert caller.query(FilterString="FBillNo = 'O''3'") == [["O'3"]]
    assert caller.query(OrderString="FBillNo ASC", StartRow=1, Limit=1) == [["O'2"]]
    assert caller.query(OrderString="FBillNo ASC", TopRowCount=1, StartRow=1) == []


@pytest.mark.parametrize(
    "wrong",
    [{"Limit": 2001}, {"FieldKeys": "FXXX"}, {"FilterString": "FBillNo like '%'"}],
)
def test_a_bad_query_is_answered_as_a_list_in_a_list(caller, wrong):
    caller.form("Save", {"Model": model()})

    answer = caller.query(**wrong)

    assert answer[0][0]["Result"]["ResponseStatus"]["IsSuccess"] is False


def test_books_outlive_a_restart(tmp_path):
    state = tmp_path / "state.json"
    with running_simulator(no_samples=True, state=str(state)) as first:
        Caller(first).form("Save", {"Model": model()})
    with running_simulator(no_samples=True, state=str(state)) as second:
        bills = second.get("kingdee/bills")

    assert [bill["number"] for bill in bills["bills"]] == ["OC1"]
    assert json.dumps(bills["made"]) == '{"OC1": 1}'

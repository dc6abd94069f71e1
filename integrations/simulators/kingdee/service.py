"""One set of books: sessions, signed calls, and the calls about bills."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..clock import Clock
from ..counters import Counters
from ..faults import FaultPlan, with_transport_faults
from ..wire import Request, Response, to_json
from . import errors
from .bills import FORMS, Bill, Form, amount_of, number_under, query
from .errors import Refused, done
from .signing import app_signature, gateway_signature, login_sign

SYSTEM = "kingdee"
PREFIX = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub."
SUFFIX = ".common.kdsvc"
# Refused before anything happened / done, and then answered with an error / as plain text.
REFUSALS = frozenset({"error", "error_after", "plain_text"})

ACCT_ID = "6410f0a1b2c3d4"
USER, PASSWORD = "oc_api", "password"
APP_ID = "230001_X1MYQANATRoAWltWWkcaSwdTSwYVGlYH"
APP_SECRET = "f3a1c2e4b5d64788"
ORG = "100"
LCID = "2052"
SESSION_SECONDS = 1200.0


def demo_account() -> dict[str, str]:
    """The only account there is: what a caller has to know to be let in."""
    return {
        "acct_id": ACCT_ID,
        "user": USER,
        "app_id": APP_ID,
        "app_secret": APP_SECRET,
        "lcid": LCID,
        "org_number": ORG,
    }


@dataclass(slots=True)
class Session:
    """Somebody who signed in; both cookies are wanted."""

    asp_id: str
    last_seen: float
    calls: int = 0


@dataclass
class Kingdee:
    """One set of books. With `calls_per_session` a session is lost after so many calls.

    `customers` and `materials` are the base data; with `knows_any` every code is known.
    """

    clock: Clock
    counters: Counters
    faults: FaultPlan
    calls_per_session: int = 0
    knows_any: bool = True
    customers: set[str] = field(default_factory=set)
    materials: set[str] = field(default_factory=set)
    bills: dict[tuple[str, str], Bill] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    # How often a bill was made under a number: more than once is a disaster.
    made: dict[str, int] = field(default_factory=dict)
    last_id: int = 100044

    def account(self) -> dict[str, str]:
        """What a caller has to enter into its own system."""
        return demo_account()

    def forget(self) -> None:
        """Empty books, nobody signed in."""
        self.bills.clear()
        self.sessions.clear()
        self.made.clear()
        self.customers.clear()
        self.materials.clear()
        self.knows_any, self.calls_per_session = True, 0

    def put(self, form: str, number: str, day: str, amount: float, status: str) -> Bill:
        """A bill that somebody at the ERP entered by hand."""
        kind = FORMS[form]
        entry = (
            {kind.entry_amount: amount}
            if kind.entry_amount
            else {kind.quantity: 1, "FTaxPrice": amount}
        )
        bill = Bill(kind, self._next_id(), number, day, "CUST0001", [entry], status)
        self.bills[form, number] = bill
        return bill

    # -- one call ----------------------------------------------------------------------------

    def handle(self, request: Request) -> Response:
        """Everything under the services' stub: HTTP 200, the truth is in the body."""
        name = request.path.removeprefix(PREFIX).removesuffix(SUFFIX)
        method = name.partition(".")[2]
        self.counters.call(SYSTEM, method)
        return with_transport_faults(
            self.faults, SYSTEM, method, lambda: self._answer(name, method, request)
        )

    def _answer(self, name: str, method: str, request: Request) -> Response:
        is_query = method == "ExecuteBillQuery"
        try:
            given = _read(request)
            if name.startswith("AuthService."):
                return self._sign_in(method, given)
            self._check_caller(request)
            fault = self.faults.take(SYSTEM, method, REFUSALS)
            if fault is not None and fault.kind == "plain_text":
                return Response(
                    b"response_error:" + "系统繁忙".encode(), content_type=b"text/plain"
                )
            if fault is not None and fault.kind == "error":
                raise _played(fault.options)
            body = self._work(name, method, given)
            if fault is not None:
                raise _played(fault.options)
            return Response(to_json(body))
        except Refused as refusal:
            self.counters.refusal(SYSTEM, str(refusal.code))
            wrong = refusal.body()
            return Response(to_json([[wrong]] if is_query else wrong))

    def _work(self, name: str, method: str, given: dict[str, Any]) -> Any:
        data = given.get("data")
        if isinstance(data, str):
            data = json.loads(data)
        works: dict[str, Callable[[Form, dict[str, Any]], Any]] = {
            "Save": self._save,
            "Submit": lambda form, d: self._move(form, d, "ZAD", "B", "单据已提交，不允许重复提交"),
            "Audit": lambda form, d: self._move(
                form, d, "B", "C", "单据未提交或已审核，不允许审核"
            ),
            "UnAudit": lambda form, d: self._move(form, d, "C", "D", "单据未审核"),
            "Delete": self._delete,
            "View": self._view,
            "ExecuteBillQuery": self._query,
        }
        work = works.get(method)
        if not name.startswith("DynamicFormService.") or work is None or not isinstance(data, dict):
            raise Refused(errors.BAD_PARAMETER, "参数错误")
        form_id = data.get("FormId") if method == "ExecuteBillQuery" else given.get("formid")
        form = FORMS.get(str(form_id))
        if form is None:
            raise Refused(errors.NO_FORM, "业务对象标识不存在")
        return work(form, data)

    # -- who calls ---------------------------------------------------------------------------

    def _sign_in(self, method: str, given: dict[str, Any]) -> Response:
        values = given.get("parameters")
        if isinstance(values, str):
            values = json.loads(values)
        ways = {
            "LoginBySign": self._knows_sign,
            "LoginByAppSecret": self._knows_secret,
            "ValidateUser": lambda v: [str(x) for x in v[:3]] == [ACCT_ID, USER, PASSWORD],
        }
        if not isinstance(values, list):
            names = ("acctID", "username", "appId", "appSecret", "lcid")
            values = [given.get(name) for name in names]
        way = ways.get(method)
        if way is None or not way(values):
            self.counters.bad_signatures[SYSTEM] += 1
            refused = {
                "Message": "用户名或密码错误",
                "MessageCode": "CheckLoginError",
                "LoginResultType": 0,
                "Context": None,
                "KDSVCSessionId": None,
                "IsSuccessByAPI": False,
            }
            return Response(to_json(refused))
        return self._begin_session()

    @staticmethod
    def _knows_sign(values: list[Any]) -> bool:
        if len(values) < 5:
            return False
        acct, user, app, timestamp, sign = (str(value) for value in values[:5])
        return (acct, user, app) == (ACCT_ID, USER, APP_ID) and sign == login_sign(
            acct, user, app, APP_SECRET, timestamp
        )

    @staticmethod
    def _knows_secret(values: list[Any]) -> bool:
        return [str(value) for value in values[:4]] == [ACCT_ID, USER, APP_ID, APP_SECRET]

    def _begin_session(self) -> Response:
        place = len(self.made) + len(self.sessions) + 1
        session_id = f"9f0c6a1e-0000-4000-8000-{place:012d}"
        asp_id = f"oc{place:022d}"
        self.sessions[session_id] = Session(asp_id, self.clock.epoch())
        body = {
            "Message": None,
            "MessageCode": "CheckPasswordPolicy",
            "LoginResultType": 1,
            "Context": {"SessionId": session_id, "UserLocale": "zh-CN", "DBid": ACCT_ID},
            "KDSVCSessionId": session_id,
            "IsSuccessByAPI": True,
        }
        response = Response(to_json(body))
        # Two headers of one name: a name's case does not count.
        response.headers = {
            "Set-Cookie": f"kdservice-sessionid={session_id}; path=/",
            "set-cookie": f"ASP.NET_SessionId={asp_id}; path=/; HttpOnly",
        }
        return response

    def _check_caller(self, request: Request) -> None:
        if b"x-api-signature" in request.headers:
            self._check_signature(request)
            return
        cookies = _cookies(request)
        session = self.sessions.get(cookies.get("kdservice-sessionid", ""))
        lost = Refused(errors.SESSION_LOST, "会话信息已丢失，请重新登录")
        if session is None or cookies.get("ASP.NET_SessionId") != session.asp_id:
            raise lost
        session.calls += 1
        is_worn = self.calls_per_session and session.calls > self.calls_per_session
        if is_worn or self.clock.epoch() - session.last_seen > SESSION_SECONDS:
            del self.sessions[cookies["kdservice-sessionid"]]
            raise lost
        session.last_seen = self.clock.epoch()

    def _check_signature(self, request: Request) -> None:
        def header(name: str) -> str:
            return request.headers.get(name.encode(), b"").decode("latin-1")

        app_id, timestamp, nonce = (
            header("x-kd-appkey"),
            header("x-api-timestamp"),
            header("x-api-nonce"),
        )
        try:
            app_data = base64.b64decode(header("x-kd-appdata")).decode()
        except ValueError:
            app_data = ""
        is_known = (
            app_id == APP_ID
            and header("x-api-clientid") == APP_ID.partition("_")[0]
            and header("x-api-auth-version") == "2.0"
            and header("x-api-signheaders") == "x-api-timestamp,x-api-nonce"
            and app_data.split(",")[:2] == [ACCT_ID, USER]
        )
        if (
            not is_known
            or header("x-api-signature")
            != gateway_signature(APP_ID, request.path, timestamp, nonce)
            or header("x-kd-signature") != app_signature(APP_ID, APP_SECRET, app_data)
        ):
            self.counters.bad_signatures[SYSTEM] += 1
            raise Refused(errors.SESSION_LOST, "会话信息已丢失，请重新登录")

    # -- bills -------------------------------------------------------------------------------

    def _save(self, form: Form, data: dict[str, Any]) -> dict[str, Any]:
        model = data.get("Model")
        if not isinstance(model, dict):
            raise Refused(errors.MISSING, "Model不能为空", "Model")
        own_id = int(model.get("FID") or 0)
        bill = self._change(form, model, own_id, data) if own_id else self._make(form, model)
        if str(data.get("IsAutoSubmitAndAudit", "false")).lower() == "true":
            bill.status = "C"
        entity = {"Id": bill.id, "Number": bill.number, "DIndex": 0}
        returned = [{"FBillNo": bill.number}] if data.get("NeedReturnFields") else []
        return done([entity], Id=bill.id, Number=bill.number, NeedReturnData=returned)

    def _make(self, form: Form, model: dict[str, Any]) -> Bill:
        number = str(model.get("FBillNo") or f"{form.id[-4:]}{self.last_id + 1:08d}")
        if (form.id, number) in self.bills:
            raise Refused(errors.CHECK_FAILED, f"单据编号“{number}”已经存在,请重新录入!", "FBillNo")
        bill = Bill(form, 0, number, "", "")
        self._fill(bill, model, model.get(form.entries))
        bill.id = self._next_id()
        self.bills[form.id, number] = bill
        self.made[number] = self.made.get(number, 0) + 1
        return bill

    def _change(self, form: Form, model: dict[str, Any], own_id: int, data: dict[str, Any]) -> Bill:
        bill = next((b for b in self.bills.values() if b.form == form and b.id == own_id), None)
        if bill is None:
            raise Refused(errors.NOTHING, "传递的内码Id不存在", "FID")
        if bill.status not in "ZAD":
            raise Refused(errors.NOT_ALLOWED, "单据已提交或已审核，不允许修改")
        given = model.get(form.entries) or []
        if str(data.get("IsDeleteEntry", "true")).lower() == "true":
            # What the model leaves out is gone.
            entries = given
        else:
            known = {entry.get("FEntryID"): entry for entry in bill.entries}
            entries = [*known.values()]
            for entry in given:
                if entry.get("FEntryID") in known:
                    known[entry["FEntryID"]].update(entry)
                else:
                    entries.append(entry)
        self._fill(bill, model, entries)
        return bill

    def _fill(self, bill: Bill, model: dict[str, Any], entries: Any) -> None:
        form = bill.form
        day = str(model.get(form.date) or "")[:10]
        customer = number_under(model, form.customer)
        if len(day) != 10:
            raise Refused(errors.MISSING, "字段“日期”是必填项", form.date)
        if not customer or not self._knows(customer, self.customers):
            raise Refused(errors.MISSING, "字段“客户”是必填项", form.customer)
        if not isinstance(entries, list) or not entries:
            raise Refused(errors.MISSING, "分录不能为空", form.entries)
        for entry in entries:
            code = number_under(entry, form.material) if form.material else ""
            if form.material and (not code or not self._knows(code, self.materials)):
                raise Refused(errors.MISSING, "字段“物料编码”是必填项", form.material)
            amount_of(form, entry)
        bill.day, bill.customer = day, customer
        bill.entries = [dict(entry) for entry in entries]
        for place, entry in enumerate(bill.entries, start=1):
            entry.setdefault("FEntryID", 300000 + self.last_id * 100 + place)

    def _knows(self, code: str, base: set[str]) -> bool:
        return self.knows_any or code in base

    def _chosen(self, form: Form, data: dict[str, Any]) -> list[Bill]:
        numbers = [str(number) for number in data.get("Numbers") or []]
        ids = {part for part in str(data.get("Ids") or "").split(",") if part}
        if not numbers and not ids:
            raise Refused(errors.NO_ID, "没有需要操作的单据")
        own = [bill for bill in self.bills.values() if bill.form == form]
        found = [bill for bill in own if bill.number in numbers or str(bill.id) in ids]
        if len(found) < len(numbers) + len(ids):
            raise Refused(errors.NOTHING, "传递的编码值不存在")
        return found

    def _move(
        self, form: Form, data: dict[str, Any], of: str, to: str, wrong: str
    ) -> dict[str, Any]:
        bills = self._chosen(form, data)
        if any(bill.status not in of for bill in bills):
            raise Refused(errors.NOT_ALLOWED, wrong)
        for bill in bills:
            bill.status = to
        return done([{"Id": b.id, "Number": b.number, "DIndex": i} for i, b in enumerate(bills)])

    def _delete(self, form: Form, data: dict[str, Any]) -> dict[str, Any]:
        bills = self._chosen(form, data)
        if any(bill.status in "BC" for bill in bills):
            raise Refused(errors.NOT_ALLOWED, "单据已提交或已审核，不允许删除")
        for bill in bills:
            del self.bills[form.id, bill.number]
        return done([{"Id": b.id, "Number": b.number, "DIndex": i} for i, b in enumerate(bills)])

    def _view(self, form: Form, data: dict[str, Any]) -> dict[str, Any]:
        chosen = {"Numbers": [data["Number"]] if data.get("Number") else [], "Ids": data.get("Id")}
        bill = self._chosen(form, chosen)[0]
        # Property names, not field keys.
        shown = {
            "Id": bill.id,
            "BillNo": bill.number,
            "DocumentStatus": bill.status,
            "Date": f"{bill.day}T00:00:00",
            form.customer.removeprefix("F"): {"Number": bill.customer},
        }
        return {"Result": {"ResponseStatus": None, "Result": shown}}

    def _query(self, form: Form, data: dict[str, Any]) -> list[list[Any]]:
        return query([bill for bill in self.bills.values() if bill.form == form], data)

    def _next_id(self) -> int:
        self.last_id += 1
        return self.last_id


def _read(request: Request) -> dict[str, Any]:
    try:
        given = json.loads(request.body)
    except ValueError:
        given = None
    if request.method != "POST" or not isinstance(given, dict):
        raise Refused(errors.BAD_PARAMETER, "请求不是JSON")
    return given


def _cookies(request: Request) -> dict[str, str]:
    text = request.headers.get(b"cookie", b"").decode("latin-1")
    pairs = (part.strip().partition("=") for part in text.split(";"))
    return {name: value for name, _equals, value in pairs}


def _played(options: dict[str, Any]) -> Refused:
    return Refused(
        int(options.get("msg_code", errors.FAILED)), str(options.get("message", "未知异常"))
    )

"""One simulator process for all tests here, reset before each, and clients that speak to it."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from integrations.simulators.testing import Simulator, running_simulator

SAMPLES = Path(__file__).parents[1] / "samples"
APP_KEY = "33712345"
APP_SECRET = "b3f1c0d9e8a74655a1c2d3e4f5061728"
SESSION_1 = "6100a2b3c4d5e6f7081920a1b2c3d4e5f60718293a4b5c62200812345678"
SESSION_2 = "6100f0e1d2c3b4a5968778695a4b3c2d1e0f0a1b2c3d4e52200887654321"
LIST_FIELDS = (
    "tid,status,type,payment,post_fee,total_fee,discount_fee,adjust_fee,received_payment,created,"
    "pay_time,modified,consign_time,end_time,buyer_nick,buyer_open_uid,seller_flag,"
    "has_buyer_message,step_trade_status,shipping_type,orders"
)
DETAIL_FIELDS = (
    LIST_FIELDS + ",seller_memo,buyer_message,receiver_name,receiver_state,receiver_city,"
    "receiver_district,receiver_town,receiver_address,receiver_zip,receiver_mobile,"
    "receiver_phone,oaid,promotion_details"
)
SHANGHAI = timezone(timedelta(hours=8))


def sample(name: str) -> Any:
    """A recorded body."""
    return json.loads((SAMPLES / name).read_text("utf-8"))


def shop_time(**shift: float) -> str:
    """Now in Shanghai, moved by a timedelta's arguments, as the systems write it."""
    return (datetime.now(SHANGHAI) + timedelta(**shift)).strftime("%Y-%m-%d %H:%M:%S")


def top_signature(params: dict[str, str], secret: str, sign_method: str) -> str:
    """TOP's signature a third time, from the documentation, so that tests trust neither side."""
    text = "".join(f"{key}{params[key]}" for key in sorted(params) if key != "sign")
    if sign_method == "md5":
        return hashlib.md5(f"{secret}{text}{secret}".encode()).hexdigest().upper()
    digest = {"hmac": "md5", "hmac-sha256": "sha256"}[sign_method]
    return hmac.new(secret.encode(), text.encode(), digest).hexdigest().upper()


@dataclass
class Wire:
    """Plain HTTP to a base URL."""

    base_url: str

    def send(
        self, method: str, path: str, body: bytes | None = None, content_type: str = ""
    ) -> tuple[int, str, bytes]:
        """Status, content type and body of the answer."""
        connection = HTTPConnection(urlsplit(self.base_url).netloc, timeout=20)
        try:
            headers = {"Content-Type": content_type} if content_type else {}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type") or "", answer.read()
        finally:
            connection.close()

    def post_form(self, path: str, form: dict[str, str]) -> Any:
        """POST a form; the JSON of the answer."""
        content_type = "application/x-www-form-urlencoded;charset=utf-8"
        _, _, body = self.send("POST", path, urlencode(form).encode(), content_type)
        return json.loads(body)

    def post_json(self, path: str, value: Any) -> Any:
        """POST JSON; the JSON of the answer."""
        text = json.dumps(value, ensure_ascii=False).encode()
        _, _, body = self.send("POST", path, text, "application/json")
        return json.loads(body)


@dataclass
class TopClient(Wire):
    """Signs calls like an app of the platform does."""

    session: str = SESSION_1
    sign_method: str = "hmac-sha256"

    def form(self, method: str, **args: str) -> dict[str, str]:
        """A signed form; an argument given as empty text is left out."""
        params = {
            "method": method,
            "app_key": APP_KEY,
            "session": self.session,
            "timestamp": shop_time(),
            "v": "2.0",
            "format": "json",
            "sign_method": self.sign_method,
        } | args
        params = {name: value for name, value in params.items() if value != ""}
        params["sign"] = top_signature(params, APP_SECRET, self.sign_method)
        return params

    def call(self, method: str, **args: str) -> Any:
        """The whole answer of a call."""
        return self.post_form("/router/rest", self.form(method, **args))

    def ask(self, method: str, **args: str) -> Any:
        """What is inside the envelope of a good answer."""
        answer = self.call(method, **args)
        envelope = method.removeprefix("taobao.").replace(".", "_") + "_response"
        assert list(answer) == [envelope], answer
        return answer[envelope]

    def refusal(self, method: str, **args: str) -> Any:
        """The error of a call that has to be refused."""
        answer = self.call(method, **args)
        assert list(answer) == ["error_response"], answer
        return answer["error_response"]

    def page(self, page_no: int = 1, page_size: int = 100, **args: str) -> Any:
        """One page of the increment list over the last 23 hours, with a total."""
        window = {"start_modified": shop_time(hours=-23), "end_modified": shop_time()}
        return self.ask(
            "taobao.trades.sold.increment.get",
            **{"fields": LIST_FIELDS, "page_no": str(page_no), "page_size": str(page_size)}
            | window
            | args,
        )

    def tids(self, page_no: int = 1, page_size: int = 100, **args: str) -> list[int]:
        """The trade numbers of one page; an empty page has no list at all."""
        rows = self.page(page_no, page_size, **args).get("trades", {"trade": []})["trade"]
        return [row["tid"] for row in rows]

    def detail(self, tid: int | str, **args: str) -> Any:
        """One trade with everything a caller may ask for."""
        defaults = {"fields": DETAIL_FIELDS, "include_oaid": "include_oaid"}
        answer = self.ask("taobao.trade.fullinfo.get", tid=str(tid), **defaults | args)
        return answer["trade"]


@pytest.fixture(scope="session")
def _process() -> Iterator[Simulator]:
    with running_simulator(push_retry=0.2) as simulator:
        yield simulator


@pytest.fixture
def simulator(_process: Simulator) -> Simulator:
    """The running simulators, as just started."""
    _process.post("clock")
    _process.reset()
    return _process


@pytest.fixture
def wire(simulator: Simulator) -> Wire:
    """Plain HTTP to the simulators."""
    return Wire(simulator.base_url)


@pytest.fixture
def top(simulator: Simulator) -> TopClient:
    """An app that may see the first shop."""
    return TopClient(simulator.base_url)


@pytest.fixture
def other_shop(simulator: Simulator) -> TopClient:
    """The same app with the session of the second shop."""
    return TopClient(simulator.base_url, session=SESSION_2)


@dataclass
class Subscriber:
    """A callback address: what arrived, and what it answers."""

    url: str = ""
    forms: list[dict[str, str]] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, count: int) -> list[dict[str, str]]:
        """The forms once at least ``count`` have come."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.forms) >= count, timeout=10), self.forms
            return list(self.forms)


ACKNOWLEDGED = '{"result":true,"returnCode":"200","message":"成功"}'.encode()


@contextmanager
def listening() -> Iterator[Subscriber]:
    """A real HTTP server that plays the subscriber; acknowledges unless told otherwise."""
    subscriber = Subscriber()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
            with subscriber.arrived:
                subscriber.forms.append(dict(parse_qsl(raw)))
                answer = subscriber.answers.pop(0) if subscriber.answers else ACKNOWLEDGED
                subscriber.arrived.notify_all()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    subscriber.url = f"http://127.0.0.1:{server.server_port}/hooks/kuaidi100/x1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield subscriber
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    """Somebody who subscribed to pushes."""
    with listening() as found:
        yield found

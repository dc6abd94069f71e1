"""The one address of TOP: checks what every call must carry, then hands it to its method.

The order of checks is the gateway's: format, app, time, version, signature, method, session,
limits. A wrong signature therefore hides everything behind it.
"""

from collections.abc import Callable
from hmac import compare_digest

from ..clock import parse_time
from ..faults import Fault, with_transport_faults
from ..wire import FORM_TYPE, XML_TYPE, Request, Response, parse_form, to_json
from . import errors, logistics, privacy, refunds, stock, trades
from .errors import TopError
from .platform import REFUSALS, SYSTEM, Call, Members, Platform
from .signing import SIGN_METHODS, signature
from .tokens import token_refresh

CLOCK_SKEW_SECONDS = 600
ROUTER_PATH = "/router/rest"
TOKEN_REFRESH = "taobao.top.auth.token.refresh"
METHODS: dict[str, Callable[[Call], Members]] = {
    "taobao.trades.sold.increment.get": trades.sold_increment_get,
    "taobao.trade.fullinfo.get": trades.fullinfo_get,
    "taobao.top.oaid.decrypt": privacy.oaid_decrypt,
    "taobao.logistics.offline.send": logistics.offline_send,
    "taobao.logistics.companies.get": logistics.companies_get,
    "taobao.refunds.receive.get": refunds.receive_get,
    "taobao.skus.quantity.update": stock.skus_quantity_update,
}
_ENVELOPES = {
    name: name.removeprefix("taobao.").replace(".", "_").encode() + b"_response"
    for name in (*METHODS, TOKEN_REFRESH)
}


class Gateway:
    """Answers ``POST /router/rest``."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._calls = 0

    def handle(self, request: Request) -> Response:
        """One call, from its wire bytes to its envelope."""
        self._calls += 1
        request_id = f"15qx{self._calls:08x}"
        try:
            pairs, params = _read_params(request)
        except TopError as error:
            self.platform.counters.call(SYSTEM, "?")
            return self._refuse(error, request_id)
        method = params.get("method", "")
        known = method if method in _ENVELOPES else "?"
        self.platform.counters.call(SYSTEM, known)
        if params.get("format") != "json":
            return self._refuse_in_xml(request_id)
        return with_transport_faults(
            self.platform.faults,
            SYSTEM,
            method,
            lambda: self._answer(method, pairs, params, request_id),
        )

    def _answer(
        self, method: str, pairs: list[tuple[bytes, bytes]], params: dict[str, str], request_id: str
    ) -> Response:
        try:
            self._check_caller(pairs, params)
            if not method:
                raise TopError(21, "Missing Method")
            if method not in _ENVELOPES:
                raise TopError(22, "Invalid Method")
            members = self._work(method, params)
        except TopError as error:
            return self._refuse(error, request_id)
        inside = members if isinstance(members, bytes) else to_json(members)[1:-1]
        return Response(
            b'{"%b":{%b,"request_id":"%b"}}' % (_ENVELOPES[method], inside, request_id.encode())
        )

    def _work(self, method: str, params: dict[str, str]) -> Members:
        if method == TOKEN_REFRESH:
            return token_refresh(self.platform, params["app_key"], params)
        session = params.get("session", "")
        if not session:
            raise TopError(26, "Missing Session")
        seller = self.platform.accounts.seller_of(session, params["app_key"])
        if seller is None:
            raise errors.invalid_session()
        self.platform.limits.spend_call(self.platform.clock)
        call = Call(self.platform, method, params, seller, self.platform.store.shop(seller.key))
        faults = self.platform.faults
        if faults and (fault := faults.take(SYSTEM, method, REFUSALS)) is not None:
            if fault.options.get("done"):
                METHODS[method](call)
            raise told_refusal(fault)
        return METHODS[method](call)

    def _check_caller(self, pairs: list[tuple[bytes, bytes]], params: dict[str, str]) -> None:
        if not params.get("app_key"):
            raise TopError(28, "Missing App Key")
        app = self.platform.accounts.apps.get(params["app_key"])
        if app is None:
            raise TopError(29, "Invalid App Key")
        self._check_timestamp(params.get("timestamp", ""))
        if "v" not in params:
            raise TopError(32, "Missing Version")
        if params["v"] != "2.0":
            raise TopError(33, "Invalid Version")
        if not params.get("sign"):
            raise TopError(24, "Missing Signature")
        sign_method = params.get("sign_method", "")
        if sign_method in SIGN_METHODS:
            expected = signature(pairs, app.secret.encode(), sign_method)
            if compare_digest(expected.encode(), params["sign"].encode()):
                return
        self.platform.counters.bad_signatures[SYSTEM] += 1
        raise TopError(25, "Invalid signature")

    def _check_timestamp(self, text: str) -> None:
        if not text:
            raise TopError(30, "Missing Timestamp")
        try:
            off = abs(parse_time(text) - self.platform.clock.epoch())
        except ValueError:
            off = CLOCK_SKEW_SECONDS + 1.0
        if off > CLOCK_SKEW_SECONDS:
            raise TopError(31, "Invalid timestamp")

    def _refuse(self, error: TopError, request_id: str) -> Response:
        self.platform.counters.refusal(SYSTEM, error.sub_code or str(error.code))
        return Response(to_json(error.body(request_id)))

    def _refuse_in_xml(self, request_id: str) -> Response:
        """Whoever does not say ``format=json`` gets XML, as the real gateway's default is."""
        self.platform.counters.refusal(SYSTEM, "23")
        text = (
            '<?xml version="1.0" encoding="utf-8" ?><error_response><code>23</code>'
            f"<msg>Invalid Format</msg><request_id>{request_id}</request_id></error_response>"
        )
        return Response(text.encode(), content_type=XML_TYPE)


def told_refusal(fault: Fault) -> TopError:
    """The error a fault asks for. With the option ``done`` the work was done all the same."""
    options = fault.options
    if fault.kind == "limited":
        return errors.call_limited(int(options.get("seconds", 1)))
    if fault.kind == "daily_quota":
        return errors.daily_quota(int(options.get("seconds", 31062)))
    if fault.kind == "isp":
        return errors.remote_timeout()
    if fault.kind == "try_later":
        return errors.shipping("B150")
    return TopError(
        int(options.get("code", 15)),
        str(options.get("msg", "Remote service error")),
        str(options.get("sub_code", "")),
        str(options.get("sub_msg", "")),
    )


def _read_params(request: Request) -> tuple[list[tuple[bytes, bytes]], dict[str, str]]:
    """All parameters as bytes for signing and as text for the rules.

    TOP reads the query string and the form alike. A repeated name is refused: which of the two
    was signed could not be told.
    """
    if request.method != "POST" or request.media_type != FORM_TYPE:
        raise errors.method_not_allowed()
    pairs = parse_form(request.body)
    if request.query:
        pairs += parse_form(request.query)
    try:
        params = {key.decode(): value.decode() for key, value in pairs}
    except UnicodeDecodeError:
        raise TopError(43, "Parameter error") from None
    if len(params) != len(pairs):
        raise TopError(43, "Parameter error")
    if params.get("simplify", "false") != "false":
        raise errors.invalid_argument("simplify")
    return pairs, params

"""One set of books at Kingdee: signed calls, sessions where the server has no gateway."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.utils.translation import gettext_lazy as _

from integrations.calling import no_answer, open_client
from integrations.channels.base import Answer, Verdict
from integrations.erp.base import Bill, Document, DocumentKind, ErpAdapter, ErpTrouble, Found
from integrations.erp.kingdee.answers import classify, read
from integrations.erp.kingdee.bills import Settings, bill_of, keys_of, model_of, quoted
from integrations.erp.kingdee.signing import BadAppId, client_secret, login_sign, signed_headers
from ordercenter.core import moments
from ordercenter.core.errors import BadInput

SERVICE = "Kingdee.BOS.WebApi.ServicesStub.{name}.common.kdsvc"
PAGE_ROWS = 2000
LCID = "2052"
SIGNED, SESSION = "signed", "session"


class Kingdee(ErpAdapter):
    """Kingdee Cloud Galaxy. Base URL with `/k3cloud`.

    Credentials: acct_id, user, app_id, app_secret; org_number (100), lcid (2052), and `sign_in`:
    `signed` (headers on each call, the default) or `session` (LoginBySign and cookies).
    """

    key = "kingdee"
    label = _("Kingdee Cloud Galaxy")
    default_base_url = "https://api.kingdee.com/galaxyapi"
    needs = ("acct_id", "user", "app_id", "app_secret")

    def check(self) -> None:
        super().check()
        Settings.over_defaults(self.options)
        if self._sign_in not in (SIGNED, SESSION):
            raise BadInput(
                _("sign_in is “signed” or “session”."), fields={"credentials": ["sign_in"]}
            )
        if self._sign_in == SIGNED:
            try:
                client_secret(self.credential("app_id"))
            except BadAppId as error:
                raise BadInput(
                    _("The app id is not complete: copy it with the part behind “_”."),
                    fields={"credentials": ["app_id"]},
                ) from error

    # -- documents ---------------------------------------------------------------------------

    def save(self, document: Document) -> Verdict:
        data = {
            "NeedUpDateFields": [],
            "NeedReturnFields": ["FBillNo"],
            "IsDeleteEntry": "true",
            "IsVerifyBaseDataField": "true",
            # One step after the other: a failed audit must not hide behind a saved bill.
            "IsAutoSubmitAndAudit": "false",
            "ValidateRepeatJson": "true",
            "Model": model_of(document, self._settings, self._org),
        }
        return self._change("Save", document, data)

    def submit(self, document: Document) -> Verdict:
        return self._change("Submit", document, {"Numbers": [document.number], "Ids": ""})

    def book(self, document: Document) -> Verdict:
        return self._change("Audit", document, {"Numbers": [document.number], "Ids": ""})

    def find(self, kind: DocumentKind, number: str) -> Found:
        verdict, rows = self._query(kind, f"FBillNo = {quoted(number)}", 0)
        if verdict.answer is not Answer.OK or not rows:
            return Found(verdict)
        try:
            return Found(verdict, bill_of(kind, rows[0]))
        except ErpTrouble as trouble:
            return Found(trouble.verdict)

    def bills_of(self, kind: DocumentKind, day: date) -> Iterator[Bill]:
        key = self._settings.form(kind)["date"]
        wanted = f"{key} >= '{day}' and {key} < '{day + timedelta(days=1)}'"
        start = 0
        while True:
            verdict, rows = self._query(kind, wanted, start)
            if verdict.answer is not Answer.OK:
                raise ErpTrouble(verdict)
            for row in rows:
                yield bill_of(kind, row)
            if len(rows) < PAGE_ROWS:
                return
            start += len(rows)

    def close(self) -> None:
        if "_client" in self.__dict__:
            self._client.close()

    def _change(self, method: str, document: Document, data: dict[str, Any]) -> Verdict:
        form = self._settings.form(document.kind)["form"]
        verdict, _body = self._call(f"DynamicFormService.{method}", {"formid": form, "data": data})
        return verdict

    def _query(self, kind: DocumentKind, wanted: str, start: int) -> tuple[Verdict, list[Any]]:
        form = self._settings.form(kind)
        data = {
            "FormId": form["form"],
            "FieldKeys": keys_of(form),
            "FilterString": wanted,
            "OrderString": "FID ASC",
            # An absolute end row, which would cut pages off.
            "TopRowCount": 0,
            "StartRow": start,
            "Limit": PAGE_ROWS,
        }
        verdict, body = self._call("DynamicFormService.ExecuteBillQuery", {"data": data})
        if verdict.answer is Answer.OK and not isinstance(body, list):
            return Verdict(Answer.UNKNOWN_OUTCOME, code="no_rows"), []
        return verdict, body if isinstance(body, list) else []

    # -- calls -------------------------------------------------------------------------------

    def _call(self, name: str, content: dict[str, Any]) -> tuple[Verdict, Any]:
        """One call. A session that was lost is begun anew once: lost, it had not been carried out.

        With signed headers the same answer means wrong credentials, and nothing is repeated.
        """
        try:
            if self._sign_in == SESSION and not self._client.cookies:
                verdict = self._log_in()
                if verdict.answer is not Answer.OK:
                    return verdict, None
            verdict, body = self._send(name, content)
            if self._sign_in == SESSION and verdict.answer is Answer.AUTH:
                again = self._log_in()
                if again.answer is not Answer.OK:
                    return again, None
                verdict, body = self._send(name, content)
            return verdict, body
        except httpx.HTTPError as error:
            return no_answer(error), None

    def _send(self, name: str, content: dict[str, Any]) -> tuple[Verdict, Any]:
        address = f"{self.base_url}/{SERVICE.format(name=name)}"
        # Serialised once: what is judged there is what was written here.
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json"}
        if self._sign_in == SIGNED:
            headers |= self._signed(urlsplit(address).path)
        response = self._client.post(address, content=text, headers=headers)
        body = read(response)
        return classify(response, body), body

    def _signed(self, path: str) -> dict[str, str]:
        app_data = ",".join(
            [
                self.credential("acct_id"),
                self.credential("user"),
                str(self.credentials.get("lcid", LCID)),
                self._org,
            ]
        )
        return signed_headers(
            path,
            app_id=self.credential("app_id"),
            secret=self.credential("app_secret"),
            app_data=app_data,
            timestamp=str(int(moments.now().timestamp())),
            nonce=str(secrets.randbelow(10**10)),
        )

    def _log_in(self) -> Verdict:
        """Both cookies are kept by the client afterwards, when the verdict is ok."""
        self._client.cookies.clear()
        timestamp = str(int(moments.now().timestamp()))
        acct_id, user, app_id = (self.credential(name) for name in ("acct_id", "user", "app_id"))
        sign = login_sign(acct_id, user, app_id, self.credential("app_secret"), timestamp)
        given = [acct_id, user, app_id, timestamp, sign, int(self.credentials.get("lcid", LCID))]
        address = f"{self.base_url}/{SERVICE.format(name='AuthService.LoginBySign')}"
        response = self._client.post(address, json={"parameters": given})
        body = read(response)
        told = body if isinstance(body, dict) else {}
        if told.get("LoginResultType") == 1:
            return Verdict(Answer.OK)
        if "LoginResultType" not in told:
            # Nothing was asked of the books yet.
            return Verdict(Answer.RETRY_LATER, code=f"login_http_{response.status_code}")
        text = str(told.get("Message") or "")[:300]
        return Verdict(Answer.AUTH, code=f"login_{told['LoginResultType']}", text=text)

    # -- settings ----------------------------------------------------------------------------

    @cached_property
    def _client(self) -> httpx.Client:
        return open_client(self.base_url)

    @cached_property
    def _settings(self) -> Settings:
        return Settings.over_defaults(self.options)

    @property
    def _org(self) -> str:
        return str(self.credentials.get("org_number") or "100")

    @property
    def _sign_in(self) -> str:
        return str(self.credentials.get("sign_in") or SIGNED)

"""Kuaidi100's calls. Every answer has HTTP 200; returnCode is the truth (execution.md 5)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx

from integrations.calling import no_answer, open_client, read_object
from integrations.channels.base import Answer, Verdict
from integrations.tracking.kuaidi100.signing import query_sign

SUBSCRIBE = "/poll"
QUERY = "/poll/query.do"
# Fine codes and areas.
RESULT_VERSION = "4"

SUBSCRIBED = {
    "200": Answer.OK,
    # Subscribed before, by us: token and salt are stored before the first call.
    "501": Answer.DUPLICATE,
    "500": Answer.RETRY_LATER,
    "502": Answer.RETRY_LATER,
    "600": Answer.AUTH,
    "601": Answer.AUTH,
}
NOTHING_YET = "500"
TOO_OFTEN = "504"
ASKED = {
    "200": Answer.OK,
    NOTHING_YET: Answer.RETRY_LATER,
    "501": Answer.RETRY_LATER,
    "502": Answer.RETRY_LATER,
    "503": Answer.AUTH,
    TOO_OFTEN: Answer.RETRY_LATER,
    "601": Answer.AUTH,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A query's verdict, with the body byte for byte where it holds a trace."""

    verdict: Verdict
    body: bytes = b""


class Kuaidi100:
    """Speaks to one account. Each method makes exactly one call and never raises for an answer."""

    def __init__(self, base_url: str, *, key: str, customer: str) -> None:
        self.base_url = base_url
        self._key = key
        self._customer = customer

    def subscribe(
        self, company: str, number: str, *, callback_url: str, salt: str, phone: str = ""
    ) -> Verdict:
        """Ask for pushes about a parcel until its road ends."""
        parameters = {
            "callbackurl": callback_url,
            "salt": salt,
            "resultv2": RESULT_VERSION,
            "autoCom": "1",
        }
        if phone:
            parameters["phone"] = phone
        param = _json(
            {"company": company, "number": number, "key": self._key, "parameters": parameters}
        )
        try:
            response = self._post(SUBSCRIBE, {"schema": "json", "param": param})
        except httpx.HTTPError as error:
            return no_answer(error)
        return _judge(response, read_object(response), "returnCode", SUBSCRIBED)

    def query(self, company: str, number: str, *, phone: str = "") -> Asked:
        """Ask where a parcel is. The caller keeps the thirty minutes between two of a number."""
        param = _json(
            {
                "com": company,
                "num": number,
                "phone": phone,
                "from": "",
                "to": "",
                "resultv2": RESULT_VERSION,
                "show": "0",
                "order": "desc",
            }
        )
        sign = query_sign(param, key=self._key, customer=self._customer)
        form = {"customer": self._customer, "sign": sign, "param": param}
        try:
            response = self._post(QUERY, form)
        except httpx.HTTPError as error:
            return Asked(no_answer(error))
        body = read_object(response)
        # A trace says status 200 and has no returnCode.
        name = "returnCode" if body and "returnCode" in body else "status"
        return Asked(_judge(response, body, name, ASKED), response.content)

    def _post(self, path: str, form: dict[str, str]) -> httpx.Response:
        with open_client(self.base_url) as client:
            return client.post(path, data=form)


def _json(value: dict[str, Any]) -> str:
    """The text that is signed is the text that is sent."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _judge(
    response: httpx.Response, body: dict[str, Any] | None, name: str, known: dict[str, Answer]
) -> Verdict:
    """What the answer means; a body that is no answer of Kuaidi100 leaves everything open."""
    if body is None or name not in body:
        return Verdict(Answer.UNKNOWN_OUTCOME, code=f"http_{response.status_code}")
    code = str(body[name])
    return Verdict(
        known.get(code, Answer.REFUSED), code=code, text=str(body.get("message", ""))[:200]
    )

"""What TOP's answers mean (channels.md 1, "Errors" and "Ship")."""

from __future__ import annotations

import re
from typing import Any

from integrations.channels.base import Answer, Care, Verdict

OK = Verdict(Answer.OK)

_BAN = re.compile(r"ban will last for (\d+) more second")
_SHIPPING = "-service-error:"
# The same letters follow …offline, …online and …dummy.
_SHIPPED_ALREADY = {"B04"}
_TRY_LATER = {"B150", "S01"}
_SERVICE_FAILURE = {10, 52, 520}
_SESSION = {26, 27}
_LIMITED = 7
_REMOTE = 15
# Without a stated time a limit is waited out this long.
_WAIT_SECONDS = 60.0


def classify(answer: Any) -> Verdict:
    """The verdict on a parsed answer: `OK` for anything but an `error_response`."""
    error = answer.get("error_response") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return OK
    code = _number(error.get("code"))
    sub_code = str(error.get("sub_code") or "")
    text = str(error.get("sub_msg") or error.get("msg") or "")
    name = sub_code or f"{error.get('code')}"
    if code == _LIMITED:
        ban = _BAN.search(text)
        wait = float(ban[1]) if ban else _WAIT_SECONDS
        return Verdict(Answer.RETRY_LATER, Care.WAIT, name, text, wait)
    if code in _SESSION:
        return Verdict(Answer.AUTH, Care.REAUTH, name, text)
    if code in _SERVICE_FAILURE:
        return Verdict(Answer.RETRY_LATER, Care.RETRY, name, text)
    if code == _REMOTE or sub_code:
        return _classify_remote(name, text)
    return Verdict(Answer.REFUSED, Care.STOP, name, text)


def _number(code: Any) -> int | None:
    """The gateway's code; clients have seen it as text, too."""
    text = str(code)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _classify_remote(name: str, text: str) -> Verdict:
    """Answers of the service behind the gateway; the unknown ones go to a person."""
    if name.startswith("isp."):
        # The service was asked and did not answer in time: it may have done its work.
        return Verdict(Answer.UNKNOWN_OUTCOME, Care.RETRY, name, text)
    if _SHIPPING in name:
        letters = name.rpartition(":")[2]
        if letters in _SHIPPED_ALREADY:
            return Verdict(Answer.DUPLICATE, Care.DONE, name, text)
        if letters in _TRY_LATER:
            return Verdict(Answer.RETRY_LATER, Care.RETRY, name, text)
    return Verdict(Answer.REFUSED, Care.PERSON, name, text)


def inside(answer: Any, envelope: str) -> dict[str, Any] | None:
    """What is in the envelope of a good answer, None when it is not there."""
    members = answer.get(envelope) if isinstance(answer, dict) else None
    return members if isinstance(members, dict) else None

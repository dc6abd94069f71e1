"""The WeCom group robot (execution.md 10). Every answer has HTTP 200; errcode is the truth.

The key is the robot's whole secret: it travels in the query and is never logged or stored here.
"""

from __future__ import annotations

import httpx

from integrations.calling import no_answer, open_client, read_object
from integrations.channels.base import Answer, Verdict

SEND = "/cgi-bin/webhook/send"
MARKDOWN_BYTES = 4096
CALLS_PER_MINUTE = 20

OK = 0
BUSY = -1
TOO_OFTEN = 45009
BAD_KEY = 93000
TOO_OFTEN_WAIT = 60.0


def send_markdown(base_url: str, key: str, content: str) -> Verdict:
    """Say something with markdown in the robot's group; exactly one call, at most 4096 bytes."""
    if not 0 < len(content.encode()) <= MARKDOWN_BYTES:
        raise ValueError(f"a message has 1 to {MARKDOWN_BYTES} bytes")
    body = {"msgtype": "markdown", "markdown": {"content": content}}
    try:
        with open_client(base_url) as client:
            return classify(client.post(SEND, params={"key": key}, json=body))
    except httpx.HTTPError as error:
        return no_answer(error)


def classify(response: httpx.Response) -> Verdict:
    """What the answer means. Without an errcode it came from something that is not WeCom."""
    body = read_object(response)
    code = body.get("errcode") if body else None
    if body is None or not isinstance(code, int) or isinstance(code, bool):
        return Verdict(Answer.RETRY_LATER, code=f"http_{response.status_code}")
    text = str(body.get("errmsg", ""))[:200]
    if code == OK:
        return Verdict(Answer.OK, code="0")
    if code == TOO_OFTEN:
        return Verdict(Answer.RETRY_LATER, code=str(code), text=text, wait=TOO_OFTEN_WAIT)
    if code == BUSY:
        return Verdict(Answer.RETRY_LATER, code=str(code), text=text)
    if code == BAD_KEY:
        return Verdict(Answer.AUTH, code=str(code), text=text)
    return Verdict(Answer.REFUSED, code=str(code), text=text)

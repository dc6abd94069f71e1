"""What systems send on their own: posted by threads, repeated until it is acknowledged."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from .clock import Clock

ATTEMPTS = 4
# Receivers are on this machine or beside it: a proxy of the environment is never in between.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))

# The headers and the body of one sending; made anew for each, because they carry the time.
Letter = tuple[dict[str, str], bytes]


@dataclass(slots=True)
class Sent:
    """One notice and what became of it."""

    number: str
    url: str
    kind: str
    write: Callable[[], Letter] = field(repr=False)
    is_taken: Callable[[int, str], bool] = field(repr=False)
    attempts: int = 0
    acknowledged: bool = False
    given_up: bool = False
    answers: list[str] = field(default_factory=list)
    first_at: str = ""
    done: "asyncio.Future[None] | None" = field(default=None, repr=False)

    def describe(self) -> dict[str, Any]:
        """For the control interface."""
        return {
            "number": self.number,
            "url": self.url,
            "kind": self.kind,
            "attempts": self.attempts,
            "acknowledged": self.acknowledged,
            "given_up": self.given_up,
            "answers": self.answers,
            "first_at": self.first_at,
        }


class Notifier:
    """Sends in worker threads; all state stays with the event loop."""

    def __init__(
        self,
        name: str,
        clock: Clock,
        *,
        retry_seconds: float,
        timeout_seconds: float = 5,
        threads: int = 2,
    ) -> None:
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=f"{name}-notice")
        self._tasks: set[asyncio.Task[None]] = set()
        self.retry_seconds = retry_seconds
        self.sent: list[Sent] = []

    def send(
        self,
        number: str,
        url: str,
        write: Callable[[], Letter],
        is_taken: Callable[[int, str], bool],
        *,
        kind: str = "normal",
        repeats: bool = True,
    ) -> Sent:
        """Start a notice; unless it is an attacker's, it is repeated by itself."""
        notice = Sent(number, url, kind, write, is_taken)
        notice.first_at = self._clock.text()
        notice.done = asyncio.get_running_loop().create_future()
        self.sent.append(notice)
        task = asyncio.get_running_loop().create_task(self._deliver(notice, repeats))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return notice

    def close(self) -> None:
        """Drop what is still to be repeated."""
        for task in self._tasks:
            task.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def forget(self) -> None:
        """Stop repeating and empty the log."""
        for task in self._tasks:
            task.cancel()
        self.sent.clear()

    async def _deliver(self, notice: Sent, repeats: bool) -> None:
        loop = asyncio.get_running_loop()
        while True:
            notice.attempts += 1
            headers, body = notice.write()
            status, text = await loop.run_in_executor(
                self._threads, post, notice.url, headers, body, self._timeout_seconds
            )
            notice.answers.append(f"{status or ''} {text[:200]}".strip())
            notice.acknowledged = notice.is_taken(status, text)
            if notice.done is not None and not notice.done.done():
                notice.done.set_result(None)
            if notice.acknowledged or not repeats:
                return
            if notice.attempts >= ATTEMPTS:
                notice.given_up = True
                return
            await asyncio.sleep(self.retry_seconds)


def post(url: str, headers: dict[str, str], body: bytes, timeout_seconds: float) -> tuple[int, str]:
    """POST the bytes; status and text of the answer, status 0 when there was none."""
    request = urllib.request.Request(url, body, headers)
    try:
        with _DIRECT.open(request, timeout=timeout_seconds) as answer:
            return answer.status, answer.read(65536).decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read(2000).decode(errors="replace")
    except (OSError, ValueError) as error:
        return 0, f"unreachable: {error}"


async def tried(notices: Iterable[Sent]) -> None:
    """Wait until each of the notices was sent once."""
    for notice in notices:
        if notice.done is not None:
            await notice.done


async def first_answers(notices: list[Sent]) -> dict[str, Any]:
    """The notices after each was tried once, for the control interface."""
    await tried(notices)
    return {"notices": [notice.describe() for notice in notices]}

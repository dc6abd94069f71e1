"""The thread that sends to partners, beside the lanes of the relay.

One thread works with the database; each call to a partner has a thread of its own that knows no
database. An endpoint has few calls under way at a time, one while it is in trouble, so a slow or
dead partner takes no other's turn.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter

import structlog

from integrations.partners import wording
from integrations.partners.fan_out import WAKES
from integrations.partners.sending import PAUSE_AFTER, Letter, claim, due_endpoints, settle
from integrations.partners.wire import Outcome, post
from ordercenter.core.outbox import beside_relay
from ordercenter.core.waiting import Listener, through_restarts

log = structlog.get_logger(__name__)

MOST_CALLS = 48
MOST_CALLS_EACH = 4
LOOK_SECONDS = 2.0
BUSY_LOOK_SECONDS = 0.2
LAST_WORDS_SECONDS = 8.0


class Sender:
    """Calls under way, counted for each endpoint."""

    def __init__(self) -> None:
        self._answers: queue.SimpleQueue[tuple[Letter, Outcome]] = queue.SimpleQueue()
        self.under_way: Counter[int] = Counter()

    def start_calls(self) -> int:
        """Start what can be sent now; how many calls."""
        started = 0
        # Who has least under way comes first.
        due = sorted(due_endpoints().items(), key=lambda item: self.under_way[item[0]])
        for endpoint_id, failures in due:
            room = self._room(endpoint_id, failures)
            for letter in claim(endpoint_id, room) if room > 0 else ():
                self._start(letter)
                started += 1
        return started

    def settle_answers(self, seconds: float) -> int:
        """Wait so long for an answer and write down all that have come; how many."""
        settled = 0
        while True:
            try:
                letter, outcome = self._answers.get(timeout=0.0 if settled else seconds)
            except queue.Empty:
                return settled
            self.under_way[letter.endpoint_id] -= 1
            settle(letter, outcome)
            settled += 1

    def send_all(self) -> int:
        """Send until nothing can be sent now; how many calls were made."""
        calls = 0
        while (started := self.start_calls()) or self.calls:
            calls += started
            self.settle_answers(BUSY_LOOK_SECONDS)
        return calls

    @property
    def calls(self) -> int:
        """How many calls are under way."""
        return self.under_way.total()

    def _room(self, endpoint_id: int, failures: int) -> int:
        own = 1 if failures >= PAUSE_AFTER else MOST_CALLS_EACH
        # The last places are for endpoints that have none.
        if self.calls > MOST_CALLS // 2:
            own = 1
        return min(own - self.under_way[endpoint_id], MOST_CALLS - self.calls)

    def _start(self, letter: Letter) -> None:
        self.under_way[letter.endpoint_id] += 1
        threading.Thread(target=self._call, args=(letter,), daemon=True).start()

    def _call(self, letter: Letter) -> None:
        try:
            outcome = post(letter.url, letter.headers, letter.body)
        except Exception:
            # A fault of ours must not leave the call counted for ever.
            log.exception("webhook_call_broke", delivery=letter.delivery_id)
            outcome = Outcome(error=wording.OUR_FAULT)
        self._answers.put((letter, outcome))


@beside_relay
def send_to_partners(stop: threading.Event) -> None:
    """Send until `stop` is set; survives a database restart."""
    sender = Sender()
    through_restarts(lambda: _send_until_trouble(sender, stop), stop, who="sender")
    while sender.calls and sender.settle_answers(LAST_WORDS_SECONDS):
        pass


def _send_until_trouble(sender: Sender, stop: threading.Event) -> None:
    listener = Listener(WAKES)
    while not stop.is_set():
        listener.listen()
        started = sender.start_calls()
        if sender.calls:
            sender.settle_answers(BUSY_LOOK_SECONDS)
        elif not started:
            listener.wait(LOOK_SECONDS)

"""Fetching what changed at a channel, without gaps and without doing it twice (A1).

A run goes through windows of modified time. In each it lists what changed, fetches the details
of what is not stored yet, stores them, and only then moves the cursor. Reading the stored
messages goes on beside it. A run may die at any moment: the next one finds the cursor where the
last complete window ended, skips what is stored, and reads what waits to be read.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from integrations.channels.base import (
    Answer,
    Care,
    ChannelAdapter,
    ChannelTrouble,
    Listed,
    Message,
    TooManyRows,
    UnreadableAnswer,
    Verdict,
    Window,
    sha256,
)
from integrations.channels.registry import CHANNELS, open_adapter
from integrations.intake import raw_store
from integrations.intake.accounts import AccountBusy, account_lock, pause_account
from integrations.intake.processing import BATCH, Reader, process
from integrations.intake.versions import reader_of
from integrations.models import ChannelAccount, Problem
from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, NotFound

log = structlog.get_logger(__name__)

PULLER = Actor.system("channel:pull")
# How far a shop that was never pulled is looked back at.
FIRST_LOOK = timedelta(days=1)
_CHUNK = BATCH
# So many unreadable list answers are one order's fault no more but the channel's.
_MOST_UNREADABLE = 40
# The shortest time a channel that asked to wait is left alone, in minutes of the next attempt.
_AFTER_TROUBLE = timedelta(minutes=1)

Watch = Callable[[dict[str, object]], None]


def pull_due_accounts(seconds: float = 600.0) -> int:
    """Pull every shop whose time has come, one after the other; the number of shops pulled.

    Safe to run in several workers at once: each shop's turn is taken by a conditional update.
    Trouble of one shop is written on its account and does not keep the others waiting.
    """
    deadline = time.monotonic() + seconds
    done = 0
    while time.monotonic() < deadline and (account_id := _take_turn()) is not None:
        done += 1
        try:
            pull_account(account_id, seconds=deadline - time.monotonic())
        except AccountBusy:
            log.info("account_busy", account=account_id)
        except ChannelTrouble as trouble:
            log.warning("pull_failed", account=account_id, error=str(trouble))
        except Exception:
            # It is written on the account by now; the next shop is not to suffer.
            log.exception("pull_failed", account=account_id)
    return done


@transaction.atomic
def _take_turn() -> int | None:
    """A shop whose time has come; its next turn is put off, so nobody else takes this one."""
    account = (
        ChannelAccount.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(Q(next_pull_at__isnull=True) | Q(next_pull_at__lte=moments.now()))
        .filter(is_paused=False, shop__is_active=True)
        .order_by("next_pull_at", "pk")
        .first()
    )
    if account is None:
        return None
    _note(account, next_pull_at=_next_turn(account))
    return account.pk


def _next_turn(account: ChannelAccount) -> datetime:
    return moments.now() + timedelta(minutes=account.interval_minutes)


def _note(account: ChannelAccount, **columns: object) -> None:
    """Write what machines touch, outside the version that people see."""
    ChannelAccount.objects.filter(pk=account.pk).update(**columns)
    for name, value in columns.items():
        setattr(account, name, value)


def pull_account(
    account_id: int,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    seconds: float | None = None,
    watch: Watch | None = None,
) -> Counter[str]:
    """Fetch and read what changed at the shop; how many messages came to which end.

    Without `since` it goes on from the cursor; with it, it fills back a range and leaves the
    cursor alone. Stops early after `seconds` and is due again at once. Raises `ChannelTrouble`
    (then the account says what is wrong, and is paused where only a person can help),
    `AccountBusy`, or `BadInput` for a paused account or a range the channel can't give.
    """
    account = _get(account_id)
    if account.is_paused:
        raise BadInput(
            _("This channel is paused: %(reason)s") % {"reason": account.pause_reason},
            fields={"account": ["paused"]},
        )
    with account_lock(account_id):
        account = _get(account_id)
        adapter = open_adapter(account)
        try:
            run = _Run(account, adapter, seconds, watch)
            run.go(since, until)
        except ChannelTrouble as trouble:
            _note_trouble(account, trouble.verdict)
            raise
        except Exception as error:
            _note(account, last_error=f"{type(error).__name__}: {error}"[:500])
            raise
        finally:
            adapter.close()
    return run.tally


def _get(account_id: int) -> ChannelAccount:
    account = ChannelAccount.objects.select_related("shop", "mapping").filter(pk=account_id).first()
    if account is None:
        raise NotFound(id=account_id)
    return account


def _note_trouble(account: ChannelAccount, verdict: Verdict) -> None:
    wait = max(timedelta(seconds=verdict.wait or 0.0), _AFTER_TROUBLE)
    _note(account, last_error=str(verdict)[:500], next_pull_at=moments.now() + wait)
    if verdict.care in (Care.REAUTH, Care.STOP):
        pause_account(account.pk, seen=None, reason=str(verdict), actor=PULLER)


def process_waiting(account_id: int) -> Counter[str]:
    """Read what is stored and was not read yet. Raises `AccountBusy` during a pull, which will."""
    account = _get(account_id)
    with account_lock(account_id):
        return _process_waiting(reader_of(account), account)


def _process_waiting(reader: Reader, account: ChannelAccount) -> Counter[str]:
    tally: Counter[str] = Counter()
    api = CHANNELS.named(account.adapter).detail_api
    for raws in raw_store.waiting(account.shop_id, api, BATCH):
        tally += process(reader, raws)
    return tally


class _Run:
    """One run over one account, its lock held."""

    def __init__(
        self,
        account: ChannelAccount,
        adapter: ChannelAdapter,
        seconds: float | None,
        watch: Watch | None,
    ) -> None:
        self._account = account
        self._adapter = adapter
        self._reader = reader_of(account)
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._watch = watch
        self._unreadable = 0
        self._progress: dict[str, object] = {}
        self.tally: Counter[str] = Counter()
        # Where the time went, in seconds; fetching goes on beside the other two.
        self.spent: defaultdict[str, float] = defaultdict(float)

    def go(self, since: datetime | None, until: datetime | None) -> None:
        """Read what waits, then window by window; the account says how it went."""
        self.tally += _process_waiting(self._reader, self._account)
        start, end = self._range(since, until)
        moves_cursor = since is None and until is None
        self._progress = {
            "kind": "pull" if moves_cursor else "back_fill",
            "since": start.isoformat(),
            "until": end.isoformat(),
            "began": moments.now().isoformat(),
        }
        complete = True
        workers = max(1, int(self._account.options.get("concurrency", 4)))
        with ThreadPoolExecutor(workers, thread_name_prefix="fetch") as self._pool:
            for window in windows(start, end, self._adapter.longest_window):
                if self._deadline is not None and time.monotonic() > self._deadline:
                    complete = False
                    break
                self._read(window)
                if moves_cursor:
                    _note(self._account, cursor_at=window.end)
                self._report(window.end)
        self._finish(complete)

    def _range(self, since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
        latest = moments.now() - self._adapter.safety_lag
        end = min(until, latest) if until else latest
        if since is None:
            cursor = self._account.cursor_at or end - FIRST_LOOK
            since = cursor - timedelta(minutes=self._account.overlap_minutes)
            since = max(since, moments.now() - self._adapter.furthest_back)
        if since < moments.now() - self._adapter.furthest_back:
            raise BadInput(
                _("The channel only gives orders of the last %(days)s days.")
                % {"days": self._adapter.furthest_back.days},
                fields={"since": ["too_early"]},
            )
        return since.replace(microsecond=0), end.replace(microsecond=0)

    def _read(self, window: Window) -> None:
        """Everything of the window is stored afterwards; halved where it holds too much.

        A list answer that can't be read is narrowed down to the second it comes from; that one
        is kept for a person, and the run goes on.
        """
        try:
            listed, strays = self._list(window)
        except TooManyRows:
            self._read_halves(window)
        except UnreadableAnswer as trouble:
            self._unreadable += 1
            if self._unreadable > _MOST_UNREADABLE:
                raise
            if window.length >= timedelta(seconds=1):
                self._read_halves(window)
            else:
                raw_store.store(self._account.shop_id, [_unreadable_page(window, trouble)])
        else:
            raw_store.store(self._account.shop_id, strays)
            self.tally["quarantined"] += len(strays)
            self._take(raw_store.unknown(self._account.shop_id, self._adapter.detail_api, listed))

    def _read_halves(self, window: Window) -> None:
        for half in window.halves():
            self._read(half)

    def _list(self, window: Window) -> tuple[list[Listed], list[Message]]:
        listed: list[Listed] = []
        strays: list[Message] = []
        started = time.monotonic()
        for page in self._adapter.changes(window):
            listed.extend(page.listed)
            strays.extend(page.strays)
        self.spent["list"] += time.monotonic() - started
        return listed, strays

    def _take(self, listed: list[Listed]) -> None:
        """Fetch, store and read these orders, the next chunk being fetched while one is read."""
        ahead: list[Future[Message]] = []
        for chunk in [*_chunks(listed), []]:
            coming = [self._pool.submit(self._adapter.fetch, item) for item in chunk]
            try:
                self._keep(self._collect(ahead))
            except BaseException:
                for future in coming:
                    future.cancel()
                raise
            ahead = coming

    def _collect(self, futures: list[Future[Message]]) -> list[Message]:
        """What came. When one call failed for good, what came beside it is stored first."""
        started = time.monotonic()
        messages: list[Message] = []
        trouble: ChannelTrouble | None = None
        for future in futures:
            try:
                # After the trouble only those that are under way are waited for.
                if trouble is None or not future.cancel():
                    messages.append(future.result())
            except ChannelTrouble as error:
                trouble = error
        self.spent["fetch"] += time.monotonic() - started
        if trouble is not None:
            self._keep(messages)
            raise trouble
        return messages

    def _keep(self, messages: list[Message]) -> None:
        if not messages:
            return
        broken = sum(message.problem == Problem.MALFORMED for message in messages)
        if broken > 5 and broken * 2 > len(messages):
            verdict = Verdict(Answer.UNKNOWN_OUTCOME, Care.RETRY, "unreadable", messages[0].detail)
            raise ChannelTrouble(verdict)
        started = time.monotonic()
        raws = raw_store.store(self._account.shop_id, messages)
        stored = time.monotonic()
        self.tally["stored"] += len(raws)
        self.tally["quarantined"] += sum(bool(message.problem) for message in messages)
        self.tally += process(self._reader, raws)
        self.spent["store"] += stored - started
        self.spent["process"] += time.monotonic() - stored
        self._report()

    def _report(self, at: datetime | None = None) -> None:
        """Progress for the eyes of people: on the account, and to whoever watches."""
        if at is not None:
            self._progress["at"] = at.isoformat()
        self._progress["counts"] = dict(self.tally)
        _note(self._account, progress=dict(self._progress))
        if self._watch is not None:
            self._watch(dict(self._progress))

    def _finish(self, complete: bool) -> None:
        self._progress["ended"] = moments.now().isoformat()
        self._progress["complete"] = complete
        self._report()
        _note(
            self._account,
            last_error="",
            last_pulled_at=moments.now(),
            next_pull_at=_next_turn(self._account) if complete else moments.now(),
        )
        log.info(
            "pulled",
            shop=self._account.shop.code,
            **self.tally,
            seconds={name: round(value, 3) for name, value in self.spent.items()},
        )


def windows(start: datetime, end: datetime, longest: timedelta) -> Iterator[Window]:
    """Windows from start to end, none longer than the channel allows; ends touch."""
    while start < end:
        stop = min(start + longest, end)
        yield Window(start, stop)
        start = stop


def _chunks(listed: list[Listed]) -> Iterable[list[Listed]]:
    return (listed[start : start + _CHUNK] for start in range(0, len(listed), _CHUNK))


def _unreadable_page(window: Window, trouble: UnreadableAnswer) -> Message:
    return Message(
        api="list",
        number="",
        modified_at=window.start,
        body=trouble.body,
        sha256=sha256(trouble.body),
        problem=Problem.MALFORMED,
        detail=str(trouble)[:500],
    )

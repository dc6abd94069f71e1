"""Runs: one workbook out, or one back in. Whoever works with sheets calls one of these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import structlog
from django.core.files import File
from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext_lazy

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import DomainError, NotFound, WrongState
from ordercenter.core.workbooks.checking import LARGEST_FILE, Readable, keep_upload
from ordercenter.core.workbooks.errors import BadWorkbook
from orders.sheets.applying import apply
from orders.sheets.comparing import compare, tell_who
from orders.sheets.exporting import write_orders
from orders.sheets.models import SheetRun
from orders.sheets.reading import Workbook
from orders.sheets.staging import staged

log = structlog.get_logger(__name__)

VIEW_ORDER = "orders.view_order"
SEE_RECEIVER = "orders.see_receiver_order"
# Who may look at the runs of others.
SEE_ALL_RUNS = "sheets.view_sheetrun"
BUSY = gettext_lazy("This workbook is being worked on already, or was finished.")
FAULTS = {
    SheetRun.Kind.EXPORT: gettext_lazy(
        "Something went wrong on our side. Export the orders again."
    ),
    SheetRun.Kind.IMPORT: gettext_lazy(
        "Something went wrong on our side. Upload the workbook again: what was written already "
        "shows as “the same already”."
    ),
}
# A run that works says so every few seconds; the longest silence is one comparison.
LOST_AFTER = timedelta(minutes=10)


# -- beginning -------------------------------------------------------------------------------


def begin_export(*, actor: Actor, query: str = "") -> SheetRun:
    """A run that waits to be carried out; receivers in it are what the actor may see."""
    actor.require(VIEW_ORDER)
    return _begin(SheetRun.Kind.EXPORT, actor, query=query)


def receive_workbook(content: Readable, *, name: str, actor: Actor) -> SheetRun:
    """A run that keeps the workbook and waits to be looked through.

    Raises `BadWorkbook` for an empty file and one of more than 100 MB; nothing is kept then.
    """
    actor.require(VIEW_ORDER)
    with NamedTemporaryFile(suffix=".xlsx") as kept:
        too_large = BadWorkbook("too_large")
        size, digest = keep_upload(content, kept, largest=LARGEST_FILE, refusal=too_large)
        if not size:
            raise BadWorkbook("empty")
        return _begin(
            SheetRun.Kind.IMPORT,
            actor,
            name=Path(name.replace("\x00", "")).name[-200:],
            size=size,
            sha256=digest,
            file=File(kept, name="upload.xlsx"),
        )


def _begin(kind: SheetRun.Kind, actor: Actor, **fields: Any) -> SheetRun:
    return SheetRun.objects.create(
        kind=kind,
        user_id=actor.id if actor.kind == "person" else None,
        partner_id=actor.id if actor.kind == "partner" else None,
        operator=actor.label[:80],
        door=actor.door,
        sees_receiver=actor.may(SEE_RECEIVER),
        created_at=moments.now(),
        **fields,
    )


def runs_for(actor: Actor) -> QuerySet[SheetRun]:
    """The runs that are this actor's business: their own, and all for who may see all."""
    rows = SheetRun.objects.all()
    if actor.kind == "partner":
        return rows.filter(partner_id=actor.id)
    if actor.may(SEE_ALL_RUNS):
        return rows
    return rows.filter(user=actor.id) if actor.id is not None else rows.none()


# -- carrying out ----------------------------------------------------------------------------


def export_orders(run: SheetRun, ids: Sequence[int]) -> SheetRun:
    """The run's file holds these orders; the run is done."""
    _start(run, (SheetRun.State.WAITING,), total=len(ids))
    with _failures_kept(run), NamedTemporaryFile(suffix=".xlsx") as file:
        _say(run, phase=SheetRun.Phase.WRITING)
        write_orders(
            file,
            ids,
            run_id=run.pk,
            issued_at=run.created_at,
            sees_receiver=run.sees_receiver,
            progress=lambda rows: _say(run, done=rows),
        )
        file.flush()
        run.size = file.tell()
        file.seek(0)
        run.name = f"orders-{moments.now().astimezone(moments.SHANGHAI):%Y%m%d-%H%M}.xlsx"
        run.file.save(run.name, File(file), save=False)
        _finish(run, SheetRun.State.DONE, counts={"rows": len(ids)})
    return run


def sync_orders(run: SheetRun, *, actor: Actor, is_dry: bool) -> SheetRun:
    """Compare the run's workbook with the orders and, unless dry, apply it.

    Afterwards each changed cell has its outcome. A dry run changes no order and waits to be
    confirmed; then everything is compared anew with what stands there at that moment. Raises
    `BadWorkbook`; the run keeps the reason.
    """
    actor = actor.through("sheet")
    waiting = (SheetRun.State.WAITING, SheetRun.State.LOOKED)
    _start(run, waiting[:1] if is_dry else waiting)
    with _failures_kept(run), _as_local_file(run) as path:
        _say(run, phase=SheetRun.Phase.READING)
        book = Workbook(path)
        _say(run, total=book.head.rows)
        with staged(book, lambda rows: _say(run, total=rows)) as rows:
            _say(run, phase=SheetRun.Phase.COMPARING)
            compared = compare(run, book.head, actor=actor, rows=rows)
            _say(run, phase=SheetRun.Phase.APPLYING)
            apply(run.pk, actor=actor, is_dry=is_dry, progress=lambda done: _say(run, done=done))
            tell_who(run.pk)
        state = SheetRun.State.LOOKED if is_dry else SheetRun.State.DONE
        counts = {"rows": compared.rows, "unchanged": compared.unchanged, **count_cells(run)}
        _finish(run, state, counts=counts)
    return run


def count_cells(run: SheetRun) -> dict[str, int]:
    """How many cells of each outcome the run has."""
    rows = run.cells.values_list("outcome").annotate(Count("id")).order_by("outcome")
    return dict(rows)


def _start(run: SheetRun, states: Sequence[str], total: int = 0) -> None:
    """The run works from now on; two at once are impossible. Raises `WrongState`."""
    at = moments.now()
    started = SheetRun.objects.filter(pk=run.pk, state__in=states).update(
        state=SheetRun.State.RUNNING, started_at=at, beat_at=at, done=0, total=total, phase=""
    )
    if not started:
        raise WrongState(BUSY)
    run.refresh_from_db()


def _say(run: SheetRun, **fields: Any) -> None:
    SheetRun.objects.filter(pk=run.pk).update(beat_at=moments.now(), **fields)


def _finish(run: SheetRun, state: str, **fields: Any) -> None:
    values = {"state": state, "finished_at": moments.now(), "phase": "", **fields}
    for name, value in values.items():
        setattr(run, name, value)
    run.save(update_fields=[*values, "file", "name", "size"])


def fail_lost_runs() -> int:
    """Runs whose worker has died have failed, and say what to do; how many.

    One that was only silent goes on, and says how it ended when it ends.
    """
    silent = SheetRun.objects.filter(
        state=SheetRun.State.RUNNING, beat_at__lt=moments.now() - LOST_AFTER
    )
    return sum(
        silent.filter(kind=kind).update(
            state=SheetRun.State.FAILED,
            finished_at=moments.now(),
            phase="",
            problem=str(said),
            problem_code="lost",
        )
        for kind, said in FAULTS.items()
    )


@contextmanager
def _failures_kept(run: SheetRun) -> Iterator[None]:
    """Whatever ends the work early is written on the run, then goes on to the caller."""
    try:
        yield
    except DomainError as refusal:
        _finish(run, SheetRun.State.FAILED, problem=str(refusal), problem_code=refusal.code)
        raise
    except Exception:
        log.exception("sheet_failed", run=run.pk)
        if not transaction.get_connection().needs_rollback:
            said = str(FAULTS[SheetRun.Kind(run.kind)])
            _finish(run, SheetRun.State.FAILED, problem=said, problem_code="fault")
        raise


@contextmanager
def _as_local_file(run: SheetRun) -> Iterator[Path]:
    """The stored upload as a file of this host, wherever the storage keeps it."""
    with NamedTemporaryFile(suffix=".xlsx") as copy:
        with run.file.open("rb") as stored:
            for chunk in stored.chunks():
                copy.write(chunk)
        copy.flush()
        yield Path(copy.name)


def run_for(pk: int, actor: Actor) -> SheetRun:
    """The run, if it is this actor's business. Raises `NotFound`."""
    run = runs_for(actor).filter(pk=pk).first()
    if run is None:
        raise NotFound(run=pk)
    return run

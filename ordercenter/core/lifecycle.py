"""What every lifecycle shares: a state, a version, a clock and a place on the timeline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMFieldMixin, TransitionNotAllowed, can_proceed

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.clocks import restart_clock
from ordercenter.core.errors import ChangedMeanwhile, DomainError, NotFound, WrongState
from ordercenter.core.timeline import record

Guard = Callable[["Lifecycle", str, Actor], None]

_guards: dict[str, list[Guard]] = {}


class Versioned(models.Model):
    """A row that is only written over the version that was read.

    Every save bumps `version`; a save over a version that is no longer there raises
    `ChangedMeanwhile` and writes nothing.
    """

    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        abstract = True

    def _do_update(
        self,
        base_qs: models.QuerySet[Any],
        using: str | None,
        pk_val: Any,
        values: Any,
        *rest: Any,
        **named: Any,
    ) -> Any:
        # Django's private hook around the UPDATE of save(); a test pins its signature.
        if "version" in self.get_deferred_fields():
            raise ValueError("a row that was read without its version can't be saved")
        version = self._meta.get_field("version")
        values = [v for v in values if v[0] is not version]
        values.append((version, None, self.version + 1))
        unchanged = base_qs.filter(version=self.version)
        updated = super()._do_update(unchanged, using, pk_val, values, *rest, **named)
        if updated:
            self.version += 1
        elif base_qs.filter(pk=pk_val).exists():
            raise ChangedMeanwhile(seen=self.version)
        return updated


class LifecycleQuerySet(models.QuerySet[Any]):
    """Rows that are locked before they are moved."""

    def locked(self, pk: int, *, seen: int | None) -> Any:
        """The row, locked until the transaction ends, in the version the caller saw.

        `seen` of None is for machines that looked at nothing. Raises `NotFound`, or
        `ChangedMeanwhile` with both versions.
        """
        row = self.select_for_update(of=("self",)).filter(pk=pk).first()
        if row is None:
            raise NotFound(id=pk)
        row.check_seen(seen)
        return row


class Lifecycle(Versioned):
    """Base of order, shipment, return and work order. The subclass declares `state`.

    `state_since` is when the present state began. Transition methods of subclasses are empty:
    effects belong to the actions around them.
    """

    KIND: ClassVar[str]

    state: Any
    get_state_display: Callable[[], str]
    state_since = models.DateTimeField(_("in this state since"), default=moments.now)

    objects = LifecycleQuerySet.as_manager()

    class Meta:
        abstract = True

    def check_seen(self, seen: int | None) -> None:
        """Return when `seen` is the present version or None; raises `ChangedMeanwhile`."""
        if seen is not None and seen != self.version:
            raise ChangedMeanwhile(seen=seen, current=self.version)

    @property
    def stream(self) -> str:
        """The story this subject's events belong to; parts of an order tell the order's."""
        return f"{self.KIND}:{self.pk}"

    def clock_key(self) -> Mapping[str, str]:
        """What chooses the time limit besides the stage: channel, priority, customer_kind."""
        return {}

    def clock_owner(self) -> str:
        """The role that is reminded first; empty means: the one that the policy names."""
        return ""

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: models.QuerySet[Self] | None = None,
    ) -> None:
        """Reload; a protected state is dropped first so that Django may set it anew."""
        names = {f.attname for f in self._meta.concrete_fields if isinstance(f, FSMFieldMixin)}
        if fields is None:
            deferred = self.get_deferred_fields()
            fields = [f.attname for f in self._meta.concrete_fields if f.attname not in deferred]
        else:
            fields = list(fields)
        for name in names.intersection(fields):
            self.__dict__.pop(name, None)
        super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)


def guard(kind: str) -> Callable[[Guard], Guard]:
    """Register a check that runs before every move of that kind of subject.

    The check raises a `DomainError` to stop the move; it changes nothing.
    """

    def register(check: Guard) -> Guard:
        _guards.setdefault(kind, []).append(check)
        return check

    return register


def why_not(subject: Lifecycle, verb: str, actor: Actor) -> DomainError | None:
    """The reason why `actor` can't make this move now, or None when nothing stands against it."""
    if not can_proceed(getattr(subject, verb)):
        return WrongState(
            _("%(subject)s is %(state)s; this step is not possible from there.")
            % {"subject": subject, "state": subject.get_state_display()},
            state=subject.state,
            verb=verb,
        )
    try:
        ask_guards(subject, verb, actor)
    except DomainError as refusal:
        return refusal
    return None


def ask_guards(subject: Lifecycle, verb: str, actor: Actor) -> None:
    """Return when no guard stands against the verb; raises the first refusal."""
    for check in _guards.get(subject.KIND, ()):
        check(subject, verb, actor)


def advance(
    subject: Lifecycle,
    verb: str,
    *,
    actor: Actor,
    event: str | None = None,
    fields: Iterable[str] = (),
    data: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
    stage: str | None = None,
) -> None:
    """Make one move of the machine: the only place that saves a transition.

    Afterwards the new state and the named `fields` are saved under a new version, the old
    stage's clock is stopped and the new one's runs, and the event stands on the timeline. The
    caller holds the row's lock. Raises `WrongState` or whatever a guard refuses with.
    """
    refusal = why_not(subject, verb, actor)
    if refusal is not None:
        raise refusal
    before = subject.state
    try:
        getattr(subject, verb)()
    except TransitionNotAllowed as error:
        raise WrongState(state=before, verb=verb) from error
    subject.state_since = moments.now()
    moved = ["state", "state_since", "version", *fields]
    subject.save(update_fields=moved)
    restart_clock(subject, stage or subject.state)
    record(
        subject,
        event or f"{subject.KIND}.{subject.state}",
        actor=actor,
        from_state=before,
        to_state=subject.state,
        data=data,
        changes=changes,
    )

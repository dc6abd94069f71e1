from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from ordercenter.core.lifecycle import Lifecycle
from orders.models.orders import Order


class WorkOrderState(models.TextChoices):
    OPEN = "open", _("open")
    CLAIMED = "claimed", _("being worked on")
    RESOLVED = "resolved", _("resolved")
    WITHDRAWN = "withdrawn", _("withdrawn")


OPEN_STATES = (WorkOrderState.OPEN, WorkOrderState.CLAIMED)


class WorkOrderKind(models.TextChoices):
    BAD_DATA = "bad_data", _("data to be checked")
    SHORTAGE = "shortage", _("out of stock")
    HOLD = "hold", _("on hold")
    CHANNEL_CONFLICT = "channel_conflict", _("channel says otherwise")
    PAID_AFTER_EXPIRY = "paid_after_expiry", _("paid after the hold expired")
    TRACKING = "tracking", _("parcel in trouble")
    WRITE_BACK = "write_back", _("channel not told")
    CLAIM_REFUND = "claim_refund", _("refund asked")
    RETURN = "return", _("return to be looked at")
    REFUND = "refund", _("refund in trouble")
    URGENT = "urgent", _("urgent order")
    URGED = "urged", _("customer urges")
    INQUIRY = "inquiry", _("customer asks where it is")
    OTHER = "other", _("other")


class WorkOrder(Lifecycle):
    """Something a person must do about an order. A hold is one that blocks a move."""

    KIND = "work_order"

    state = FSMField(
        _("state"), choices=WorkOrderState.choices, default=WorkOrderState.OPEN, protected=True
    )
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="work_orders", verbose_name=_("order")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=WorkOrderKind.choices)
    title = models.CharField(_("what is to do"), max_length=200)
    detail = models.JSONField(_("detail"), default=dict)
    owner_role = models.CharField(_("owner role"), max_length=30)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("claimed by"),
    )
    blocks = ArrayField(
        models.CharField(max_length=30), verbose_name=_("blocks"), default=list, blank=True
    )
    opened_by = models.CharField(_("opened by"), max_length=80)
    opened_at = models.DateTimeField(_("opened"))
    resolution = models.CharField(_("resolution"), max_length=500, blank=True)
    closed_by = models.CharField(_("closed by"), max_length=80, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("work order")
        verbose_name_plural = _("work orders")
        permissions = [
            ("open_workorder", _("Can open work orders")),
            ("claim_workorder", _("Can claim work orders")),
            ("resolve_workorder", _("Can resolve work orders")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="resolved") | ~Q(resolution=""),
                name="resolved_work_order_says_how",
            ),
            # The same trouble is one piece of work, however often it is noticed.
            models.UniqueConstraint(
                fields=["order", "kind"],
                condition=Q(state__in=["open", "claimed"]) & ~Q(kind__in=["hold", "other"]),
                name="one_open_work_order_per_trouble",
            ),
        ]
        indexes = [
            models.Index(
                fields=["owner_role", "-id"],
                condition=Q(state__in=["open", "claimed"]),
                name="work_order_open",
            ),
            models.Index(
                fields=["closed_at"],
                condition=Q(closed_at__isnull=False),
                name="work_order_closed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.title}"

    @property
    def stream(self) -> str:
        """A work order is part of its order's story."""
        return f"{Order.KIND}:{self.order_id}"

    def clock_owner(self) -> str:
        return self.owner_role

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @transition(
        state,
        source=WorkOrderState.OPEN,
        target=WorkOrderState.CLAIMED,
        permission="orders.claim_workorder",
    )
    def claim(self) -> None:
        """Somebody has taken it on."""

    @transition(
        state,
        source=[WorkOrderState.OPEN, WorkOrderState.CLAIMED],
        target=WorkOrderState.RESOLVED,
        permission="orders.resolve_workorder",
    )
    def resolve(self) -> None:
        """It is done, and it is written down how."""

    @transition(
        state,
        source=[WorkOrderState.OPEN, WorkOrderState.CLAIMED],
        target=WorkOrderState.WITHDRAWN,
    )
    def withdraw(self) -> None:
        """Its cause is gone; nothing is left to do."""

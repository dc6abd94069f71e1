"""Our account at the ERP, the documents we push into its books, and the checks against them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ordercenter.core.secrets import EncryptedJSONField
from orders.models import Order
from rma.models import Refund


class ErpAccount(models.Model):
    """Our account at an ERP; one is in use, and none until somebody switches it on.

    `credentials` of kingdee: acct_id, user, app_id, app_secret, org_number, sign_in. `options`
    are codes of the company's own books (integrations/erp/kingdee/bills.py). Orders placed before
    `pushes_since` are not pushed. `trouble` is why the account is no longer used.
    """

    system = models.CharField(_("ERP"), max_length=20, default="kingdee")
    name = models.CharField(_("name"), max_length=60, unique=True)
    base_url = models.URLField(_("address"), blank=True)
    credentials: Any = EncryptedJSONField(_("credentials"))
    options = models.JSONField(_("options"), default=dict, blank=True)
    pushes = models.BooleanField(_("push orders and refunds"), default=True)
    checks = models.BooleanField(_("check every morning"), default=True)
    pushes_since = models.DateTimeField(_("push orders placed since"), db_default=Now())
    is_active = models.BooleanField(_("active"), default=False)
    trouble = models.CharField(_("trouble"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("ERP account")
        verbose_name_plural = _("ERP accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"],
                condition=Q(is_active=True),
                name="one_active_erp_account",
            )
        ]

    def __str__(self) -> str:
        return self.name


class ErpDocument(models.Model):
    """A document of ours in the ERP's books: the sale of an order, or one refund.

    `number` is our own, stored before the first call and never replaced. `step` is how far it is
    known to have come: saved, submitted, booked.
    """

    class Kind(models.TextChoices):
        SALE = "sale", _("sale")
        REFUND = "refund", _("refund")

    class State(models.TextChoices):
        WAITING = "waiting", _("on its way")
        BOOKED = "booked", _("in the books")
        REFUSED = "refused", _("refused")

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(
        ErpAccount,
        on_delete=models.PROTECT,
        related_name="documents",
        verbose_name=_("ERP account"),
    )
    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices)
    number = models.CharField(_("document number"), max_length=40)
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="erp_documents", verbose_name=_("order")
    )
    refund = models.ForeignKey(
        Refund,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="erp_documents",
        verbose_name=_("refund"),
    )
    day = models.DateField(_("day"))
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    step = models.PositiveSmallIntegerField(_("step"), default=0)
    reference = models.CharField(_("their number"), max_length=64, blank=True)
    answer = models.JSONField(_("answer"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    booked_at = models.DateTimeField(_("booked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("ERP document")
        verbose_name_plural = _("ERP documents")
        permissions = [("push_erpdocument", _("Can push refused documents again"))]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "number"], name="erp_document_once_per_number"
            ),
            models.CheckConstraint(
                condition=Q(kind="sale", refund__isnull=True)
                | Q(kind="refund", refund__isnull=False),
                name="erp_refund_names_its_refund",
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="erpdocument_state")]

    def __str__(self) -> str:
        return self.number


class ErpPolicy(models.Model):
    """What the daily check lets pass, and how columns of uploaded exports are called.

    There is one row. A difference of exactly the tolerance is no alarm.
    """

    tolerance = models.DecimalField(
        _("difference without alarm (%)"),
        max_digits=5,
        decimal_places=2,
        default=Decimal("0.50"),
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    number_headers = ArrayField(
        models.CharField(max_length=40), verbose_name=_("headers of the order number")
    )
    amount_headers = ArrayField(
        models.CharField(max_length=40), verbose_name=_("headers of the amount")
    )
    refund_headers = ArrayField(
        models.CharField(max_length=40),
        verbose_name=_("headers of the refund"),
        blank=True,
        help_text=_("Empty: the export has no such column, refunds are amounts below zero."),
    )
    date_headers = ArrayField(
        models.CharField(max_length=40),
        verbose_name=_("headers of the date"),
        blank=True,
        help_text=_("Where the export has such a column, only rows of the day are counted."),
    )

    class Meta:
        verbose_name = _("rule of the ERP check")
        verbose_name_plural = _("rules of the ERP check")

    def __str__(self) -> str:
        return str(_("rule of the ERP check"))


class ErpCheck(models.Model):
    """One day's figures beside the ERP's. Written once, with its lines, and never changed.

    `share` is the largest of the three differences, as a part of our figure (1 = all of it).
    """

    KIND = "erp_check"

    class Source(models.TextChoices):
        UPLOAD = "upload", _("uploaded export")
        ERP = "erp", _("asked of the ERP")

    class Result(models.TextChoices):
        EQUAL = "equal", _("agrees")
        WITHIN = "within", _("small differences")
        ALARM = "alarm", _("differs")

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(_("day"))
    source = models.CharField(_("compared with"), max_length=6, choices=Source.choices)
    source_name = models.CharField(_("file or account"), max_length=120, blank=True)
    is_scheduled = models.BooleanField(_("by itself"), default=False)
    our_orders = models.PositiveIntegerField(_("our orders"))
    their_orders = models.PositiveIntegerField(_("orders in the ERP"))
    our_total = models.DecimalField(_("our total"), max_digits=16, decimal_places=2)
    their_total = models.DecimalField(_("total in the ERP"), max_digits=16, decimal_places=2)
    our_refunds = models.DecimalField(_("our refunds"), max_digits=16, decimal_places=2)
    their_refunds = models.DecimalField(_("refunds in the ERP"), max_digits=16, decimal_places=2)
    tolerance = models.DecimalField(_("tolerance (%)"), max_digits=5, decimal_places=2)
    share = models.DecimalField(_("largest difference"), max_digits=18, decimal_places=6)
    result = models.CharField(_("result"), max_length=6, choices=Result.choices)
    differing = models.PositiveIntegerField(_("lines that differ"), default=0)
    left_out = models.PositiveIntegerField(_("rows of other days"), default=0)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("made by"),
    )
    made_by_label = models.CharField(_("made by"), max_length=80)
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("ERP check")
        verbose_name_plural = _("ERP checks")
        permissions = [
            ("run_erpcheck", _("Can check our figures against the ERP")),
            ("export_erp", _("Can download the workbook for the ERP")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["day"], condition=Q(is_scheduled=True), name="one_erp_check_by_itself_a_day"
            )
        ]
        indexes = [models.Index(fields=["day", "-id"], name="erpcheck_day")]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"

    @property
    def stream(self) -> str:
        """Each check is a story of its own."""
        return f"{self.KIND}:{self.pk}"


class ErpCheckLine(models.Model):
    """One order that the two sides do not tell alike (CNY). Empty: not there on that side."""

    class Cause(models.TextChoices):
        MISSING = "missing", _("not in the ERP")
        NOT_BOOKED = "not_booked", _("in the ERP, but not audited")
        UNKNOWN = "unknown", _("only in the ERP")
        AMOUNT = "amount", _("amounts differ")
        REFUND = "refund", _("refunds differ")

    id = models.BigAutoField(primary_key=True)
    check_made = models.ForeignKey(
        ErpCheck, on_delete=models.CASCADE, related_name="lines", verbose_name=_("ERP check")
    )
    number = models.CharField(_("order number"), max_length=80)
    shop = models.CharField(_("shop"), max_length=80, blank=True)
    order = models.ForeignKey(
        Order,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("order"),
    )
    our_total = models.DecimalField(_("our total"), max_digits=16, decimal_places=2, null=True)
    their_total = models.DecimalField(
        _("total in the ERP"), max_digits=16, decimal_places=2, null=True
    )
    our_refund = models.DecimalField(_("our refund"), max_digits=16, decimal_places=2)
    their_refund = models.DecimalField(_("refund in the ERP"), max_digits=16, decimal_places=2)
    cause = models.CharField(_("what differs"), max_length=10, choices=Cause.choices)

    class Meta:
        verbose_name = _("line that differs")
        verbose_name_plural = _("lines that differ")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["check_made", "number"], name="line_once_per_check")
        ]

    def __str__(self) -> str:
        return self.number

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


def sheet_path(run: SheetRun, name: str) -> str:
    """Files lie under a name we make; the person's own is only shown."""
    return f"sheets/{secrets.token_hex(16)}.xlsx"


class SheetRun(models.Model):
    """One workbook that went out or came back: whose, when, how far, with what outcome."""

    class Kind(models.TextChoices):
        EXPORT = "export", _("export")
        IMPORT = "import", _("import")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        LOOKED = "looked", _("looked through, to be confirmed")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    class Phase(models.TextChoices):
        READING = "reading", _("reading")
        COMPARING = "comparing", _("comparing")
        APPLYING = "applying", _("writing changes")
        WRITING = "writing", _("writing the file")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("person"),
    )
    # A partner's runs are their own.
    partner_id = models.BigIntegerField(_("partner"), null=True)
    operator = models.CharField(_("who"), max_length=80)
    door = models.CharField(_("where from"), max_length=10)
    # An export: which orders, as the list's query string. Empty: chosen by the API's query.
    query = models.TextField(_("filters"), blank=True)
    sees_receiver = models.BooleanField(_("receivers in clear text"), default=False)
    name = models.CharField(_("file name"), max_length=200, blank=True)
    file = models.FileField(_("file"), upload_to=sheet_path, blank=True)
    size = models.PositiveBigIntegerField(_("bytes"), default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    phase = models.CharField(_("step"), max_length=10, choices=Phase.choices, blank=True)
    done = models.PositiveIntegerField(_("rows done"), default=0)
    total = models.PositiveIntegerField(_("rows"), default=0)
    counts = models.JSONField(_("outcomes"), default=dict)
    problem = models.TextField(_("problem"), blank=True)
    problem_code = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(_("begun"))
    started_at = models.DateTimeField(_("work began"), null=True)
    beat_at = models.DateTimeField(_("last sign of life"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("Excel run")
        verbose_name_plural = _("Excel runs")
        indexes = [
            models.Index(fields=["user", "-id"], name="sheetrun_user"),
            models.Index(fields=["created_at"], name="sheetrun_created"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class SheetCell(models.Model):
    """What became of one changed cell. Cells that nobody changed leave no row.

    `field` is empty for what concerns the whole row. `theirs` is what stood on the order when
    the cell was looked at, `changed_by` and `changed_at` who put it there since the export.
    """

    class Outcome(models.TextChoices):
        APPLIED = "applied", _("applied")
        MERGED = "merged", _("the same already")
        CONFLICT = "conflict", _("conflict")
        REFUSED = "refused", _("refused")

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(
        SheetRun, on_delete=models.CASCADE, related_name="cells", verbose_name=_("Excel run")
    )
    row = models.PositiveIntegerField(_("row"))
    order_id = models.BigIntegerField(_("order"), null=True)
    number = models.CharField(_("order number"), max_length=64)
    field = models.CharField(_("column"), max_length=20, blank=True)
    base = models.TextField(_("as exported"), blank=True)
    theirs = models.TextField(_("on the order"), blank=True)
    yours = models.TextField(_("in the sheet"), blank=True)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome.choices)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    message = models.CharField(_("explanation"), max_length=300, blank=True)
    changed_by = models.CharField(_("changed by"), max_length=80, blank=True)
    changed_by_person = models.BooleanField(default=False)
    changed_at = models.DateTimeField(_("changed at"), null=True)

    class Meta:
        verbose_name = _("Excel cell")
        verbose_name_plural = _("Excel cells")
        indexes = [
            models.Index(fields=["run", "outcome", "row"], name="sheetcell_outcome"),
            models.Index(fields=["run", "order_id"], name="sheetcell_order"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.field}: {self.outcome}"

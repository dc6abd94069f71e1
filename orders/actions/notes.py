"""Words and files that belong to an order."""

from __future__ import annotations

import hashlib

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ordercenter.core import moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput
from ordercenter.core.timeline import record
from orders.models import Attachment, Order, OrderNote

LONGEST_NOTE = 500
LARGEST_FILE = 50 * 1024 * 1024
# What stands where in a file of each kind, by its ending; nothing else is taken.
SIGNATURES: dict[str, tuple[int, bytes]] = {
    "jpg": (0, b"\xff\xd8\xff"),
    "jpeg": (0, b"\xff\xd8\xff"),
    "png": (0, b"\x89PNG\r\n\x1a\n"),
    "webp": (8, b"WEBP"),
    "pdf": (0, b"%PDF-"),
    "mp4": (4, b"ftyp"),
}


@transaction.atomic
def add_note(order_id: int, *, text: str, actor: Actor) -> OrderNote:
    """The note stands on the order, first on every scan. Raises `BadInput` for none or too much."""
    actor.require("orders.note_order")
    text = text.strip()
    if not text or len(text) > LONGEST_NOTE:
        raise BadInput(
            _("Write a note of 1 to %(most)d characters.") % {"most": LONGEST_NOTE},
            fields={"text": ["length"]},
        )
    order = Order.objects.locked(order_id, seen=None)
    note = OrderNote.objects.create(
        order=order, text=text, author=actor.label[:80], at=moments.now()
    )
    record(order, "order.note_added", actor=actor, data={"text": text})
    return note


@transaction.atomic
def attach_file(
    order_id: int, *, kind: Attachment.Kind, name: str, content: bytes, actor: Actor
) -> Attachment:
    """The file is kept with the order; the same content a second time is the same attachment.

    Raises `BadInput` for a kind of file that is not taken, an empty or a too large one.
    """
    actor.require("orders.attach_order")
    check_file(name, content)
    order = Order.objects.locked(order_id, seen=None)
    digest = hashlib.sha256(content).hexdigest()
    existing = Attachment.objects.filter(order=order, sha256=digest).first()
    if existing is not None:
        return existing
    attachment = Attachment(
        order=order,
        kind=kind,
        name=name[-120:],
        size=len(content),
        sha256=digest,
        added_by=actor.label[:80],
        at=moments.now(),
    )
    attachment.file.save(name, ContentFile(content), save=False)
    attachment.save()
    record(
        order,
        "order.file_attached",
        actor=actor,
        data={"kind": kind, "name": attachment.name, "attachment": attachment.pk},
    )
    return attachment


def check_file(name: str, content: bytes) -> None:
    """Return for a picture, PDF or MP4 of allowed size; raises `BadInput` otherwise."""
    place, mark = SIGNATURES.get(name.rpartition(".")[2].lower(), (0, b""))
    if not mark or content[place : place + len(mark)] != mark:
        raise BadInput(
            _("Only pictures (JPG, PNG, WebP), PDF and MP4 files are taken."),
            fields={"file": ["type"]},
        )
    if len(content) > LARGEST_FILE:
        raise BadInput(_("The file is larger than 50 MB."), fields={"file": ["size"]})

"""E-mail: who is written to about what, and sending until the server has taken it (F4).

Each address gets one e-mail about a cause, under a `Message-ID` of ours that is kept over every
attempt. What a server did not answer is sent again under it: an e-mail twice is better than none,
and readers fold two of one id into one.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterable
from datetime import timedelta
from email.utils import parseaddr
from uuid import uuid4

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from integrations.channels.base import Answer, Verdict
from integrations.messaging.notices import ADMIN_ROLE, notify
from integrations.models import Mail, MailRoute, NoticeLevel
from ordercenter.core import moments
from ordercenter.core.models import User

# What somebody can be written to about.
KINDS = {"erp.check": _lazy("ERP check differs")}

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 12
LEASE = timedelta(minutes=2)
TIMEOUT_SECONDS = 20
TROUBLE = "mail.trouble"


def post(*, kind: str, subject: str, body: str, cause: str) -> int:
    """Put an e-mail for everybody on the routes of this kind in the box; how many are written to.

    A cause that comes again writes to nobody twice.
    """
    addresses = addresses_for(kind)
    at = moments.now()
    Mail.objects.bulk_create(
        (
            Mail(
                cause=cause,
                kind=kind,
                address=address,
                # A line break would begin another header.
                subject=" ".join(subject.split())[:200],
                body=body,
                message_id=f"<{uuid4().hex}@{_domain()}>",
                not_before=at,
                created_at=at,
            )
            for address in addresses
        ),
        ignore_conflicts=True,
    )
    return len(addresses)


def _domain() -> str:
    """The sender's domain, under which our ids are unique."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


def addresses_for(kind: str) -> list[str]:
    """Everybody on the routes of this kind, each once."""
    found: dict[str, None] = {}
    for route in MailRoute.objects.filter(kind=kind, is_active=True).order_by("pk"):
        members = User.objects.filter(is_active=True, groups__name=route.role).exclude(email="")
        if route.role:
            found |= dict.fromkeys(members.order_by("pk").values_list("email", flat=True))
        found |= dict.fromkeys(route.addresses)
    return list({address.lower(): address for address in found}.values())


def has_mail_to_send() -> bool:
    """Whether an e-mail is due; one indexed query."""
    return Mail.objects.filter(state=Mail.State.PENDING, not_before__lte=moments.now()).exists()


def send_due() -> int:
    """Send every e-mail that is due; how many were tried.

    Without a mail server nothing is tried and no attempt is used up; administrators are told.
    """
    if not has_mail_to_send():
        return 0
    if not settings.EMAIL_HOST:
        _report_no_server()
        return 0
    tried = 0
    while (mail := _claim()) is not None:
        tried += 1
        _settle(mail, _send(mail))
    return tried


@transaction.atomic
def _claim() -> Mail | None:
    """The next e-mail under a lease; the attempt is counted before the call."""
    at = moments.now()
    rows = Mail.objects.select_for_update(skip_locked=True)
    mail = rows.filter(state=Mail.State.PENDING, not_before__lte=at).order_by("pk").first()
    if mail is None:
        return None
    mail.attempts += 1
    mail.not_before = at + LEASE
    mail.save(update_fields=["attempts", "not_before"])
    return mail


def _send(mail: Mail) -> Verdict:
    message = EmailMessage(
        mail.subject,
        mail.body,
        settings.DEFAULT_FROM_EMAIL,
        [mail.address],
        headers={"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"},
        connection=get_connection(timeout=TIMEOUT_SECONDS),
    )
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return _judge(code, text)
    except smtplib.SMTPResponseException as error:
        return _judge(error.smtp_code, error.smtp_error)
    except (smtplib.SMTPException, OSError) as error:
        return Verdict(Answer.RETRY_LATER, code=type(error).__name__)
    return Verdict(Answer.OK)


def _judge(code: int, text: bytes | str) -> Verdict:
    """5xx is final, 4xx may pass (execution.md 18); a refused login waits for who mends it."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    is_final = 500 <= code < 600 and code not in (530, 534, 535)
    answer = Answer.REFUSED if is_final else Answer.RETRY_LATER
    return Verdict(answer, code=str(code), text=words[:250])


def _settle(mail: Mail, verdict: Verdict) -> None:
    at = moments.now()
    mail.answer = str(verdict)[:300] if verdict.answer is not Answer.OK else ""
    if verdict.answer is Answer.OK:
        mail.state, mail.finished_at = Mail.State.SENT, at
    elif verdict.answer is Answer.REFUSED or mail.attempts >= MOST_ATTEMPTS:
        mail.state, mail.finished_at = Mail.State.FAILED, at
        _report(mail)
    else:
        mail.not_before = at + timedelta(seconds=min(1800.0, 15.0 * 2.0**mail.attempts))
    mail.save(update_fields=["answer", "state", "finished_at", "not_before"])


def _report(mail: Mail) -> None:
    log.error("mail_failed", mail=mail.pk, answer=mail.answer)
    notify(
        role=ADMIN_ROLE,
        kind=TROUBLE,
        level=NoticeLevel.WARN,
        title=_("An e-mail to %(address)s could not be sent: %(why)s")
        % {"address": mail.address, "why": mail.answer},
        group_title=_("%(count)s e-mails could not be sent"),
        link=f"/admin/integrations/mail/{mail.pk}/change/",
        group_link="/admin/integrations/mail/?tab=failed",
        cause=f"mail:{mail.pk}:{mail.attempts}",
    )


def _report_no_server() -> None:
    notify(
        role=ADMIN_ROLE,
        kind=TROUBLE,
        level=NoticeLevel.WARN,
        title=_("E-mails wait: no mail server is set (EMAIL_HOST)"),
        link="/admin/integrations/mail/?tab=pending",
        cause=f"mail:no_server:{moments.now():%Y-%m-%d}",
    )


def send_again(mail_ids: Iterable[int]) -> int:
    """Give failed e-mails a new set of attempts, from now on; how many."""
    rows = Mail.objects.filter(pk__in=list(mail_ids), state=Mail.State.FAILED)
    return rows.update(
        state=Mail.State.PENDING, attempts=0, not_before=moments.now(), finished_at=None
    )

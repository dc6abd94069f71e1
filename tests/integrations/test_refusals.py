"""An account that is refused is asked no more, whatever its system, and administrators hear."""

import pytest
from django.test import Client

from integrations.channels.base import Answer, Verdict
from integrations.erp import accounts as erp
from integrations.models import ErpAccount, Notice, PaymentAccount, TrackingAccount
from integrations.payments import accounts as payments
from integrations.tracking import account as tracking
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
DEAD_KEYS = Verdict(Answer.AUTH, code="403", text="no such key")
KINDS = [
    (ErpAccount, erp, "erp.account"),
    (PaymentAccount, payments, "payments.account"),
    (TrackingAccount, tracking, "tracking.account"),
]


@pytest.mark.parametrize(("model", "room", "kind"), KINDS, ids=[kind for *_, kind in KINDS])
def test_it_is_switched_off_and_told_once_with_the_way_to_it(model, room, kind):
    other = model.objects.create(name="other", is_active=False)
    account = model.objects.create(name="ours", is_active=True)

    room.report_refusal(account, DEAD_KEYS)
    room.report_refusal(account, DEAD_KEYS)

    account.refresh_from_db()
    other.refresh_from_db()
    assert (account.is_active, other.trouble) == (False, "")
    assert "no such key" in account.trouble
    notice = Notice.objects.get(kind=kind)
    assert (notice.role, notice.count, notice.title) == ("admin", 1, account.trouble)
    client = Client()
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    assert client.get(notice.link).status_code == 200

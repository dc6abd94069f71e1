"""What the staff reads of customers' look-ups and questions; nothing is changed there."""

import pytest
from django.urls import reverse

from ordercenter.console.roles import grant_roles
from orders.care.models import TrackAttempt
from tests.factories import OrderFactory

pytestmark = pytest.mark.django_db
LIST = "admin:care_trackattempt_changelist"


@pytest.fixture(autouse=True)
def _roles(db):
    grant_roles()


@pytest.fixture
def tries(client):
    """A right try, and nine wrong ones of another address: the last one was refused."""
    order = OrderFactory()
    client.post("/track/", {"number": order.number, "tail": "5678"}, REMOTE_ADDR="10.0.0.1")
    for _ in range(9):
        client.post("/track/", {"number": "OC1", "tail": "0000"}, REMOTE_ADDR="10.0.0.2")
    return order


def rows(browser, **query):
    answer = browser.get(reverse(LIST), query)
    return [(row.number, row.outcome) for row in answer.context["cl"].result_list]


def test_supervisors_see_who_tries_too_often(staff, tries):
    browser = staff("supervisor")

    assert rows(browser, tab="refused") == [("OC1", "refused")]
    assert len(rows(browser, tab="all")) == 10


@pytest.mark.parametrize(("asked", "found"), [("10.0.0.2", 9), ("oc1", 9), ("10.0.0.9", 0)])
def test_they_find_by_address_and_number(staff, tries, asked, found):
    assert len(rows(staff("supervisor"), q=asked)) == found


def test_nobody_changes_or_removes_a_row(staff, tries):
    browser, row = staff("supervisor"), TrackAttempt.objects.latest("pk")
    page = reverse("admin:care_trackattempt_change", args=[row.pk])

    assert browser.get(page).status_code == 200
    assert browser.post(page, {"number": "x"}).status_code == 403
    delete = reverse("admin:care_trackattempt_delete", args=[row.pk])
    assert browser.post(delete, {"post": "yes"}).status_code == 403
    assert TrackAttempt.objects.get(pk=row.pk).number == "OC1"


def test_others_see_none_of_it(staff, tries):
    assert staff("sales").get(reverse(LIST)).status_code == 403

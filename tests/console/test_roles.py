"""Each role sees and does its own, and nothing else."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from ordercenter.console.roles import ROLES, declared, grant_roles
from ordercenter.core.roles import ROLE_NAMES
from orders.models import OrderState
from tests.factories import OrderFactory

EVERYBODY = {"set_urgency", "add_note", "attach", "hold", "open_work"}
# Who sees which buttons on an order that waits for review, beside what everybody sees.
ON_REVIEW = {
    "cs": {"approve", "change_address", "cancel"},
    "finance": set(),
    "warehouse": set(),
    "supervisor": {"approve", "change_address", "cancel", "allocate"},
    "sales": set(),
    "logistics": set(),
    "director": set(),
}
ON_FINANCE = {
    "cs": {"send_back", "change_address", "cancel"},
    "finance": {"confirm_funds"},
    "warehouse": set(),
    "supervisor": {"send_back", "change_address", "cancel", "allocate"},
    "sales": set(),
    "logistics": set(),
    "director": set(),
}


def buttons_on(client, order):
    answer = client.get(reverse("admin:orders_order_change", args=[order.pk]))
    return {shown.button.name for shown in answer.context["bar"] if shown.url}


@pytest.mark.parametrize("role", sorted(ON_REVIEW))
def test_an_order_to_be_reviewed_has_these_buttons(role, signed_in):
    order = OrderFactory(state=OrderState.PENDING_REVIEW)

    assert buttons_on(signed_in(role), order) == EVERYBODY | ON_REVIEW[role]


@pytest.mark.parametrize("role", sorted(ON_FINANCE))
def test_an_order_whose_payment_is_to_be_checked_has_these_buttons(role, signed_in):
    order = OrderFactory(state=OrderState.PENDING_FINANCE)

    assert buttons_on(signed_in(role), order) == EVERYBODY | ON_FINANCE[role]


@pytest.mark.parametrize("role", sorted(set(ON_REVIEW) - {"cs", "supervisor"}))
def test_a_button_of_another_role_does_not_work_by_its_address_either(role, signed_in):
    order = OrderFactory(state=OrderState.PENDING_REVIEW)
    address = reverse("admin:orders_order_approve", args=[order.pk])

    answer = signed_in(role).post(address, {"_form_submitted": "on", "seen": order.version})

    assert answer.status_code == 403
    order.refresh_from_db()
    assert order.state == OrderState.PENDING_REVIEW


PAGES = {
    "core_delivery": {"supervisor", "director"},
    "core_lawrun": {"supervisor", "director"},
    "core_user": set(),
    "integrations_robot": set(),
    "integrations_channelaccount": {"cs", "supervisor", "director"},
    "inventory_movement": {"warehouse", "supervisor", "director"},
    "orders_customer": {"cs", "finance", "sales", "supervisor", "director"},
    "orders_order": set(ROLES),
    "orders_partner": set(),
}


@pytest.mark.parametrize("page", sorted(PAGES))
def test_pages_open_for_these_roles_only(page, signed_in):
    address = reverse(f"admin:{page}_changelist")

    opened = {role for role in ROLES if signed_in(role).get(address).status_code == 200}

    assert opened == PAGES[page]


@pytest.mark.parametrize("role", sorted(ROLES))
def test_the_sidebar_offers_only_what_opens(role, signed_in):
    client = signed_in(role)
    navigation = client.get(reverse("admin:index")).context["sidebar_navigation"]
    links = [item["link"] for group in navigation for item in group["items"]]

    # The scan page is another room's and has tests of its own.
    closed = [
        link
        for link in links
        if not link.startswith("/scan/") and client.get(link).status_code != 200
    ]

    assert closed == []


def test_only_who_brought_an_order_in_is_offered_its_revision(signed_in, staff):
    owner = staff("sales")
    order = OrderFactory(state=OrderState.PENDING_REVIEW)
    type(order).objects.filter(pk=order.pk).update(brought_in_by=owner)
    mine, other = signed_in("sales"), signed_in("sales")
    mine.force_login(owner)

    assert "revise" in buttons_on(mine, order)
    assert "revise" not in buttons_on(other, order)


def test_every_declared_permission_exists(db):
    known = {
        f"{p.content_type.app_label}.{p.codename}"
        for p in Permission.objects.select_related("content_type")
    }

    assert declared() <= known


def test_a_migration_has_made_the_roles(db):
    assert set(Group.objects.values_list("name", flat=True)) >= set(ROLE_NAMES)
    finance = Group.objects.get(name="finance").permissions.values_list("codename", flat=True)
    assert "confirm_funds_order" in finance


def test_granting_again_only_adds(db):
    sales = Group.objects.get(name="sales")
    extra = Permission.objects.get(codename="cancel_order")
    sales.permissions.add(extra)
    sales.permissions.remove(Permission.objects.get(codename="revise_order"))

    grant_roles()

    names = set(sales.permissions.values_list("codename", flat=True))
    assert {"cancel_order", "revise_order"} <= names

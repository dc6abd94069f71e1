"""Who acts, and what they may."""

import pytest
from django.contrib.auth.models import Permission

from ordercenter.core.actor import DOORS, SYSTEM, Actor
from ordercenter.core.errors import Forbidden
from tests.factories import UserFactory


@pytest.mark.django_db
def test_a_person_may_what_their_roles_allow():
    user = UserFactory(roles=["review"])
    permission = Permission.objects.get(codename="approve_order")
    user.groups.get(name="review").permissions.add(permission)

    actor = Actor.person(user, via="admin")

    assert actor.may("orders.approve_order")
    assert not actor.may("orders.cancel_order")
    with pytest.raises(Forbidden) as refusal:
        actor.require("orders.cancel_order")
    assert refusal.value.details == {"permission": "orders.cancel_order"}
    assert (actor.id, actor.label) == (user.pk, user.full_name)


@pytest.mark.django_db
def test_an_inactive_person_may_nothing():
    user = UserFactory(is_active=False, is_superuser=False)

    assert not Actor.person(user, via="admin").may("orders.approve_order")


@pytest.mark.django_db
def test_an_administrator_may_everything():
    actor = Actor.person(UserFactory(is_superuser=True), via="admin")

    assert actor.may("orders.approve_order")


def test_a_partner_sees_its_own_shops_only():
    actor = Actor.partner(
        1, "ERP", permissions=frozenset({"orders.place_order"}), shops=frozenset({3})
    )

    assert actor.may_see_shop(3)
    assert not actor.may_see_shop(4)
    assert not actor.may("orders.cancel_order")
    assert SYSTEM.may_see_shop(4)


@pytest.mark.parametrize("door", DOORS)
def test_the_same_actor_by_another_door(door):
    assert SYSTEM.through(door).door == door


def test_a_machine_comes_by_the_door_in_its_label():
    assert Actor.system("rule:42").door == "rule"
    assert Actor.system("demo", door="command").door == "command"

"""The demo's people: one login for each role."""

from __future__ import annotations

import os
from collections.abc import Iterator

from django.contrib.auth.models import Group

from ordercenter.core.models import User

# Only the demo has these; a real installation makes its own people in the admin.
PASSWORD = os.environ.get("DEMO_PASSWORD", "order-center")

PEOPLE = (
    # login, name, role, what they do
    ("admin", "系统管理员", "admin", "管理员"),
    ("cs", "李晓梅", "cs", "客服"),
    ("finance", "周敏", "finance", "财务"),
    ("warehouse", "王大力", "warehouse", "仓库"),
    ("supervisor", "陈国强", "supervisor", "主管"),
    ("sales", "赵丽颖", "sales", "销售"),
    ("logistics", "孙飞", "logistics", "物流专员"),
    ("director", "刘志远", "director", "运营总监"),
)


def ensure_staff() -> dict[str, User]:
    """Everybody can sign in with the demo's password; by role."""
    people: dict[str, User] = {}
    for login, name, role, _work in PEOPLE:
        user = User.objects.filter(username=login).first()
        if user is None:
            user = User.objects.create_user(
                login,
                password=PASSWORD,
                full_name=name,
                is_staff=True,
                is_superuser=role == "admin",
            )
        user.groups.add(Group.objects.get_or_create(name=role)[0])
        people[role] = user
    return people


def login_lines() -> Iterator[str]:
    """One line for each role, as a person would type it."""
    for login, name, _role, work in PEOPLE:
        yield f"  {work}\t{login} / {PASSWORD}\t({name})"

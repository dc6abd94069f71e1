"""What happened stays: the database refuses, whoever asks and by whatever way."""

import pytest
from django.db import DatabaseError, connection

from inventory.models import Movement
from ordercenter.core.models import Event, FieldChange
from orders.models import Order
from tests.factories import OrderFactory

KEPT_FOR_EVER = (Event, FieldChange, Movement)


@pytest.fixture
def story(committed_db):
    """One row at least in each of the tables."""
    order = OrderFactory()
    Order.objects.filter(pk=order.pk).update(buyer_name="别人")
    return {model: list(model.objects.order_by("pk").values()) for model in KEPT_FOR_EVER}


def rows(model):
    return list(model.objects.order_by("pk").values())


def test_the_application_is_not_a_superuser_and_owns_no_way_around(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolreplication, rolbypassrls"
            "  FROM pg_roles WHERE rolname = session_user"
        )
        assert cursor.fetchone() == (False, False, False)
        with pytest.raises(DatabaseError, match="session_replication_role"):
            cursor.execute("SET session_replication_role = replica")


@pytest.mark.parametrize("model", KEPT_FOR_EVER)
def test_refuses_a_change_through_the_orm(story, model):
    row = model.objects.first()
    field = {"core_event": "kind", "core_fieldchange": "db_user"}.get(
        model._meta.db_table, "document"
    )
    setattr(row, field, "forged")

    for attempt in (
        row.save,
        row.delete,
        lambda: model.objects.update(**{field: "forged"}),
        lambda: model.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError, match="never changed or removed"):
            attempt()

    assert rows(model) == story[model]


@pytest.mark.parametrize("model", KEPT_FOR_EVER)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET id = id",
        "DELETE FROM {table}",
        "TRUNCATE {table} CASCADE",
        "INSERT INTO {table} SELECT * FROM {table} ON CONFLICT (id) DO UPDATE SET id = excluded.id",
    ],
)
def test_refuses_a_change_by_sql_with_the_applications_own_user(story, model, statement):
    with (
        pytest.raises(DatabaseError, match="never changed or removed"),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table=model._meta.db_table))

    assert rows(model) == story[model]


def test_a_document_of_the_ledger_is_not_rewritten(story):
    with pytest.raises(DatabaseError):
        Movement.objects.filter(reason="received").update(quantity=0)

    assert rows(Movement) == story[Movement]

"""The room's tables and first rows can be taken away and made again."""

from __future__ import annotations

from django.core.management import call_command

from orders.finance.models import SettlementColumn, SettlementFormat


def test_migrations_are_taken_back_in_one_go_and_made_again(committed_db: None):
    """Several at once: the models of a cascade are then of different states."""

    def first_rows() -> set[tuple[str, str]]:
        return set(SettlementColumn.objects.values_list("format__name", "field"))

    before = first_rows()

    call_command("migrate", "finance", "zero", verbosity=0, interactive=False)
    call_command("migrate", verbosity=0, interactive=False)

    assert SettlementFormat.objects.count() == 2
    assert first_rows() == before

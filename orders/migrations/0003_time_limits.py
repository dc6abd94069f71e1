"""Time limits to begin with (F1): review 30 min, payment check 1 h, allocation 2 h, packing 4 h."""

from django.db import migrations

LIMITS = [
    # subject, stage, owner role, limit, supervisor after, director after (minutes)
    ("order", "pending_payment", "cs", 120, 60, 240),
    ("order", "pending_review", "cs", 30, 30, 120),
    ("order", "pending_finance", "finance", 60, 30, 120),
    ("order", "preparing", "supervisor", 120, 60, 180),
    ("order", "packing", "warehouse", 240, 60, 180),
    ("order", "packed", "logistics", 240, 60, 180),
    ("order", "dispatched", "logistics", 1440, 720, 1440),
    ("order", "in_transit", "logistics", 7200, 1440, 2880),
    ("work_order", "open", "cs", 60, 30, 60),
    ("work_order", "claimed", "cs", 60, 30, 60),
]
AROUND_THE_CLOCK = {"dispatched", "in_transit"}


def set_limits(apps, schema_editor):
    ClockPolicy = apps.get_model("core", "ClockPolicy")
    ClockPolicy.objects.bulk_create(
        ClockPolicy(
            subject_kind=subject,
            stage=stage,
            owner_role=role,
            limit_minutes=limit,
            supervisor_after=supervisor,
            director_after=director,
            around_the_clock=stage in AROUND_THE_CLOCK,
        )
        for subject, stage, role, limit, supervisor, director in LIMITS
    )


def drop_limits(apps, schema_editor):
    ClockPolicy = apps.get_model("core", "ClockPolicy")
    ClockPolicy.objects.filter(subject_kind__in=["order", "work_order"]).delete()


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_numbers_and_history"), ("core", "0003_working_hours")]

    operations = [migrations.RunPython(set_limits, drop_limits)]

"""Rules and time limits to begin with; staff change them in the admin."""

from django.db import migrations

LIMITS = [
    # subject, stage, owner role, limit, supervisor after, director after (minutes)
    ("return", "requested", "cs", 240, 60, 240),
    ("return", "authorised", "cs", 10080, 1440, 4320),
    ("return", "on_the_way", "logistics", 10080, 1440, 4320),
    ("return", "received", "warehouse", 480, 120, 480),
    ("return", "inspected", "finance", 480, 120, 480),
    ("return", "settling", "finance", 1440, 480, 1440),
    ("refund", "planned", "finance", 480, 120, 480),
    ("refund", "sending", "finance", 1440, 480, 1440),
    ("unknown_parcel", "waiting", "cs", 960, 480, 960),
]
AROUND_THE_CLOCK = {"authorised", "on_the_way", "settling", "sending"}


def set_policies(apps, schema_editor):
    apps.get_model("rma", "ReturnPolicy").objects.create(channel="")
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


def drop_policies(apps, schema_editor):
    apps.get_model("rma", "ReturnPolicy").objects.filter(channel="").delete()
    ClockPolicy = apps.get_model("core", "ClockPolicy")
    ClockPolicy.objects.filter(subject_kind__in=["return", "refund", "unknown_parcel"]).delete()


class Migration(migrations.Migration):
    dependencies = [("rma", "0002_numbers_and_history"), ("core", "0003_working_hours")]

    operations = [migrations.RunPython(set_policies, drop_policies)]

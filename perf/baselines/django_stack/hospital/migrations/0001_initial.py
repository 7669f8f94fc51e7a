"""Slots, patients and tokens."""

# Its libraries are not there where Matron's types are checked.
# mypy: ignore-errors
from __future__ import annotations

from django.contrib.postgres.functions import RandomUUID
from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.deletion import PROTECT
from django.db.models.functions import Now


def choices(names: str) -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ").title()) for name in names.split()]


class Migration(migrations.Migration):
    initial = True
    dependencies = ()
    operations = (
        migrations.CreateModel(
            name="Patient",
            fields=[
                ("id", models.UUIDField(db_default=RandomUUID(), primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=200)),
                ("phone", models.CharField(max_length=32)),
            ],
            options={"db_table": "patients"},
        ),
        migrations.CreateModel(
            name="Slot",
            fields=[
                ("id", models.UUIDField(db_default=RandomUUID(), primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("capacity", models.PositiveIntegerField()),
                ("booked", models.PositiveIntegerField(db_default=0)),
                ("waiting", models.PositiveIntegerField(db_default=0)),
                (
                    "status",
                    models.CharField(choices=choices("ACTIVE DELAYED CANCELLED"), db_default="ACTIVE", max_length=16),
                ),
            ],
            options={
                "db_table": "slots",
                "constraints": [
                    models.CheckConstraint(condition=Q(booked__lte=F("capacity")), name="no_seat_too_many")
                ],
            },
        ),
        migrations.CreateModel(
            name="Token",
            fields=[
                ("id", models.UUIDField(db_default=RandomUUID(), primary_key=True, serialize=False)),
                ("day", models.DateField()),
                (
                    "category",
                    models.CharField(choices=choices("EMERGENCY PRIORITY_PAID FOLLOWUP ONLINE WALKIN"), max_length=16),
                ),
                ("priority", models.PositiveSmallIntegerField()),
                (
                    "status",
                    models.CharField(choices=choices("CONFIRMED WAITING CANCELLED NO_SHOW COMPLETED"), max_length=16),
                ),
                ("number", models.PositiveIntegerField()),
                ("created_at", models.DateTimeField(db_default=Now())),
                ("patient", models.ForeignKey(db_index=False, on_delete=PROTECT, to="hospital.patient")),
                ("slot", models.ForeignKey(db_index=False, on_delete=PROTECT, to="hospital.slot")),
            ],
            options={
                "db_table": "tokens",
                "indexes": [models.Index(fields=["slot", "status", "priority", "created_at"], name="in_line")],
                "constraints": [
                    models.UniqueConstraint(fields=("slot", "number"), name="one_number"),
                    models.UniqueConstraint(
                        condition=Q(status__in=["CONFIRMED", "WAITING"]), fields=("patient", "day"), name="one_a_day"
                    ),
                ],
            },
        ),
        # Updated with every booking: room for the new version on the same page.
        migrations.RunSQL("ALTER TABLE slots SET (fillfactor = 50)", migrations.RunSQL.noop),
    )

"""Slots, patients and tokens; the constraints hold whatever a view may do."""

# Its libraries are not there where Matron's types are checked.
# mypy: ignore-errors
from __future__ import annotations

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Category(models.TextChoices):
    EMERGENCY = "EMERGENCY"
    PRIORITY_PAID = "PRIORITY_PAID"
    FOLLOWUP = "FOLLOWUP"
    ONLINE = "ONLINE"
    WALKIN = "WALKIN"

    @property
    def priority(self) -> int:
        """The tier: 1 is the most urgent."""
        return list(Category).index(self) + 1


class Slot(models.Model):
    class Status(models.TextChoices):
        ACTIVE = "ACTIVE"
        DELAYED = "DELAYED"
        CANCELLED = "CANCELLED"

    id = models.UUIDField(primary_key=True, db_default=RandomUUID())
    day = models.DateField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    capacity = models.PositiveIntegerField()
    booked = models.PositiveIntegerField(db_default=0)
    waiting = models.PositiveIntegerField(db_default=0)
    status = models.CharField(max_length=16, choices=Status, db_default=Status.ACTIVE)

    class Meta:
        db_table = "slots"
        constraints = (models.CheckConstraint(condition=Q(booked__lte=F("capacity")), name="no_seat_too_many"),)


class Patient(models.Model):
    id = models.UUIDField(primary_key=True, db_default=RandomUUID())
    name = models.CharField(max_length=200)
    phone = models.CharField(max_length=32)

    class Meta:
        db_table = "patients"


class Token(models.Model):
    class Status(models.TextChoices):
        CONFIRMED = "CONFIRMED"
        WAITING = "WAITING"
        CANCELLED = "CANCELLED"
        NO_SHOW = "NO_SHOW"
        COMPLETED = "COMPLETED"

    id = models.UUIDField(primary_key=True, db_default=RandomUUID())
    # The indexes below begin with these two, so they need none of their own.
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, db_index=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, db_index=False)
    day = models.DateField()
    category = models.CharField(max_length=16, choices=Category)
    priority = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=16, choices=Status)
    number = models.PositiveIntegerField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "tokens"
        constraints = (
            models.UniqueConstraint(fields=["slot", "number"], name="one_number"),
            models.UniqueConstraint(
                fields=["patient", "day"], condition=Q(status__in=["CONFIRMED", "WAITING"]), name="one_a_day"
            ),
        )
        indexes = (models.Index(fields=["slot", "status", "priority", "created_at"], name="in_line"),)

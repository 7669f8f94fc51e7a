"""One booking: a lock in Redis for the slot, a transaction, the slot's row locked in it.

Of the several that ask for one slot, those that wait do so in Redis and hold no connection to the database in a
transaction meanwhile. Whoever comes when the slot is full, or when others wait already, goes to the waiting list.
"""

# Its libraries are not there where Matron's types are checked.
# mypy: ignore-errors
from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from hospital.models import Category, Slot, Token
from psycopg.errors import UniqueViolation
from redis import Redis
from redis.exceptions import LockError
from rest_framework.exceptions import APIException, NotFound

LOCK_HELD = 10.0
"""Seconds after which a lock whose owner has died is free again; the row's lock holds all the same."""

LOCK_WAITED = 10.0
"""Seconds that a booking waits for its slot."""

LOCK_ASKED = 0.02
"""Seconds between two tries; with the library's 0.1 a hot slot books a fifth less, with 0.005 each booking
costs a third more."""

redis = Redis(unix_socket_path=settings.REDIS_SOCKET)


class Busy(APIException):
    status_code = 503
    default_detail = "too many ask for this slot just now"


class Booked(APIException):
    status_code = 409
    default_detail = "this patient has a token on that day"


def book(slot_id: UUID, patient_id: UUID, category: Category) -> Token:
    lock = redis.lock(f"slot:{slot_id}", timeout=LOCK_HELD, blocking_timeout=LOCK_WAITED, sleep=LOCK_ASKED)
    try:
        with lock, transaction.atomic():
            return _book(slot_id, patient_id, category)
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise Booked from None
        raise NotFound("no such patient") from None
    except LockError:
        raise Busy from None


def _book(slot_id: UUID, patient_id: UUID, category: Category) -> Token:
    try:
        slot = Slot.objects.select_for_update(no_key=True).get(pk=slot_id, status=Slot.Status.ACTIVE)
    except Slot.DoesNotExist:
        raise NotFound("no such slot, or it is cancelled") from None
    if slot.booked < slot.capacity and slot.waiting == 0:
        slot.booked += 1
        status = Token.Status.CONFIRMED
    else:
        slot.waiting += 1
        status = Token.Status.WAITING
    slot.save(update_fields=["booked", "waiting"])
    return Token.objects.create(
        slot=slot,
        patient_id=patient_id,
        day=slot.day,
        category=category,
        priority=category.priority,
        status=status,
        number=slot.booked + slot.waiting,
    )

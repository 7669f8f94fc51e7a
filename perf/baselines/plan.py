"""What a baseline is asked to book, and what the harness must know of one that runs.

Knows neither stack. Both keep ``slots``, ``patients`` and ``tokens`` in tables of these names, so one script fills them
and one set of questions counts them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID

import msgspec

CATEGORIES: Final = ("EMERGENCY", "PRIORITY_PAID", "FOLLOWUP", "ONLINE", "WALKIN")
"""The five tiers, the most urgent first."""

WARMING: Final = 600
"""Bookings in a slot of their own before anything is measured: threads, connections and prepared statements are there
then."""

_DAY: Final = "2026-12-01"


class Plan(msgspec.Struct, frozen=True):
    """So many ``slots`` of this ``capacity`` each, and so many ``patients`` who ask for one token each.

    ``spread``: they ask for the slots in turn; otherwise all of them for one until it is full, then for the next.
    """

    slots: int
    capacity: int
    patients: int
    spread: bool = True

    def wanted(self, slots: Sequence[str]) -> list[str]:
        """The slot that each patient asks for, of these."""
        together = 1 if self.spread else self.capacity
        return [slots[turn // together % len(slots)] for turn in range(self.patients)]


class Running(msgspec.Struct):
    """A stack that serves on ``127.0.0.1:port``; POST ``bodies`` to ``path``, one booking each."""

    name: str
    port: int
    path: str
    bodies: list[str]
    pids: tuple[int, ...]
    """All its processes: of the web server, the database, and what else it needs."""
    about: dict[str, str]
    """Versions and settings, for the report."""
    plan: Plan
    database: Path
    """The folder of the database's Unix socket."""


def slot_ids(plan: Plan) -> list[str]:
    """Those that count; one more, behind them, is for warming up."""
    return list(_ids("slot", plan.slots))


def bodies(plan: Plan) -> list[str]:
    """One booking of each patient, the tiers mixed."""
    return list(_asked(_ids("patient", plan.patients), plan.wanted(slot_ids(plan)), plan.slots if plan.spread else 1))


def warming(plan: Plan) -> list[str]:
    """Bookings by patients of their own in the slot behind those that count."""
    patients = list(_ids("patient", plan.patients + WARMING))[plan.patients :]
    return list(_asked(iter(patients), list(_ids("slot", plan.slots + 1))[plan.slots :] * WARMING))


def filling(plan: Plan) -> Iterator[str]:
    """The SQL that puts slots and patients into empty tables, in pieces."""
    yield "COPY slots (id, day, starts_at, ends_at, capacity) FROM stdin;\n"
    times = f"{_DAY}\t{_DAY} 09:00+00\t{_DAY} 10:00+00"
    for turn, slot in enumerate(_ids("slot", plan.slots + 1)):
        yield f"{slot}\t{times}\t{plan.capacity if turn < plan.slots else WARMING}\n"
    yield "\\.\nCOPY patients (id, name, phone) FROM stdin;\n"
    for turn, patient in enumerate(_ids("patient", plan.patients + WARMING)):
        yield f"{patient}\tPatient {turn}\t+9198{turn:08}\n"
    # What autovacuum would find out in its first minutes, so that no plan rests on an empty table.
    yield "\\.\nVACUUM ANALYZE;\n"


def _ids(kind: str, count: int) -> Iterator[str]:
    """The first so many ids of a kind, the same ones every time; as random as a developer's default."""
    seeded = Random(kind)  # noqa: S311 - repeatable ids, no secrets
    for _ in range(count):
        yield str(UUID(int=seeded.getrandbits(128), version=4))


def _asked(patients: Iterator[str], slots: list[str], round_of: int = 1) -> Iterator[str]:
    for turn, (patient, slot) in enumerate(zip(patients, slots, strict=True)):
        asked: dict[str, Any] = {
            "slot_id": slot,
            "patient_id": patient,
            "category": CATEGORIES[turn // round_of % len(CATEGORIES)],
        }
        yield msgspec.json.encode(asked).decode()

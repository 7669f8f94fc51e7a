"""How wards and beds are answered. Names of people are for whoever may see them to add."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from engine import calendar
from engine.actors.ward.state import Bed, BedState, Ward
from engine.decider import MINUTE, FreeText


class WardView(msgspec.Struct, frozen=True, kw_only=True):
    """A ward. ``beds``: how many in each state; ``free``: those that somebody could be put into now."""

    id: str
    name: str
    specialty: str
    gender: Literal["female", "male"] | None
    mixed_rooms: bool
    min_age: int | None
    max_age: int | None
    mixed_ages: bool
    cleaning_minutes: int
    beds: dict[BedState, int]
    free: int
    occupied: int
    turnover_minutes: float | None
    """From leaving a bed to its being ready, on average; null while no bed was made ready."""
    retired: bool
    created_at: datetime
    version: int


class BedView(msgspec.Struct, frozen=True, kw_only=True):
    """A bed. ``admission_id``, ``patient_id``: who lies there; of a reserved bed ``patient_id`` is who is expected."""

    id: str
    ward_id: str
    label: str
    room: str
    type: str
    equipment: list[str]
    isolation: bool
    state: BedState
    since: datetime
    ready_at: datetime | None
    """When it should be clean, where it is being cleaned and the ward says how long that takes."""
    admission_id: str | None
    patient_id: str | None
    reserved_until: datetime | None
    reason: FreeText | None
    version: int


def ward_view(ward: Ward) -> WardView:
    """A ward as answered."""
    profile = ward.profile
    turnover = ward.turnover_total / ward.turnovers / MINUTE if ward.turnovers else None
    return WardView(
        id=ward.id,
        name=profile.name,
        specialty=profile.specialty,
        gender=profile.gender or None,
        mixed_rooms=profile.mixed_rooms,
        min_age=profile.min_age,
        max_age=profile.max_age,
        mixed_ages=profile.mixed_ages,
        cleaning_minutes=profile.cleaning_minutes,
        beds=counts(ward),
        free=ward.counts.get("unoccupied", 0),
        occupied=ward.counts.get("occupied", 0),
        turnover_minutes=None if turnover is None else round(turnover, 1),
        retired=bool(ward.retired_at),
        created_at=calendar.moment(ward.created_at),
        version=ward.version,
    )


def bed_view(ward: Ward, bed: Bed) -> BedView:
    """A bed as answered."""
    profile, occupant = bed.profile, bed.occupant
    return BedView(
        id=bed.id,
        ward_id=ward.id,
        label=profile.label,
        room=profile.room,
        type=profile.type,
        equipment=list(profile.equipment),
        isolation=profile.isolation,
        state=bed.state,
        since=calendar.moment(bed.since),
        ready_at=ready_at(ward, bed),
        admission_id=(occupant.admission_id or None) if occupant is not None else None,
        patient_id=occupant.patient_id if occupant is not None else None,
        reserved_until=calendar.moment(bed.reserved_until) if bed.reserved_until else None,
        reason=bed.reason,
        version=bed.version,
    )


def counts(ward: Ward) -> dict[BedState, int]:
    """How many beds are in each state."""
    return {state: ward.counts[state] for state in sorted(ward.counts)}


def ready_at(ward: Ward, bed: Bed) -> datetime | None:
    """When a bed that is being cleaned should be ready."""
    minutes = ward.profile.cleaning_minutes
    return calendar.moment(bed.since + minutes * MINUTE) if minutes and bed.state == "housekeeping" else None

"""The kinds of rules that a clinic can have: hard ones, which a room meets or not, and soft ones, which give points.

Shape only: what a value means is checked in ``engine.rules.checking``, what a rule does stands in
``engine.rules.compiling``. Unknown kinds and fields are refused where JSON is decoded, with the field at fault.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, get_args

import msgspec
from msgspec import Meta

from engine.rules.subject import MAX_EQUIPMENT, Gender, Word

RoomId = Annotated[str, Meta(min_length=1, max_length=36)]
DoctorId = RoomId
Words = Annotated[tuple[Word, ...], Meta(min_length=1, max_length=MAX_EQUIPMENT)]
Ids = Annotated[tuple[RoomId, ...], Meta(min_length=1, max_length=1_000)]
Clock = Annotated[str, Meta(pattern=r"\A(?:[01][0-9]|2[0-3]):[0-5][0-9]\Z|\A24:00\Z")]
"""A local wall time, ``24:00`` for the end of the day."""
Weekday = Annotated[int, Meta(ge=0, le=6)]
"""0 is Monday."""
Weight = Annotated[int, Meta(ge=1, le=100)]
"""Points at the most that a soft rule gives or takes."""


class Scope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which rooms and doctors a rule speaks of; what is left out restricts nothing. All that is given must hold."""

    room_ids: Annotated[tuple[RoomId, ...], Meta(max_length=1_000)] = ()
    room_types: Annotated[tuple[Word, ...], Meta(max_length=100)] = ()
    tags: Annotated[tuple[Word, ...], Meta(max_length=100)] = ()
    doctor_ids: Annotated[tuple[DoctorId, ...], Meta(max_length=1_000)] = ()


class RuleSpec(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="kind"
):
    """What all kinds have. ``priority``: lower is looked at first. Dates are local days, both included."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    enabled: bool = True
    priority: Annotated[int, Meta(ge=0, le=1_000)] = 100
    effective_from: date | None = None
    effective_to: date | None = None
    scope: Scope = Scope()


class HardRule(RuleSpec, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A room of its scope that does not meet it cannot be had."""


class SoftRule(RuleSpec, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A room of its scope gets from ``-weight`` to ``weight`` points."""

    weight: Weight = 10


class RoomTypeMatch(HardRule, frozen=True, kw_only=True, tag="room_type_match"):
    """The room's type is one of these; without any: the type that is asked for."""

    types: Annotated[tuple[Word, ...], Meta(max_length=100)] = ()


class EquipmentRequired(HardRule, frozen=True, kw_only=True, tag="equipment"):
    """The room has all of this."""

    required: Words


class MinimumCapacity(HardRule, frozen=True, kw_only=True, tag="capacity"):
    """The room takes so many people."""

    minimum: Annotated[int, Meta(ge=1, le=10_000)]


class DepartmentMatch(HardRule, frozen=True, kw_only=True, tag="department"):
    """The room belongs to one of these departments; without any: to the one that is asked for."""

    departments: Annotated[tuple[Word, ...], Meta(max_length=100)] = ()


class AllowedHours(HardRule, frozen=True, kw_only=True, tag="allowed_hours"):
    """The whole appointment lies within these local hours of these weekdays; past midnight where they close first."""

    days: Annotated[tuple[Weekday, ...], Meta(min_length=1, max_length=7)] = (0, 1, 2, 3, 4, 5, 6)
    opens: Clock
    closes: Clock


class DoctorsOnly(HardRule, frozen=True, kw_only=True, tag="doctors_only"):
    """Only these doctors may have the room (and the room's own list of doctors holds besides)."""

    doctors: Ids


class IsolationRequired(HardRule, frozen=True, kw_only=True, tag="isolation"):
    """A patient who must be isolated gets a room for that; with ``exclusive`` nobody else gets it."""

    exclusive: bool = False


class AccessibilityRequired(HardRule, frozen=True, kw_only=True, tag="accessibility"):
    """A patient who needs an accessible room gets one."""


class GenderMatch(HardRule, frozen=True, kw_only=True, tag="gender"):
    """The room is for the patient's gender; without ``genders`` as the room says itself. Unknown gender: refused."""

    genders: Annotated[tuple[Gender, ...], Meta(max_length=3)] = ()


class AgeBand(HardRule, frozen=True, kw_only=True, tag="age_band"):
    """The patient is of this age, in whole years, both included. Unknown age: refused."""

    min_age: Annotated[int, Meta(ge=0, le=150)] = 0
    max_age: Annotated[int, Meta(ge=0, le=150)] = 150


class MaximumDaily(HardRule, frozen=True, kw_only=True, tag="maximum_daily"):
    """No more appointments than this in the room on a local day."""

    bookings: Annotated[int, Meta(ge=1, le=1_440)]


class MaximumDuration(HardRule, frozen=True, kw_only=True, tag="maximum_duration"):
    """An appointment lasts no longer than this."""

    minutes: Annotated[int, Meta(ge=1, le=1_440)]


class CleaningBuffer(HardRule, frozen=True, kw_only=True, tag="cleaning_buffer"):
    """At least so many minutes between the appointment and those before and after it; held after it like cleaning."""

    minutes: Annotated[int, Meta(ge=1, le=480)]


class PreferredRoom(SoftRule, frozen=True, kw_only=True, tag="preferred_room"):
    """These rooms (or those of these tags) get all points; with ``avoid`` they lose them."""

    rooms: Annotated[tuple[RoomId, ...], Meta(max_length=1_000)] = ()
    tags: Annotated[tuple[Word, ...], Meta(max_length=100)] = ()
    avoid: bool = False


class Continuity(SoftRule, frozen=True, kw_only=True, tag="continuity"):
    """The room in which the patient was last time gets all points."""


class UtilizationBalancing(SoftRule, frozen=True, kw_only=True, tag="utilization_balancing"):
    """By the day's bookings against the room's daily maximum, or ``full`` where it has none.

    All points below ``low`` percent, minus all above ``high``, none between.
    """

    low: Annotated[int, Meta(ge=0, le=100)] = 50
    high: Annotated[int, Meta(ge=0, le=100)] = 80
    full: Annotated[int, Meta(ge=1, le=1_440)] = 16


class LeastBusy(SoftRule, frozen=True, kw_only=True, tag="least_busy"):
    """All points at no booking on that day, none at ``full`` and more; evenly between."""

    full: Annotated[int, Meta(ge=1, le=1_440)] = 16


class EquipmentParsimony(SoftRule, frozen=True, kw_only=True, tag="equipment_parsimony"):
    """All points where the room has nothing that is not asked for, none at ``most`` pieces too many; evenly between."""

    most: Annotated[int, Meta(ge=1, le=MAX_EQUIPMENT)] = 10


class Proximity(SoftRule, frozen=True, kw_only=True, tag="proximity"):
    """All points on this floor, less by a ``reach``-th for each floor away, down to minus all. No floor: none."""

    floor: Annotated[int, Meta(ge=-20, le=200)]
    reach: Annotated[int, Meta(ge=1, le=50)] = 2


class FloorPreference(SoftRule, frozen=True, kw_only=True, tag="floor_preference"):
    """The same by the floor that the patient asks for; none where he asks for none."""

    reach: Annotated[int, Meta(ge=1, le=50)] = 2


class Compactness(SoftRule, frozen=True, kw_only=True, tag="compactness"):
    """All points where it joins what is held before or after, none from ``minutes`` of gap on; evenly between."""

    minutes: Annotated[int, Meta(ge=1, le=1_440)] = 60


class TimeOfDay(SoftRule, frozen=True, kw_only=True, tag="time_of_day"):
    """Rooms of its scope get all points for appointments that begin within these local hours."""

    opens: Clock
    closes: Clock
    avoid: bool = False


AnyHard = (
    RoomTypeMatch
    | EquipmentRequired
    | MinimumCapacity
    | DepartmentMatch
    | AllowedHours
    | DoctorsOnly
    | IsolationRequired
    | AccessibilityRequired
    | GenderMatch
    | AgeBand
    | MaximumDaily
    | MaximumDuration
    | CleaningBuffer
)
AnySoft = (
    PreferredRoom
    | Continuity
    | UtilizationBalancing
    | LeastBusy
    | EquipmentParsimony
    | Proximity
    | FloorPreference
    | Compactness
    | TimeOfDay
)
AnyRule = AnyHard | AnySoft
"""Told apart by ``kind``."""

HARD: Final[tuple[type[RuleSpec], ...]] = get_args(AnyHard)
SOFT: Final[tuple[type[RuleSpec], ...]] = get_args(AnySoft)


class Rule(msgspec.Struct, frozen=True):
    """A rule and its id, which stays the same through all versions."""

    id: str
    spec: AnyRule


def kind_of(spec: RuleSpec) -> str:
    """The name of its kind on the wire."""
    return str(type(spec).__struct_config__.tag)

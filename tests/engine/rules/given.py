"""Random rooms, uses, questions and rules: few words and few numbers, so that they meet each other often."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from engine.rules import kinds
from engine.rules.choice import Candidate
from engine.rules.kinds import Rule, Scope
from engine.rules.subject import RoomProfile, RoomUse, Subject, Wish

DAY = date(2026, 2, 2)
MINUTE = 60_000_000
START = 1_770_022_800_000_000  # some instant of that day

TYPES = ("exam", "surgery", "scan")
EQUIPMENT = ("bed", "ecg", "lamp", "scale")
TAGS = ("east", "quiet", "window")
DEPARTMENTS = ("cardiology", "neurology")
DOCTORS = ("d1", "d2", "d3")
GENDERS = ("female", "male", "other")
ROOMS = tuple(f"r{number}" for number in range(8))


def some(words: tuple[str, ...], least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    """Some of these words, each once."""
    return st.lists(st.sampled_from(words), unique=True, min_size=least).map(tuple)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """This, or nothing."""
    return st.none() | strategy


gaps = maybe(st.sampled_from((0, 5, 10, 30, 59, 60, 120)).map(lambda minutes: minutes * MINUTE))
clocks = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from((0, 1, 30, 59)))
closing = clocks | st.just("24:00")
uses = st.builds(
    RoomUse,
    bookings=st.integers(0, 12),
    gap_before=gaps,
    gap_after=gaps,
    busy=st.sampled_from((False, False, False, True)),
)
wishes = st.builds(
    Wish,
    room_type=st.sampled_from(("", "", *TYPES)),
    required_equipment=some(EQUIPMENT),
    capacity=st.integers(1, 3),
    department=st.sampled_from(("", "", *DEPARTMENTS)),
    isolation=st.booleans(),
    accessible=st.booleans(),
    preferred_floor=maybe(st.integers(-1, 4)),
)


@st.composite
def subjects(draw: st.DrawFn) -> Subject:
    """A question at any minute of a day, of any length up to a day."""
    begins, lasts = draw(st.integers(0, 1_439)), draw(st.integers(1, 300) | st.integers(1, 1_440))
    return Subject(
        wish=draw(wishes | st.just(Wish())),
        doctor_id=draw(st.sampled_from(DOCTORS)),
        patient_id="p1",
        start=START,
        end=START + lasts * MINUTE,
        weekday=draw(st.integers(0, 6)),
        from_minute=begins,
        to_minute=begins + lasts,
        gender=draw(st.sampled_from(("", *GENDERS))),
        age=draw(maybe(st.integers(0, 100))),
        last_room=draw(st.sampled_from(("", *ROOMS))),
    )


def profiles(room_id: str) -> st.SearchStrategy[RoomProfile]:
    """A room of this id."""
    return st.builds(
        RoomProfile,
        id=st.just(room_id),
        name=st.just("a room"),
        type=st.sampled_from(TYPES),
        equipment=some(EQUIPMENT),
        capacity=st.integers(1, 5),
        department=st.sampled_from(("", *DEPARTMENTS)),
        floor=maybe(st.integers(-1, 6)),
        tags=some(TAGS),
        is_available=st.sampled_from((True, True, True, False)),
        isolation=st.booleans(),
        accessible=st.booleans(),
        genders=st.just(()) | some(GENDERS),
        min_age=st.none() | maybe(st.integers(0, 60)),
        max_age=st.none() | maybe(st.integers(40, 120)),
        doctors=st.just(()) | some(DOCTORS),
        max_daily=maybe(st.integers(1, 12)),
    )


@st.composite
def rooms(draw: st.DrawFn) -> list[Candidate]:
    """Some rooms in any order, and how they stand."""
    ids = draw(st.lists(st.sampled_from(ROOMS), unique=True, max_size=len(ROOMS)))
    return [Candidate(draw(profiles(room_id)), draw(uses)) for room_id in ids]


scopes = st.just(Scope()) | st.builds(
    Scope, room_ids=some(ROOMS), room_types=some(TYPES), tags=some(TAGS), doctor_ids=some(DOCTORS)
)
dates = maybe(st.integers(-2, 2).map(lambda days: DAY + timedelta(days=days)))
COMMON: dict[str, Any] = {
    "name": st.just("a rule"),
    "enabled": st.sampled_from((True, True, True, False)),
    "priority": st.integers(0, 3),
    "effective_from": st.none() | dates,
    "effective_to": st.none() | dates,
    "scope": scopes,
}
FIELDS: dict[type[Any], dict[str, Any]] = {
    kinds.RoomTypeMatch: {"types": some(TYPES)},
    kinds.EquipmentRequired: {"required": some(EQUIPMENT, 1)},
    kinds.MinimumCapacity: {"minimum": st.integers(1, 3)},
    kinds.DepartmentMatch: {"departments": some(DEPARTMENTS)},
    kinds.AllowedHours: {
        "days": st.just(tuple(range(7))) | st.lists(st.integers(0, 6), unique=True, min_size=1).map(tuple)
    },
    kinds.DoctorsOnly: {"doctors": some(DOCTORS, 1)},
    kinds.IsolationRequired: {"exclusive": st.booleans()},
    kinds.AccessibilityRequired: {},
    kinds.GenderMatch: {"genders": some(GENDERS)},
    kinds.AgeBand: {"min_age": st.integers(0, 30), "max_age": st.integers(30, 150)},
    kinds.MaximumDaily: {"bookings": st.integers(1, 12)},
    kinds.MaximumDuration: {"minutes": st.integers(1, 1_440)},
    kinds.CleaningBuffer: {"minutes": st.sampled_from((1, 5, 10, 30))},
    kinds.PreferredRoom: {"rooms": some(ROOMS), "tags": some(TAGS), "avoid": st.booleans()},
    kinds.Continuity: {},
    kinds.UtilizationBalancing: {"low": st.integers(0, 50), "high": st.integers(51, 100), "full": st.integers(1, 12)},
    kinds.LeastBusy: {"full": st.integers(1, 12)},
    kinds.EquipmentParsimony: {"most": st.integers(1, 5)},
    kinds.Proximity: {"floor": st.integers(-1, 6), "reach": st.integers(1, 4)},
    kinds.FloorPreference: {"reach": st.integers(1, 4)},
    kinds.Compactness: {"minutes": st.sampled_from((1, 7, 30, 60, 90))},
    kinds.TimeOfDay: {"avoid": st.booleans()},
}


@st.composite
def specs(draw: st.DrawFn) -> Any:
    """A rule of any kind."""
    kind = draw(st.sampled_from(list(FIELDS)))
    given = {name: draw(strategy) for name, strategy in {**COMMON, **FIELDS[kind]}.items()}
    if kind in (kinds.AllowedHours, kinds.TimeOfDay):
        given["opens"], given["closes"] = draw(st.tuples(clocks, closing).filter(lambda pair: pair[0] != pair[1]))
    if kind in kinds.SOFT:
        given["weight"] = draw(st.integers(1, 100))
    return kind(**given)


@st.composite
def rule_sets(draw: st.DrawFn) -> list[Rule]:
    """Up to twelve rules, in any order."""
    found = draw(st.lists(specs(), max_size=12))
    numbers = draw(st.permutations(range(len(found))))
    return [Rule(f"rule-{number:02}", spec) for number, spec in zip(numbers, found, strict=True)]

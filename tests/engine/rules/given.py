"""Random rooms, uses, questions and rules: few words and few numbers, so that they meet each other often.

Made from a seed that hypothesis draws: drawing every field by itself takes it ten times as long, and most of what it
draws then are rooms that nobody can have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, NamedTuple

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
ROOMS = tuple(f"r{number:02}" for number in range(20))
GAPS = (None, None, 0, 1, 5, 10, 29, 30, 59, 60, 120)


class Given(NamedTuple):
    """A question, the rooms, and the rules."""

    rules: list[Rule]
    subject: Subject
    candidates: list[Candidate]


class Draw:
    """Draws from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def one(self, *among: Any) -> Any:
        """One of these."""
        return self.random.choice(among)

    def some(self, words: Sequence[str], least: int = 0) -> tuple[str, ...]:
        """Some of these words, each once, in any order."""
        return tuple(self.random.sample(words, self.random.randint(least, len(words))))

    def rarely(self, usual: Any, other: Callable[[], Any]) -> Any:
        """Mostly this: if every room had everything against it, no two would ever be compared."""
        return other() if self.random.random() < 0.08 else usual

    def number(self, least: int, most: int) -> int:
        """Both included."""
        return self.random.randint(least, most)

    def gap(self) -> int | None:
        minutes = self.one(*GAPS)
        return None if minutes is None else minutes * MINUTE + self.one(0, 0, 0, 7)

    def use(self) -> RoomUse:
        return RoomUse(
            self.number(0, 12), self.gap(), self.gap(), self.rarely(False, lambda: True), self.number(0, 40) * MINUTE
        )

    def room(self, room_id: str) -> Candidate:
        """A room of this id, and how it stands."""
        profile = RoomProfile(
            id=room_id,
            name="a room",
            type=self.one(*TYPES),
            equipment=self.some(EQUIPMENT),
            capacity=self.number(1, 5),
            department=self.one("", *DEPARTMENTS),
            floor=self.one(None, -1, 0, 1, 2, 3, 6),
            tags=self.some(TAGS),
            is_available=self.rarely(True, lambda: False),
            isolation=self.one(False, True),
            accessible=self.one(False, True),
            genders=self.rarely((), lambda: self.some(GENDERS)),
            min_age=self.rarely(None, lambda: self.number(0, 60)),
            max_age=self.rarely(None, lambda: self.number(40, 100)),
            doctors=self.rarely((), lambda: self.some(DOCTORS)),
            max_daily=self.one(None, None, 4, 8, 12, 14),
            cleaning_minutes=self.one(0, 5, 15),
        )
        return Candidate(profile, self.use())

    def wish(self) -> Wish:
        return Wish(
            room_type=self.rarely("", lambda: self.one(*TYPES)),
            required_equipment=self.rarely((), lambda: self.some(EQUIPMENT)),
            capacity=self.rarely(1, lambda: self.number(1, 4)),
            department=self.rarely("", lambda: self.one(*DEPARTMENTS)),
            isolation=self.rarely(False, lambda: True),
            accessible=self.rarely(False, lambda: True),
            preferred_floor=self.one(None, -1, 0, 2, 5),
        )

    def subject(self) -> Subject:
        """A question at any minute of a day, of any length up to a day."""
        begins, lasts = self.number(0, 1_439), self.one(30, 60, self.number(1, 90), self.number(1, 1_440))
        return Subject(
            wish=self.wish(),
            doctor_id=self.one(*DOCTORS),
            patient_id="p1",
            start=START,
            end=START + lasts * MINUTE,
            weekday=self.number(0, 6),
            from_minute=begins,
            to_minute=begins + lasts,
            gender=self.rarely(self.one(*GENDERS), lambda: ""),
            age=self.rarely(self.number(0, 100), lambda: None),
            last_room=self.one("", *ROOMS),
        )

    def scope(self) -> Scope:
        return Scope(
            room_ids=self.one((), (), self.some(ROOMS)),
            room_types=self.one((), (), self.some(TYPES)),
            tags=self.one((), (), self.some(TAGS)),
            doctor_ids=self.one((), (), self.some(DOCTORS)),
        )

    def effective(self) -> date | None:
        return self.one(None, None, None, *(DAY + timedelta(days=days) for days in (-1, 0, 1)))  # type: ignore[no-any-return]

    def hours(self) -> dict[str, str]:
        opens = f"{self.number(0, 23):02}:{self.one('00', '01', '30', '59')}"
        closes = self.one("24:00", f"{self.number(0, 23):02}:{self.one('00', '29', '31', '58')}")
        return {"opens": opens, "closes": closes if closes != opens else "24:00"}

    def spec(self, among: Sequence[type[Any]]) -> Any:
        """A rule of one of these kinds."""
        kind = self.one(*among)
        given: dict[str, Any] = {
            "name": "a rule",
            "enabled": self.rarely(True, lambda: False),
            "priority": self.number(0, 3),
            "effective_from": self.effective(),
            "effective_to": self.effective(),
            "scope": self.scope(),
        }
        if kind in kinds.SOFT:
            given["weight"] = self.number(1, 100)
        return kind(**given, **FIELDS[kind](self))

    def given(self, most_hard: int, most_soft: int) -> Given:
        """All of it, in any order."""
        specs = [self.spec(kinds.HARD) for _ in range(self.number(0, most_hard))]
        specs += [self.spec(kinds.SOFT) for _ in range(self.number(0, most_soft))]
        self.random.shuffle(specs)
        rules = [Rule(f"rule-{number:02}", spec) for number, spec in enumerate(specs)]
        self.random.shuffle(rules)
        return Given(rules, self.subject(), [self.room(room_id) for room_id in self.some(ROOMS)])


FIELDS: dict[type[Any], Callable[[Draw], dict[str, Any]]] = {
    kinds.RoomTypeMatch: lambda draw: {"types": draw.one((), draw.some(TYPES))},
    kinds.EquipmentRequired: lambda draw: {"required": draw.some(EQUIPMENT, 1)},
    kinds.MinimumCapacity: lambda draw: {"minimum": draw.number(1, 3)},
    kinds.DepartmentMatch: lambda draw: {"departments": draw.one((), draw.some(DEPARTMENTS))},
    kinds.AllowedHours: lambda draw: {
        "days": tuple(draw.random.sample(range(7), draw.one(7, 7, draw.number(1, 6)))),
        **draw.hours(),
    },
    kinds.DoctorsOnly: lambda draw: {"doctors": draw.some(DOCTORS, 1)},
    kinds.IsolationRequired: lambda draw: {"exclusive": draw.one(False, True)},
    kinds.AccessibilityRequired: lambda draw: {},
    kinds.GenderMatch: lambda draw: {"genders": draw.one((), draw.some(GENDERS))},
    kinds.AgeBand: lambda draw: {"min_age": draw.number(0, 30), "max_age": draw.number(30, 150)},
    kinds.MaximumDaily: lambda draw: {"bookings": draw.number(1, 12)},
    kinds.MaximumDuration: lambda draw: {"minutes": draw.one(30, 60, 720, 1_440)},
    kinds.CleaningBuffer: lambda draw: {"minutes": draw.one(1, 5, 10, 30)},
    kinds.PreferredRoom: lambda draw: {
        "rooms": draw.some(ROOMS, 1),
        "tags": draw.one((), draw.some(TAGS)),
        "avoid": draw.one(False, True),
    },
    kinds.Continuity: lambda draw: {},
    kinds.UtilizationBalancing: lambda draw: {
        "low": draw.number(0, 50),
        "high": draw.number(51, 100),
        "full": draw.number(1, 12),
    },
    kinds.LeastBusy: lambda draw: {"full": draw.number(1, 12)},
    kinds.EquipmentParsimony: lambda draw: {"most": draw.number(1, 5)},
    kinds.Proximity: lambda draw: {"floor": draw.number(-1, 6), "reach": draw.number(1, 4)},
    kinds.FloorPreference: lambda draw: {"reach": draw.number(1, 4)},
    kinds.Compactness: lambda draw: {"minutes": draw.one(1, 7, 30, 60, 90)},
    kinds.TimeOfDay: lambda draw: {"avoid": draw.one(False, True), **draw.hours()},
}
"""Every kind, and what its own fields may be."""


def anything(most_hard: int = 5, most_soft: int = 20) -> st.SearchStrategy[Given]:
    """Rules, a question and rooms."""
    return st.integers(0, 2**32).map(lambda seed: Draw(seed).given(most_hard, most_soft))

"""What those ask for who look after the staff of wards: members, shifts, leaves and hand-overs, as chance will have it.

It knows what it was told and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, Literal

from engine.decider import FreeText, PersonName
from engine.decisions.shifts import AddLeave, AddShift, BreakTime, ChangeShift, RemoveLeave, RemoveShift
from engine.decisions.staff import ActivateStaff, AddStaff, ApproveStaff, ChangeStaff, HandOver, RemoveStaff
from engine.views.staff import GetRoster, GetStaff, ListShifts, ListStaff

WORDS: Final = FreeText("as it goes")
Role = Literal["doctor", "nurse"]
ROLES: Final[tuple[Role, ...]] = ("doctor", "nurse")
MANY: Final = 20
"""No more are added than so many."""


class StaffWork:
    """Who works in the wards; ``wards`` grows. ``strikes``: how often all of one role leave."""

    def __init__(self, random: Random, now: Callable[[], datetime], wards: list[str], strikes: float) -> None:
        self.staff: dict[str, str] = {}
        """Role by id."""
        self._random = random
        self._now = now
        self._wards = wards
        self._strikes = strikes
        self._shifts: list[str] = []
        self._leaves: list[str] = []
        self._away: list[str] = []
        """Who was not on duty when somebody looked."""
        self._leaving: list[str] = []
        """Who is about to leave: all of one role, one after the other."""

    def query(self) -> Any:
        """What somebody looks at."""
        random = self._random
        member, ward = self.somebody(), random.choice(self._wards)
        choices = [
            ListStaff(),
            ListStaff(role="nurse", ward_id=random.choice((None, ward))),
            GetStaff(staff_id=member),
            ListShifts(staff_id=member),
            GetRoster(ward_id=random.choice((None, ward))),
        ]
        return random.choice(choices)

    def learn(self, command: Any, done: Any) -> None:
        """What was answered."""
        match command:
            case AddStaff():
                self.staff[done["id"]] = command.role
            case RemoveStaff():
                self.staff.pop(command.staff_id, None)
                self._away = [id for id in self._away if id != command.staff_id]
            case AddShift():
                self._shifts.append(done["id"])
            case AddLeave():
                self._leaves.append(done["id"])
            case _:
                pass

    def see(self, listed: list[Any]) -> None:
        """What a list of staff says."""
        self._away = [one["id"] for one in listed if one["duty"] == "off" and one["id"] in self.staff]

    def next(self) -> Any:
        """The next command about staff."""
        random, member = self._random, self.somebody()
        if self._leaving or random.random() < self._strikes:  # nobody is there to take over
            self._leaving = self._leaving or [id for id, role in self.staff.items() if role == self.staff[member]]
            return ActivateStaff(staff_id=self._leaving.pop(), is_active=False, reason=WORDS)
        if self._away and random.random() < 0.5:
            return self._back(random.choice(self._away))
        match random.randrange(16):
            case 0 | 1:
                return HandOver(staff_id=member, to_staff_id=random.choice((None, None, self.somebody())), reason=WORDS)
            case 2 | 3 | 4:
                return ActivateStaff(staff_id=member, is_active=random.random() < 0.7, reason=WORDS)
            case 5:
                return ApproveStaff(staff_id=member, is_approved=random.random() < 0.8, reason=WORDS)
            case 6 | 7:
                return AddShift(staff_id=member, **self._shift())
            case 8 if self._shifts:
                return ChangeShift(shift_id=random.choice(self._shifts), **self._shift())
            case 9 if self._shifts:
                return RemoveShift(shift_id=random.choice(self._shifts))
            case 10:
                start, end = self._span()
                return AddLeave(staff_id=member, start_time=start, end_time=end)
            case 11 if self._leaves:
                return RemoveLeave(leave_id=random.choice(self._leaves))
            case 12 | 13:
                return ChangeStaff(staff_id=member, **self.member(self.staff[member]))
            case 14 if len(self.staff) > 6 and random.random() < 0.3:
                return RemoveStaff(staff_id=member)
            case _ if len(self.staff) < MANY:
                return AddStaff(**self.member(random.choice(ROLES)))
            case _:
                return ActivateStaff(staff_id=member, is_active=True)

    def _back(self, member: str) -> Any:
        """Somebody who is away comes to work."""
        if self._random.random() < 0.4:
            return ActivateStaff(staff_id=member, is_active=True)
        start = self._now() + timedelta(seconds=self._random.choice((0, 1, 30)))
        return AddShift(staff_id=member, start_time=start, end_time=start + timedelta(minutes=10))

    def _shift(self) -> dict[str, Any]:
        start, end = self._span()
        middle = start + (end - start) / 3
        breaks = (BreakTime(start_time=middle, end_time=middle + (end - start) / 3),)
        on_call = self._random.random() < 0.3
        return {
            "start_time": start,
            "end_time": end,
            "on_call": on_call,
            "breaks": breaks if self._random.random() < 0.3 else (),
        }

    def _span(self) -> tuple[datetime, datetime]:
        """Some minutes, from now on or soon."""
        start = self._now() + timedelta(seconds=self._random.choice((-10, 0, 20, 60, 120)))
        return start, start + timedelta(seconds=self._random.choice((30, 60, 120, 240)))

    def somebody(self, role: str | None = None) -> str:
        """One of the staff."""
        return self._random.choice([id for id, has in self.staff.items() if role in (None, has)] or [*self.staff])

    def member(self, role: str) -> dict[str, Any]:
        """What is entered of one."""
        random = self._random
        return {
            "name": PersonName("Sam"),
            "role": role,
            "skills": random.choice(((), ("surgery",), ("icu",), ("surgery", "icu"))),
            "max_load": random.choice((1, 2, 3, 4)),
            "ward_ids": (random.choice(self._wards),) if self._wards and random.random() < 0.2 else (),
        }

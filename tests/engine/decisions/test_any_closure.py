"""Any sequence of closures and changes of rooms among any sequence of bookings keeps everything in agreement.

To what ``AnyClinicNight`` holds this adds rooms that close, open, change and go, and what must hold then: nobody is in
a room at a closed time but who was there first and was told to stay.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from engine import calendar
from engine.actors.clinic_day.state import HOLDING
from engine.actors.room.closing import times
from engine.actors.room.state import Room, room_key
from engine.decider import MINUTE
from engine.decisions.closures import AddClosure, ChangeClosure, RemoveClosure
from engine.decisions.rooms import AddRoom, ChangeRoom, RemoveRoom
from tests.engine.decisions.test_any_clinic_night import EVENING, LENGTHS, STARTS, AnyClinicNight

RULES = st.sampled_from((None, None, "FREQ=DAILY", "FREQ=DAILY;COUNT=2", "FREQ=WEEKLY;BYDAY=SU"))
FATES = st.sampled_from(("keep", "move", "move"))


class AnyClosure(AnyClinicNight):
    """The same night with rooms that are not always open."""

    def known(self) -> bool:
        """Whether the night has begun."""
        if not hasattr(self, "stayed"):
            self.stayed: set[str] = set()
        return hasattr(self, "patients")

    def span(self, start: int, minutes: int) -> dict[str, Any]:
        """From so many minutes after nine in the evening."""
        begins = EVENING + start * MINUTE
        return {"start_time": calendar.moment(begins), "end_time": calendar.moment(begins + minutes * MINUTE)}

    def closed(self, answer: Any) -> None:
        """Who was told to stay may stay."""
        self.known()
        if answer is not None and not answer.dry_run:
            self.stayed.update(one.appointment_id for one in answer.outcomes if one.outcome == "kept")

    def some_closure(self, n: int) -> str:
        """A closure, over or not, or an id of none."""
        ids = sorted(self.house.tables.get("closures", ()))
        return ids[n % len(ids)] if ids else self.house.clinic_id

    @rule(
        room=st.integers(0, 3),
        start=STARTS,
        minutes=LENGTHS,
        rrule=RULES,
        affected=FATES,
        dry_run=st.sampled_from((False, False, True)),
    )
    def shut(self, room: int, start: int, minutes: int, rrule: Any, affected: Any, dry_run: bool) -> None:
        id = self.rooms[room % len(self.rooms)]
        fields = {"kind": "maintenance", "rrule": rrule, "affected": affected, "dry_run": dry_run}
        self.closed(self.attempt(AddClosure(room_id=id, **fields, **self.span(start, minutes))))

    @rule(n=st.integers(0, 9), start=STARTS, minutes=LENGTHS, rrule=RULES, affected=FATES)
    def shut_otherwise(self, n: int, start: int, minutes: int, rrule: Any, affected: Any) -> None:
        fields = {"kind": "cleaning", "rrule": rrule, "affected": affected}
        self.closed(self.attempt(ChangeClosure(closure_id=self.some_closure(n), **fields, **self.span(start, minutes))))

    @rule(n=st.integers(0, 9))
    def open(self, n: int) -> None:
        self.attempt(RemoveClosure(closure_id=self.some_closure(n)))

    @rule(
        room=st.integers(0, 3),
        setup=st.sampled_from((0, 10)),
        cleaning=st.sampled_from((0, 5, 20)),
        available=st.booleans(),
    )
    def change(self, room: int, setup: int, cleaning: int, available: bool) -> None:
        id = self.rooms[room % len(self.rooms)]
        minutes: dict[str, Any] = {"setup_minutes": setup, "cleaning_minutes": cleaning}
        self.attempt(ChangeRoom(room_id=id, name="Changed", type="exam", is_available=available, **minutes))

    @rule(cleaning=st.sampled_from((0, 10)))
    def build(self, cleaning: int) -> None:
        if len(self.rooms) < 4:
            room = self.house.ask(
                AddRoom(clinic_id=self.house.clinic_id, name="New", type="exam", cleaning_minutes=cleaning)
            )
            self.rooms.append(room.id)

    @rule(room=st.integers(0, 3))
    def retire(self, room: int) -> None:
        self.attempt(RemoveRoom(room_id=self.rooms[room % len(self.rooms)]))

    @invariant()
    def only_who_was_told_to_stay_is_in_a_closed_room(self) -> None:
        if not self.known():
            return
        for _, one in self.appointments():
            if one.status not in HOLDING or not one.room_id or one.id in self.stayed:
                continue
            room: Room = self.house.states[room_key(one.room_id)]
            for closure in room.closures.values():
                # What was entered when its time had come is not what a closure of the past can forbid.
                met = [bounds for bounds in times(closure, "UTC", one.start, one.end) if bounds.end > self.house.time]
                assert not met, "somebody was let into a closed room"

    @invariant()
    def a_retired_room_has_nothing_to_come(self) -> None:
        if self.known():
            for id in self.rooms:
                room: Room = self.house.states[room_key(id)]
                listed = id in self.house.states[f"clinic:{self.house.clinic_id}"].rooms
                assert listed != room.retired
                assert not room.retired or all(one.busy_to <= self.house.time for one in room.calendar)


AnyClosure.TestCase.settings = settings(max_examples=30, stateful_step_count=30)
TestAnyClosure = AnyClosure.TestCase

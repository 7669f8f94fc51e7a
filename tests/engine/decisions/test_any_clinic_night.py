"""Any sequence of commands around midnight keeps rooms, clinics' days and people's agendas in agreement.

``World`` checks each rule book, snapshot and directory after every decision; this machine adds what no single actor can
see: each room's calendar is what the days say of it, each agenda likewise, no doctor has an appointment and a slot at
one time, and nobody waits for a room that the code that books would give him.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine import calendar
from engine.actors.clinic_day import holds_room
from engine.actors.clinic_day.commands import Reason
from engine.actors.clinic_day.state import HOLDING, Appointment
from engine.actors.hospital import HOSPITAL
from engine.actors.room.state import Taken, room_key
from engine.decider import HOUR, At
from engine.decisions.appointment_series import BookSeries, CancelSeries
from engine.decisions.attend_appointment import (
    CheckInAppointment,
    CompleteAppointment,
    DeclineEscalation,
    MarkAppointmentMissed,
    ShortenTurnover,
    StartAppointment,
)
from engine.decisions.book_appointment import BookAppointment
from engine.decisions.cancel_appointment import CancelAppointment
from engine.decisions.change_room import ChangeAppointmentRoom
from engine.decisions.hold_room import ConfirmAppointment, HoldRoom, ReleaseAppointment
from engine.decisions.open_slot import OpenSlot
from engine.decisions.patients import MergePatients
from engine.decisions.reschedule_appointment import RescheduleAppointment
from engine.decisions.rooming.plan import Plan
from engine.decisions.rooming.wanting import again
from engine.errors import Rejected
from tests.engine.attending import House
from tests.engine.deciding import NINE, reason

EVENING = NINE + 12 * HOUR
WHY = Reason("it had to be so")
STARTS = st.integers(7, 15).map(lambda quarter: quarter * 15)
"""Minutes after nine in the evening."""
LENGTHS = st.sampled_from((15, 30, 60, 90))
ROOMS = st.sampled_from((None, None, 0, 1))


class AnyClinicNight(RuleBasedStateMachine):
    """Two rooms, five doctors and five patients from an hour before midnight to an hour after: everything meets."""

    @initialize(overlap=st.booleans(), release=st.sampled_from((None, 15)))
    def begin(self, overlap: bool, release: int | None) -> None:
        self.house = House(time=EVENING - HOUR, settings={"release_minutes": release}, patient_overlap=overlap)
        self.rooms = [
            self.house.room("A", cleaning_minutes=15),
            self.house.room("B", setup_minutes=10, cleaning_minutes=5, max_daily=3),
        ]
        for start in (12 * 60 + 120, 12 * 60 + 125, 12 * 60 + 220):
            self.house.booked(start, 90, fallback="unassigned")
        self.doctors = [self.house.doctor() for _ in range(5)]
        self.patients = [self.house.patient() for _ in range(5)]

    def attempt(self, command: Any) -> Any:
        """A refusal is an answer too."""
        try:
            return self.house.ask(command)
        except Rejected:
            return None

    def some(self, n: int) -> str:
        """An appointment, or an id of none."""
        ids = sorted(self.house.tables.get("appointments", ()))
        return ids[n % len(ids)] if ids else self.house.clinic_id

    def wanted(self, who: int, start: int, minutes: int, **more: Any) -> dict[str, Any]:
        """The fields of a request."""
        doctor, patient = self.doctors[who % 5], self.patients[who % 7 % 5]
        return self.house.wanted(12 * 60 + start, minutes, doctor=doctor, patient=patient, **more)

    @rule(
        who=st.integers(0, 34),
        start=STARTS,
        minutes=LENGTHS,
        room=ROOMS,
        fallback=st.sampled_from(("reject", "unassigned", "unassigned")),
        elsewhere=st.sampled_from((None, None, "twins")),
    )
    def book(self, who: int, start: int, minutes: int, room: int | None, fallback: Any, elsewhere: Any) -> None:
        fields = self.wanted(who, start, minutes, fallback=fallback)
        if room is not None:
            fields["room_id"] = self.rooms[room]
        if elsewhere:
            fields["overlap_reason"] = reason(elsewhere)
        self.attempt(BookAppointment(**fields))

    @rule(who=st.integers(0, 34), start=STARTS, minutes=LENGTHS)
    def wait(self, who: int, start: int, minutes: int) -> None:
        self.attempt(BookAppointment(**self.wanted(who, start, minutes, fallback="unassigned")))

    @rule(who=st.integers(0, 34), start=STARTS, minutes=LENGTHS, mode=st.sampled_from(("all_or_nothing", "skip")))
    def series(self, who: int, start: int, minutes: int, mode: Any) -> None:
        self.attempt(BookSeries(**self.wanted(who, start, minutes), rrule="FREQ=DAILY;COUNT=2", mode=mode))

    @rule(who=st.integers(0, 34), start=STARTS, minutes=LENGTHS)
    def hold(self, who: int, start: int, minutes: int) -> None:
        self.attempt(HoldRoom(**self.wanted(who, start, minutes)))

    @rule(
        n=st.integers(0, 30),
        step=st.sampled_from(
            (
                *(ConfirmAppointment, ReleaseAppointment, CheckInAppointment, CheckInAppointment, StartAppointment),
                *(CompleteAppointment, CancelAppointment),
            )
        ),
    )
    def act(self, n: int, step: Any) -> None:
        self.attempt(step(appointment_id=self.some(n)))

    @rule(n=st.integers(0, 30))
    def attend(self, n: int) -> None:
        for step in (CheckInAppointment, StartAppointment, CompleteAppointment):
            self.attempt(step(appointment_id=self.some(n)))

    @rule(n=st.integers(0, 30), force=st.booleans())
    def miss(self, n: int, force: bool) -> None:
        self.attempt(MarkAppointmentMissed(appointment_id=self.some(n), force=force, reason=reason("left")))

    @rule(n=st.integers(0, 30), minutes=st.sampled_from((0, 5)))
    def clean(self, n: int, minutes: int) -> None:
        self.attempt(ShortenTurnover(appointment_id=self.some(n), minutes=minutes, reason=WHY))

    @rule(n=st.integers(0, 30))
    def decline(self, n: int) -> None:
        self.attempt(DeclineEscalation(appointment_id=self.some(n), reason=WHY))

    @rule(n=st.integers(0, 30), room=ROOMS)
    def change_room(self, n: int, room: int | None) -> None:
        named = None if room is None else self.rooms[room]
        self.attempt(ChangeAppointmentRoom(appointment_id=self.some(n), room_id=named, reason=WHY))

    @rule(n=st.integers(0, 30), start=STARTS, minutes=LENGTHS, who=st.sampled_from((None, 0, 1)))
    def reschedule(self, n: int, start: int, minutes: int, who: int | None) -> None:
        times = {name: value for name, value in self.wanted(0, start, minutes).items() if name.endswith("_time")}
        doctor = None if who is None else self.doctors[who]
        self.attempt(RescheduleAppointment(appointment_id=self.some(n), doctor_id=doctor, **times))

    @rule(n=st.integers(0, 30))
    def cancel_series(self, n: int) -> None:
        ids = sorted(self.house.tables.get("series", ()))
        if ids:
            self.attempt(CancelSeries(series_id=ids[n % len(ids)]))

    @rule(who=st.integers(0, 4), start=STARTS)
    def slot(self, who: int, start: int) -> None:
        times = {name: value for name, value in self.wanted(0, start, 30).items() if name.endswith("_time")}
        self.attempt(OpenSlot(doctor=self.doctors[who], max_capacity=2, **times))

    @rule(one=st.integers(0, 4), other=st.integers(0, 4), sure=st.sampled_from((False, False, True)))
    def merge(self, one: int, other: int, sure: bool) -> None:
        if sure and self.attempt(MergePatients(patient_id=self.patients[one], into=self.patients[other])):
            self.patients[one] = self.house.patient()

    @rule(minutes=st.sampled_from((1, 5, 16, 45, 120)))
    def later(self, minutes: int) -> None:
        self.house.later(minutes)

    def appointments(self) -> list[tuple[str, Appointment]]:
        """All of them, with their day."""
        states = self.house.states.items()
        return [(s.day, one) for key, s in states if key.startswith("clinic_day:") for one in s.appointments.values()]

    @invariant()
    def rooms_and_days_agree(self) -> None:
        if not hasattr(self, "patients"):
            return
        for room_id in self.rooms:
            said = sorted(
                Taken(one.busy_from, one.busy_to, one.id, one.start, one.end, day)
                for day, one in self.appointments()
                if one.room_id == room_id and holds_room(one)
            )
            assert list(self.house.states[room_key(room_id)].calendar) == said

    @invariant()
    def people_and_days_agree(self) -> None:
        if not hasattr(self, "patients"):
            return
        seen: dict[tuple[str, str, str, str], Appointment] = {}
        for day, one in self.appointments():
            if one.status in HOLDING:
                assert calendar.local_day(one.start, "UTC") == day
                seen["doctor", one.doctor_id, day, one.id] = seen["patient", one.patient_id, day, one.id] = one
        for key, agenda in self.house.states.items():
            if key.startswith("agenda:"):
                for there in agenda.engagements:
                    held = seen.pop((agenda.person, agenda.person_id, agenda.day, there.appointment_id), None)
                    if held is None:
                        assert self.house.appointment(there.appointment_id).status == "completed"
                    else:
                        assert (held.start, held.end, held.room_id) == (there.start, there.end, there.room_id)
        assert not seen, "an appointment stands in no agenda"

    @invariant()
    def no_doctor_has_a_slot_and_an_appointment_at_one_time(self) -> None:
        if not hasattr(self, "patients"):
            return
        slots = [s for key, day in self.house.states.items() if key.startswith("doctor_day:") for s in day.slots]
        doctors = {s.id: self.house.state(s.id).doctor_id for s in slots}
        for _, one in self.appointments():
            if one.status in HOLDING:
                for there in slots:
                    assert doctors[there.id] != one.doctor_id or there.end <= one.start or one.end <= there.start

    @invariant()
    def nobody_waits_for_a_room_that_is_free(self) -> None:
        if not hasattr(self, "patients"):
            return
        for key, day in self.house.states.items():
            for _, _, id in day.waiting if key.startswith("clinic_day:") else ():
                one = day.appointments[id]
                if one.end <= self.house.time:
                    continue
                at = At(self.house.time, b"0123456789abcdef", bytes)
                plan = Plan(self.house.states[HOSPITAL], at)
                found = self.house._run(plan.place(again(day.clinic_id, day.day, one)), at, {})  # type: ignore[arg-type]
                assert found is None, "a room is idle"


AnyClinicNight.TestCase.settings = settings(max_examples=30, stateful_step_count=30)
TestAnyClinicNight = AnyClinicNight.TestCase

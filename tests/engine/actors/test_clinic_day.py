"""R1..R10 of a clinic's day, asked by itself; the state machine is walked in every direction."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from engine.actors.clinic_day import CLINIC_DAY, appointment_of, clinic_day_key, use_of
from engine.actors.clinic_day.commands import (
    BeginSeries,
    Confirm,
    EndHold,
    Enter,
    Move,
    MoveIn,
    MoveOut,
    Place,
    Repoint,
    Step,
    Together,
)
from engine.actors.clinic_day.refusals import HoldExpired, NoTurnover, NotWaiting, TooEarly
from engine.actors.clinic_day.state import Appointment, Assignment, ClinicDay, Escalation, Series
from engine.actors.clinic_day.steps import placed
from engine.decider import DAY, MINUTE, FreeText
from engine.errors import InvalidTransition, NotFound
from engine.rules.subject import Ranked, Wish
from tests.engine.actors.asked import NOW, Actor
from tests.engine.actors.asked import at as instant

MIDNIGHT = NOW - NOW % DAY
NEXT = MIDNIGHT + DAY
TEN = 600


def at(of: int) -> int:
    return MIDNIGHT + of * MINUTE


def made(id: str = "a", start: int = TEN, minutes: int = 30, room: str = "r1", **more: Any) -> Appointment:
    """An appointment with ten minutes of cleaning."""
    busy = _busy(start, minutes, room)
    fields: dict[str, Any] = (
        {"patient_id": "p", "doctor_id": "d", "status": "booked", "wish": Wish(), "created_at": NOW} | busy | more
    )
    return Appointment(id=id, start=at(start), end=at(start + minutes), **fields)


def waiting(id: str = "w", start: int = TEN, opened: int = 1) -> Appointment:
    escalation = Escalation(status="open", opened_at=opened, deadline=opened + 1, reason="occupied")
    return made(id, start, room="", escalation=escalation)


def place(start: int = TEN, minutes: int = 30, room: str = "r1", **more: Any) -> Place:
    fields: dict[str, Any] = {"doctor_id": "d"} | _busy(start, minutes, room) | more
    return Place(start=at(start), end=at(start + minutes), **fields)


def _busy(start: int, minutes: int, room: str) -> dict[str, Any]:
    return {"room_id": room, "busy_from": at(start), "busy_to": at(start + minutes + 10)} if room else {}


def day(*there: Appointment, now: int = at(480)) -> Actor:
    """The clinic's day at eight."""
    actor = Actor(CLINIC_DAY, "clinic:2026-02-02", now)
    for one in there:
        actor.ask(Enter(one, NEXT))
    return actor


def the(actor: Actor, id: str = "a") -> Appointment:
    return appointment_of(actor.state, id)


def step(actor: Actor, to: str, id: str = "a", **more: Any) -> list[Any]:
    return list(actor.ask(Step(appointment_id=id, to=to, **more)))


def names(events: list[Any]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_a_day_knows_whose_and_which_it_is():
    state: ClinicDay = day().state
    assert clinic_day_key(state.clinic_id, state.day) == "clinic_day:clinic:2026-02-02"
    assert list(CLINIC_DAY.groups("clinic:2026-02-02")) == ["clinic:clinic", "clinic_days:2026-02-02"]


def test_a_visit_runs_from_booking_to_the_end_of_cleaning():
    actor = day(made())
    actor.time = at(590)
    assert names(step(actor, "checked_in")) == ["AppointmentCheckedIn"]
    assert names(step(actor, "in_progress")) == ["AppointmentStarted"]
    actor.time = at(620)
    assert names(step(actor, "completed", busy_to=at(630))) == ["AppointmentCompleted"]
    one = the(actor)
    assert (one.status, one.version, one.busy_to) == ("completed", 4, at(630))
    assert one.checked_in_at < one.started_at < one.ended_at == one.updated_at == at(620) + 1
    assert use_of(actor.state, "r1", at(625), at(640)).busy
    assert not use_of(actor.state, "r1", at(630), at(640)).busy


REACHED: dict[str, tuple[str, ...]] = {
    "booked": (),
    "checked_in": ("checked_in",),
    "in_progress": ("checked_in", "in_progress"),
    "completed": ("checked_in", "in_progress", "completed"),
    "cancelled": ("cancelled",),
    "no_show": ("no_show",),
}
LEGAL = {
    ("booked", "checked_in"),
    ("booked", "cancelled"),
    ("booked", "no_show"),
    ("checked_in", "in_progress"),
    ("checked_in", "cancelled"),
    ("in_progress", "completed"),
}


@pytest.mark.parametrize("origin", ["held", *REACHED])
@pytest.mark.parametrize("to", ["checked_in", "in_progress", "completed", "cancelled", "no_show"])
def test_a_step_is_legal_or_names_both_states(origin: str, to: str):
    actor = day(made(status="held", expires_at=at(485)) if origin == "held" else made(), now=at(TEN))
    for one in REACHED.get(origin, ()):
        step(actor, one)
    if (origin, to) in LEGAL:
        step(actor, to)
        assert the(actor).status == to
        return
    before = the(actor)
    with pytest.raises(InvalidTransition) as refused:
        step(actor, to)
    assert refused.value.facts == {"appointment_id": "a", "from_state": origin, "to_state": to}
    assert refused.value.rule == "R3"
    assert the(actor) == before


@pytest.mark.parametrize("to", ["cancelled", "no_show"])
def test_what_will_not_take_place_holds_nothing(to: str):
    actor = day(made(release_at=at(615)), now=at(TEN))
    assert CLINIC_DAY.due(actor.state) == at(615)
    step(actor, to, reason=FreeText("the patient rang"))
    state: ClinicDay = actor.state
    one = the(actor)
    assert (one.busy_from, one.busy_to, one.room_id) == (0, 0, "r1")
    assert one.reason is not None
    assert (one.reason.text, one.reason.subject) == ("the patient rang", "p")
    assert (state.rooms, state.counts, state.alarms, CLINIC_DAY.due(state)) == ({}, {}, [], None)


def test_nobody_is_absent_before_the_appointment_begins_but_by_force():
    actor = day(made())
    with pytest.raises(TooEarly) as refused:
        step(actor, "no_show")
    assert refused.value.facts["from_time"] == at(TEN)
    (event,) = step(actor, "no_show", force=True)
    assert not event.by_clock
    assert the(actor).status == "no_show"


def test_a_patient_who_leaves_after_check_in_frees_the_room():
    actor = day(made(release_at=at(615)))
    step(actor, "checked_in")
    assert CLINIC_DAY.due(actor.state) is None
    step(actor, "cancelled")
    assert not use_of(actor.state, "r1", at(TEN), at(630)).busy


def test_what_ended_before_its_room_was_held_holds_it_no_more():
    actor = day(made())
    step(actor, "checked_in")
    step(actor, "in_progress")
    step(actor, "completed", busy_to=at(500))
    assert (the(actor).busy_from, the(actor).busy_to) == (0, 0)
    assert actor.state.rooms == {}
    assert actor.state.counts == {"r1": 1}


def test_a_hold_is_confirmed_with_its_room():
    actor = day(made(status="held", expires_at=at(485)))
    assert CLINIC_DAY.due(actor.state) == at(485)
    (event,) = actor.ask(Confirm("a", NEXT, at(615), FreeText("by phone")))
    assert names([event]) == ["AppointmentBooked"]
    one = the(actor)
    assert one.note is not None
    assert (one.status, one.expires_at, one.release_at, one.note.subject) == ("booked", 0, at(615), "p")
    assert CLINIC_DAY.due(actor.state) == at(615)
    with pytest.raises(InvalidTransition):
        actor.ask(Confirm("a", NEXT, at(615)))
    with pytest.raises(InvalidTransition):
        actor.ask(EndHold("a", "released"))


@pytest.mark.parametrize("how", ["expired", "released"])
def test_of_a_hold_that_is_gone_only_how_it_ended_is_left(how: str):
    actor = day(made(status="held", expires_at=at(485)))
    actor.ask(EndHold("a", how))
    assert actor.state.appointments == {}
    assert actor.state.counts == {}
    for command in (Confirm("a", NEXT, 0), EndHold("a", "released"), Step(appointment_id="a", to="checked_in")):
        with pytest.raises(HoldExpired) as refused:
            actor.ask(command)
        assert (refused.value.family, refused.value.facts["how"]) == ("gone", how)
    assert ("appointments", "a") in actor.filed


def test_an_unknown_appointment_is_not_found():
    with pytest.raises(NotFound):
        step(day(), "checked_in")
    with pytest.raises(NotFound):
        appointment_of(None, "a")


def test_steps_taken_together_see_one_another_and_are_all_or_none():
    actor = day(made("a"), made("b", room="r2"))
    moved_over = Move(appointment_id="b", place=place(room="r1"), change="room")
    actor.ask(Together((Step(appointment_id="a", to="cancelled"), moved_over, Enter(made("c", room="r2"), NEXT))))
    assert [(one.id, one.room_id) for one in actor.state.appointments.values()] == [
        ("a", "r1"),
        ("b", "r1"),
        ("c", "r2"),
    ]
    before = dict(actor.state.appointments)
    twice = Together((Step(appointment_id="b", to="checked_in"), Step(appointment_id="b", to="checked_in")))
    with pytest.raises(InvalidTransition):
        actor.ask(twice)
    ended = Together((MoveOut("b", "clinic_day:clinic:2026-02-03"), Step(appointment_id="b", to="checked_in")))
    with pytest.raises(NotFound):
        actor.ask(ended)
    assert actor.state.appointments == before


def test_another_time_remembers_the_room_and_time_before():
    actor = day(made(release_at=at(615)))
    events = actor.ask(Move(appointment_id="a", place=place(660, room="r2", release_at=at(675)), change="rescheduled"))
    assert names(events) == ["AppointmentRescheduled"]
    one = the(actor)
    assert (one.before, one.release_at, one.version) == ((("r1", at(TEN), at(630)),), at(675), 2)
    assert actor.state.alarms == [(at(675), "a")]
    assert list(actor.state.rooms) == ["r2"]
    for number in range(12):
        actor.ask(Move(appointment_id="a", place=place(660, room=f"q{number}"), change="room"))
    assert len(the(actor).before) == 8
    assert the(actor).before[-1][0] == "q10"


def test_another_doctor_is_remembered_once():
    actor = day(made())
    for doctor in ("e", "d", "e"):
        actor.ask(Move(appointment_id="a", place=place(doctor_id=doctor), change="rescheduled"))
    one = the(actor)
    assert (one.doctor_id, one.doctors_before, one.before) == ("e", ("d",), ())


@pytest.mark.parametrize(("change", "to"), [("rescheduled", "completed"), ("room", "in_progress")])
def test_what_has_begun_keeps_its_time_and_room(change: str, to: str):
    actor = day(made())
    for one in REACHED[to]:
        step(actor, one)
    with pytest.raises(InvalidTransition):
        actor.ask(Move(appointment_id="a", place=place(660), change=change))


def test_who_has_checked_in_may_still_get_another_room():
    actor = day(made())
    step(actor, "checked_in")
    actor.ask(Move(appointment_id="a", place=place(room="r2"), change="room", reason=FreeText("the lamp is broken")))
    assert (the(actor).room_id, the(actor).status) == ("r2", "checked_in")


def test_an_appointment_that_waits_is_given_a_room_once():
    actor = day(waiting())
    assert actor.state.waiting == [(at(TEN), 1, "w")]
    chosen = Assignment(method="freed", chosen=Ranked("r1", 0, 50))
    (event,) = actor.ask(Move(appointment_id="w", place=place(assignment=chosen), change="assigned"))
    assert names([event]) == ["RoomAssigned"]
    one = the(actor, "w")
    assert one.escalation is not None
    assert (one.room_id, one.assignment, one.escalation.status) == ("r1", chosen, "assigned")
    assert one.escalation.closed_at == actor.time
    assert actor.state.waiting == []
    with pytest.raises(NotWaiting):
        actor.ask(Move(appointment_id="w", place=place(), change="assigned"))


def test_those_who_wait_stand_in_order_of_start_then_of_waiting():
    actor = day(waiting("late", 700, 1), waiting("second", 600, 7), waiting("first", 600, 5))
    assert [id for _, _, id in actor.state.waiting] == ["first", "second", "late"]
    step(actor, "checked_in", "first")
    assert [id for _, _, id in actor.state.waiting] == ["first", "second", "late"]


@pytest.mark.parametrize("steps", [("checked_in", "in_progress"), ("cancelled",)])
def test_nobody_waits_for_a_room_when_it_has_begun_or_will_not(steps: tuple[str, ...]):
    actor = day(waiting())
    for one in steps:
        step(actor, one, "w")
    escalation = the(actor, "w").escalation
    assert escalation is not None
    assert (escalation.status, escalation.closed_at, actor.state.waiting) == ("resolved", actor.time, [])


def test_a_declined_escalation_is_over():
    actor = day(waiting())
    decline = Move(appointment_id="w", place=place(room=""), change="declined", reason=FreeText("by telephone"))
    assert names(actor.ask(decline)) == ["EscalationDeclined"]
    escalation = the(actor, "w").escalation
    assert escalation is not None
    assert (escalation.status, actor.state.waiting) == ("declined", [])
    with pytest.raises(NotWaiting):
        actor.ask(decline)


def test_a_room_that_is_lost_opens_an_escalation():
    actor = day(made())
    lost = Escalation(status="open", opened_at=5, deadline=9, reason="closure")
    actor.ask(Move(appointment_id="a", place=place(room="", escalation=lost), change="room"))
    one = the(actor)
    assert (one.room_id, one.busy_to, one.escalation, one.assignment) == ("", 0, lost, None)
    assert one.before == (("r1", at(TEN), at(630)),)
    assert actor.state.waiting == [(at(TEN), 5, "a")]


def test_cleaning_is_shortened_while_it_is_not_over():
    actor = day(made())
    shorter = replace(place(), busy_to=at(632))
    assert names(actor.ask(Move(appointment_id="a", place=shorter, change="turnover"))) == ["TurnoverShortened"]
    assert the(actor).busy_to == at(632)
    assert the(actor).before == ()
    actor.time = at(632)
    with pytest.raises(NoTurnover):
        actor.ask(Move(appointment_id="a", place=shorter, change="turnover"))


def test_an_appointment_moves_to_another_day_under_its_id():
    here, there = day(made()), Actor(CLINIC_DAY, "clinic:2026-02-03", at(480))
    one = placed(the(here), place(TEN + 1_440), at(481))
    for event in CLINIC_DAY.decide(here.state, MoveOut("a", "clinic_day:clinic:2026-02-03"), instant(at(482))):
        CLINIC_DAY.evolve(here.state, event)
    here.decider.check(here.state)
    assert (here.state.appointments, here.state.rooms) == ({}, {})
    assert here.state.moved == {"a": "clinic_day:clinic:2026-02-03"}
    there.ask(MoveIn(one, NEXT + DAY, "clinic_day:clinic:2026-02-02"))
    assert the(there).before == (("r1", at(TEN), at(630)),)
    assert ("appointments", "a") in there.filed
    with pytest.raises(NotFound):
        appointment_of(here.state, "a")


def test_another_record_of_the_patient_takes_the_text_along():
    actor = day(made(note=FreeText("needs a lift")))
    assert the(actor).note == FreeText("needs a lift", "p")
    actor.ask(Repoint("a", "q"))
    one = the(actor)
    assert one.note is not None
    assert (one.patient_id, one.note.text, one.note.subject) == ("q", "needs a lift", "q")


def test_a_series_is_found_by_its_id():
    actor = day(made())
    series = Series(id="a", rrule="FREQ=DAILY;COUNT=2", patient_id="p", appointment_ids=("a", "b"))
    actor.ask(BeginSeries(series))
    assert actor.state.series == {"a": series}
    assert ("series", "a") in actor.filed


def test_the_use_of_a_room_says_what_is_beside_the_wanted_time():
    actor = day(made("a", 600), made("b", 700), made("c", 600, room="r2"))
    use = use_of(actor.state, "r1", at(650), at(680))
    assert (use.bookings, use.gap_before, use.gap_after, use.busy) == (2, 10 * MINUTE, 20 * MINUTE, False)
    assert use_of(actor.state, "r1", at(640), at(700)).busy is False
    assert use_of(actor.state, "r1", at(639), at(700)).busy
    assert use_of(actor.state, "r1", at(640), at(701)).busy
    assert use_of(actor.state, "r1", at(500), at(800)).busy
    without = use_of(actor.state, "r1", at(610), at(650), without="a")
    assert (without.bookings, without.gap_before, without.gap_after, without.busy) == (1, None, 50 * MINUTE, False)
    assert use_of(actor.state, "r3", at(610), at(650)) == use_of(None, "r1", at(610), at(650))


def test_the_snapshot_of_a_day_is_the_day():
    actor = day(made("a", release_at=at(615)), waiting(), made("h", 700, status="held", expires_at=at(485)))
    actor.ask(EndHold("h", "expired"))
    again = CLINIC_DAY.thaw(CLINIC_DAY.freeze(actor.state))
    assert again == actor.state


def test_a_day_leaves_memory_two_days_after_its_end_when_nothing_is_open():
    actor = day(made(), now=at(TEN))
    assert not CLINIC_DAY.closed(actor.state, NEXT + 3 * DAY)
    step(actor, "no_show")
    assert not CLINIC_DAY.closed(actor.state, NEXT + 2 * DAY)
    assert CLINIC_DAY.closed(actor.state, NEXT + 2 * DAY + 1)

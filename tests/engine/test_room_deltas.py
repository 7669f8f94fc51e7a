"""What the events of clinics, their days and rooms are told as: to boards without ids of people, to staff with them."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from msgspec.structs import replace

from engine.actors.clinic import events as clinic
from engine.actors.clinic.state import ClinicSettings
from engine.actors.clinic_day import events as day
from engine.actors.clinic_day.state import Appointment, Escalation, Series
from engine.actors.room import events as room
from engine.actors.room.state import Closure, Display
from engine.decider import HOUR, Event, FreeText
from engine.deltas import Delta, deltas
from engine.rules.kinds import MaximumDuration, Rule
from engine.rules.subject import RoomProfile, Wish

AT = 1_800_000_000_000_000
CLINIC, ROOM, PATIENT, DOCTOR = "the-clinic", "the-room", "the-patient", "the-doctor"
SECRET = FreeText("He shouts", "")
DAY = f"clinic_day:{CLINIC}:2027-01-15"
BOOKED = Appointment(
    id="the-appointment", patient_id=PATIENT, doctor_id=DOCTOR, start=AT, end=AT + HOUR, status="booked", wish=Wish(),
    room_id=ROOM, busy_from=AT, busy_to=AT + 2 * HOUR, created_at=AT, updated_at=AT, note=SECRET, reason=SECRET,
)  # fmt: skip
OPEN = Escalation(status="open", opened_at=AT, deadline=AT + HOUR, reason="occupied")
WAITING = replace(BOOKED, room_id="", busy_from=0, busy_to=0, escalation=OPEN)
OFF = replace(BOOKED, status="cancelled", busy_from=0, busy_to=0)
OF_A_DAY: dict[type[Any], tuple[Event, str]] = {
    type(event): (event, change)
    for event, change in (
        (day.AppointmentHeld(appointment=replace(BOOKED, status="held"), day_end=AT), "held"),
        (day.AppointmentBooked(appointment=BOOKED, day_end=AT), "booked"),
        (day.AppointmentMovedIn(appointment=BOOKED, day_end=AT, from_day="x"), "moved"),
        (day.AppointmentMovedOut(appointment_id=BOOKED.id, to_day="x"), "moved"),
        (day.AppointmentRescheduled(appointment=BOOKED), "moved"),
        (day.AppointmentRoomChanged(appointment=BOOKED), "room"),
        (day.RoomAssigned(appointment=BOOKED), "assigned"),
        (day.AppointmentCheckedIn(appointment=replace(BOOKED, status="checked_in")), "checked_in"),
        (day.AppointmentStarted(appointment=replace(BOOKED, status="in_progress")), "started"),
        (day.AppointmentCompleted(appointment=replace(BOOKED, status="completed")), "completed"),
        (day.AppointmentCancelled(appointment=OFF), "cancelled"),
        (day.AppointmentMissed(appointment=replace(OFF, status="no_show")), "no_show"),
        (day.HoldEnded(appointment_id=BOOKED.id, how="released"), "released"),
        (day.EscalationDeclined(appointment=replace(WAITING, escalation=replace(OPEN, status="declined"))), "declined"),
        (day.TurnoverShortened(appointment=BOOKED), "turnover"),
    )
}
PROFILE = RoomProfile(id=ROOM, name="Room 1", type="examination")
RULE = Rule("the-rule", MaximumDuration(name="An hour", minutes=60))
CLOSURE = Closure(id="the-closure", kind="closed", start=AT, end=AT + HOUR, reason=SECRET)


def told(*events: Any, key: str = DAY) -> list[Delta]:
    return deltas(41, AT, [(key, events)])


def by_topic(*events: Any, key: str = DAY) -> dict[str, dict[str, Any]]:
    """Each topic's only message."""
    found = told(*events, key=key)
    assert len({delta.topic for delta in found}) == len(found)
    return {delta.topic: {"type": delta.type, **delta.fields} for delta in found}


def test_every_event_of_a_day_is_told_or_is_nobody_s_news():
    silent = {day.SeriesBooked, day.AppointmentRepointed}
    assert set(OF_A_DAY) == set(get_args(day.ClinicDayEvent)) - silent
    assert told(day.SeriesBooked(series=Series(id="s", rrule="", patient_id=PATIENT, appointment_ids=()))) == []


@pytest.mark.parametrize("kind", OF_A_DAY, ids=lambda kind: kind.__name__)
def test_a_change_of_a_day_is_told_to_staff_once_and_to_boards_without_ids_of_people(kind: type[Any]):
    event, change = OF_A_DAY[kind]
    found = by_topic(event)
    assert found.keys() == {DAY, f"clinic:{CLINIC}"}
    assert [delta.topic for delta in told(event) if delta.staff] == [f"clinic:{CLINIC}"]
    for message in found.values():
        assert (message["type"], message["change"], message["appointment_id"]) == ("room_update", change, BOOKED.id)
    text = msgspec.json.encode([delta.document() for delta in told(event)]).decode()
    assert "shouts" not in text
    shown = msgspec.json.encode(found[DAY]).decode()
    assert PATIENT not in shown
    assert DOCTOR not in shown


def test_a_message_says_where_and_when_the_appointment_is_now():
    found = by_topic(day.AppointmentBooked(appointment=BOOKED, day_end=AT))
    document = msgspec.json.decode(msgspec.json.encode(found[f"clinic:{CLINIC}"]))
    assert document == {
        "type": "room_update", "change": "booked", "appointment_id": BOOKED.id, "room_id": ROOM,
        "start_time": "2027-01-15T08:00:00Z", "end_time": "2027-01-15T09:00:00Z",
        "busy_from": "2027-01-15T08:00:00Z", "busy_to": "2027-01-15T10:00:00Z", "status": "booked",
        "patient_id": PATIENT, "doctor_id": DOCTOR,
    }  # fmt: skip
    off = by_topic(day.AppointmentCancelled(appointment=OFF))[DAY]
    assert (off["room_id"], off["busy_from"], off["busy_to"]) == (ROOM, None, None)


def test_an_appointment_without_a_room_waits_and_is_an_alert_when_it_begins_to():
    found = by_topic(day.AppointmentBooked(appointment=WAITING, day_end=AT))
    assert found[DAY]["change"] == "waiting"
    assert found["alerts"] == {
        "type": "admin_alert", "alert": "appointment_without_room", "clinic_id": CLINIC,
        "appointment_id": BOOKED.id, "start_time": found[DAY]["start_time"], "deadline": found[DAY]["end_time"],
        "reason": "occupied",
    }  # fmt: skip
    moved = replace(WAITING, updated_at=AT + 1)  # it waits since before: that is no new alert
    assert "alerts" not in by_topic(day.AppointmentRescheduled(appointment=moved))
    assert "alerts" in by_topic(day.AppointmentRoomChanged(appointment=WAITING))


def test_a_patient_s_other_record_is_told_to_staff_alone():
    assert by_topic(day.AppointmentRepointed(appointment=BOOKED)).keys() == {f"clinic:{CLINIC}"}


@pytest.mark.parametrize(
    "event",
    [
        clinic.ClinicOpened(name="Orthopaedics", settings=ClinicSettings(), time=AT),
        clinic.ClinicChanged(name="Orthopaedics", settings=ClinicSettings()),
        clinic.ClinicRetired(),
        clinic.RulesDrafted(from_version=1),
        clinic.RuleDrafted(rule=RULE),
        clinic.RuleDropped(rule_id="the-rule"),
        clinic.DraftDiscarded(),
        clinic.RulesActivated(number=2, rules=(RULE,), time=AT, by="somebody"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_becomes_of_a_clinic_and_its_rules_is_told_to_its_staff(event: Event):
    (message,) = told(event, key=f"clinic:{CLINIC}")
    assert (message.topic, message.staff) == (f"clinic:{CLINIC}", True)
    assert message.type in ("clinic_update", "rules_update")
    assert "somebody" not in msgspec.json.encode(message.document()).decode()


def test_a_rule_that_failed_is_an_alert():
    failed = clinic.RuleFailed(rule_id="the-rule", rule_version=3, rooms=2, first_room=ROOM, error="KeyError")
    found = by_topic(failed, key=f"clinic:{CLINIC}")
    assert found.keys() == {f"clinic:{CLINIC}", "alerts"}
    assert (found["alerts"]["type"], found["alerts"]["alert"], found["alerts"]["rooms"]) == (
        "admin_alert", "rule_failed", 2,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("event", "key", "change"),
    [
        (clinic.RoomListed(profile=PROFILE), f"clinic:{CLINIC}", "room"),
        (clinic.RoomDelisted(room_id=ROOM), f"clinic:{CLINIC}", "room_retired"),
        (room.RoomDisplayChanged(display=Display(), clinic_id=CLINIC), f"room:{ROOM}", "display"),
        (room.RoomClosureAdded(closure=CLOSURE, clinic_id=CLINIC), f"room:{ROOM}", "closure"),
        (room.RoomClosureCut(closure_id="c", until=AT, clinic_id=CLINIC), f"room:{ROOM}", "closure_cut"),
        (room.RoomClosureRemoved(closure_id="c", clinic_id=CLINIC), f"room:{ROOM}", "closure_removed"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Event) else "",
)
def test_that_a_room_is_not_what_it_was_is_told_to_boards_and_to_staff(event: Event, key: str, change: str):
    found = by_topic(event, key=key)
    assert found.keys() == {f"clinic:{CLINIC}", f"clinic_rooms:{CLINIC}"}
    assert all((message["room_id"], message["change"]) == (ROOM, change) for message in found.values())
    assert "shouts" not in msgspec.json.encode([delta.document() for delta in told(event, key=key)]).decode()


def test_the_calendar_of_a_room_and_people_s_days_are_no_news():
    assert told(room.RoomFreed(appointment_ids=("a",)), key=f"room:{ROOM}") == []
    assert told(room.RoomFreed(appointment_ids=("a",)), key="agenda:doctor:x:2027-01-15") == []

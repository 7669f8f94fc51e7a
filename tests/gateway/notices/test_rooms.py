"""What is told outside of rooms: what happened to which appointment, and nothing of who comes."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from msgspec.structs import replace

from engine import calendar
from engine.actors.clinic.events import RuleFailed, RulesActivated
from engine.actors.clinic_day.events import AppointmentBooked, AppointmentCancelled, HoldEnded, RoomAssigned
from engine.actors.clinic_day.state import Appointment, Assignment, Escalation
from engine.actors.room.events import RoomClosureRemoved
from engine.decider import MINUTE, FreeText
from engine.deltas import deltas
from engine.rules.subject import Wish
from gateway.notices.letters import letter_of
from gateway.notices.notice import FIELDS, Notice, notices_of

NOW = 1_800_000_000_000_000
DAY = "clinic_day:c1:2027-01-15"
ONE = Appointment(
    id="a1",
    patient_id="patient-of-a1",
    doctor_id="doctor-of-a1",
    start=NOW,
    end=NOW + 20 * MINUTE,
    status="booked",
    wish=Wish(),
    room_id="r1",
    busy_from=NOW,
    busy_to=NOW + 30 * MINUTE,
    assignment=Assignment(method="rules"),
    updated_at=NOW,
    note=FreeText("afraid of needles"),
)
WAITS = replace(
    ONE,
    room_id="",
    busy_from=0,
    busy_to=0,
    escalation=Escalation(status="open", opened_at=NOW, deadline=NOW + 30 * MINUTE, reason="occupied"),
)


def told(*changes: tuple[str, Any]) -> list[Notice]:
    """The notices of an entry with one event for each of these actors."""
    return notices_of(7, deltas(7, NOW, [(key, (event,)) for key, event in changes]))


def letter(notice: Notice) -> str:
    """The text of its letter, in Kolkata."""
    sent = letter_of(notice, "main.7.1", "matron@example.org", ["ward@example.org"], "Asia/Kolkata")
    read = message_from_bytes(sent, policy=default).get_content()
    return str(read).replace("\r\n", "\n")


def test_each_thing_that_happens_to_an_appointment_is_told_once_and_without_a_person():
    notices = told((DAY, AppointmentBooked(ONE, 0)))
    (notice,) = notices
    assert (notice.id, notice.type, notice.subject, notice.service) == ("7.1", "room_update", "a1", "")
    assert notice.data["change"] == "booked"
    assert (notice.data["clinic_id"], notice.data["room_id"]) == ("c1", "r1")
    assert set(notice.data) <= set(FIELDS)
    assert not any(word in str(notice) for word in ("patient-of", "doctor-of", "needles"))


@pytest.mark.parametrize(
    ("event", "change"),
    [
        (AppointmentCancelled(replace(ONE, status="cancelled")), "cancelled"),
        (RoomAssigned(ONE), "assigned"),
        (HoldEnded("a1", "expired"), "expired"),
    ],
)
def test_what_becomes_of_an_appointment_follows_what_was_told_of_it(event: Any, change: str):
    (notice,) = told((DAY, event))
    assert (notice.subject, notice.data["change"]) == ("a1", change)


def test_an_appointment_that_waits_for_a_room_is_an_alert_and_an_update_in_one():
    (notice,) = told((DAY, AppointmentBooked(WAITS, 0)))
    assert (notice.type, notice.also, notice.subject) == ("admin_alert", "room_update", "a1")
    assert notice.data["alert"] == "appointment_without_room"
    assert notice.data["deadline"] == calendar.moment(NOW + 30 * MINUTE)
    assert letter(notice) == (
        "Appointment a1 of 2027-01-15 13:30 waits for a room (occupied); to be seen to by 2027-01-15 14:00.\n"
        "2027-01-15 13:30\n"
    )


def test_a_rule_that_failed_is_an_alert_and_rules_and_closures_are_changes():
    failed, activated, opened = told(
        ("clinic:c1", RuleFailed("rule-1", 3, 2, "r1", "ZeroDivisionError")),
        ("clinic:c1", RulesActivated(4, (), NOW)),
        ("room:r1", RoomClosureRemoved("closure-1", clinic_id="c1")),
    )
    assert (failed.type, failed.also) == ("admin_alert", "")
    assert "Rule rule-1 (version 3) failed for 2 rooms" in letter(failed)
    assert (activated.type, activated.data["rule_version"]) == ("rules_update", 4)
    assert (opened.type, opened.data["closure_id"], opened.data["clinic_id"]) == ("room_change", "closure-1", "c1")

"""What leaves the house of beds, admissions and alerts: each thing once, and nobody's name or id."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from msgspec.structs import replace

from engine.actors.admission.events import PatientAdmitted, PatientAssigned
from engine.actors.admission.state import Assigned
from engine.actors.alerts.events import AlertAcknowledged, AlertClosed, AlertOpened, AlertRepeated
from engine.actors.alerts.state import Alert
from engine.actors.intake.events import IntakeServed
from engine.actors.ward.events import BedOccupied
from engine.actors.ward.state import Bed, BedProfile, Occupant
from engine.decider import FreeText
from engine.deltas import deltas
from engine.needs import Carers, Need
from gateway.notices.letters import letter_of
from gateway.notices.notice import FIELDS, Notice, notices_of

NOW = 1_800_000_000_000_000
PEOPLE = ("the-patient", "the-doctor", "the-nurse", "needles")
OCCUPANT = Occupant(patient_id="the-patient", admission_id="a1", gender="female", since=NOW)
BED = Bed(id="b1", profile=BedProfile(label="301 A", room="301"), state="occupied", since=NOW, occupant=OCCUPANT)
GIVEN = Carers(doctor_id="the-doctor", nurse_id="the-nurse", ward_id="w1", bed_id="b1")
ALERT = Alert(
    id="x1", kind="assignment_timeout", severity="critical", subject="the-patient", patient_id="the-patient",
    value=12.5, threshold=10.0, unit="s", opened_at=NOW, note=FreeText("needles", "the-patient"),
)  # fmt: skip


def told(*changes: tuple[str, Any]) -> list[Notice]:
    """The notices of one entry."""
    return notices_of(7, deltas(7, NOW, [(key, [event]) for key, event in changes]))


def letter(notice: Notice) -> tuple[str, str]:
    """Subject and text of its letter, in Kolkata."""
    sent = letter_of(notice, "main.7.1", "matron@example.org", ["ward@example.org"], "Asia/Kolkata")
    read = message_from_bytes(sent, policy=default)
    return str(read["subject"]), str(read.get_content()).replace("\r\n", "\n")


def test_an_assignment_is_told_of_the_bed_and_of_the_admission_and_of_no_person():
    admitted = PatientAdmitted(
        id="a1", patient_id="the-patient", acuity="high", need=Need(), admitted_at=NOW, time=NOW,
        note=FreeText("needles", "the-patient"),
    )  # fmt: skip
    notices = told(
        ("admission:a1", admitted),
        ("admission:a1", PatientAssigned(assigned=Assigned(at=NOW, how="automatic", carers=GIVEN))),
        ("ward:w1", BedOccupied(bed=BED)),
        ("intake:self", IntakeServed(admission_id="a1")),
    )
    assert [(one.type, one.subject, one.data["change"]) for one in notices] == [
        ("admission_update", "a1", "admitted"),
        ("admission_update", "a1", "assigned"),
        ("bed_update", "b1", "occupied"),
    ]
    for one in notices:
        assert set(one.data) <= set(FIELDS)
        assert not any(person in f"{one} {letter(one)}" for person in PEOPLE)
    assert (notices[1].data["ward_id"], notices[1].data["bed_id"]) == ("w1", "b1")
    assert letter(notices[2])[1].startswith("Bed 301 A (b1) of ward w1: occupied, now occupied.\n")


def test_an_alert_is_told_when_it_opens_and_when_it_closes():
    (opened,) = told(("alerts:self", AlertOpened(alert=ALERT)))
    assert (opened.type, opened.subject, opened.data["severity"]) == ("admin_alert", "x1", "critical")
    subject, text = letter(opened)
    assert subject == "Alert opened: assignment_timeout"
    assert "measured 12.5 s, limit 10.0" in text
    (closed,) = told(("alerts:self", AlertClosed(alert=replace(ALERT, closed_at=NOW))))
    assert letter(closed)[0] == "Alert closed: assignment_timeout"
    for one in (opened, closed):
        assert not any(person in f"{one} {letter(one)}" for person in PEOPLE)


@pytest.mark.parametrize("kind", [AlertRepeated, AlertAcknowledged])
def test_that_it_is_still_open_is_nobody_s_letter(kind: type[Any]):
    assert told(("alerts:self", kind(alert=ALERT))) == []

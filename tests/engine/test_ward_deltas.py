"""What the events of wards, admissions and alerts are told as: to boards without ids of people, to staff with them."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from msgspec.structs import replace

from engine.actors.admission import events as admission
from engine.actors.admission.state import Assigned
from engine.actors.alerts import events as alerts
from engine.actors.alerts.state import Alert, Slice
from engine.actors.intake import events as intake
from engine.actors.intake.state import Waiter
from engine.actors.ward import events as ward
from engine.actors.ward.state import Bed, BedProfile, Occupant, WardProfile
from engine.decider import Event, FreeText
from engine.deltas import Delta, deltas
from engine.needs import Carers, Need
from gateway.streaming.asked import OPEN

AT = 1_800_000_000_000_000
WARD, PATIENT, ADMISSION, DOCTOR, NURSE = "the-ward", "the-patient", "the-admission", "the-doctor", "the-nurse"
SECRET = FreeText("He shouts", "")
PEOPLE = (PATIENT, ADMISSION, DOCTOR, NURSE, "He shouts")
FREE = Bed(id="the-bed", profile=BedProfile(label="12A", room="12", equipment=("oxygen",)), since=AT)
LAIN_IN = replace(
    FREE, state="occupied", occupant=Occupant(patient_id=PATIENT, admission_id=ADMISSION, gender="female", since=AT)
)
DIRTY = replace(FREE, state="housekeeping", reason=SECRET)
ASSIGNED = Assigned(
    at=AT, how="automatic", carers=Carers(doctor_id=DOCTOR, nurse_id=NURSE, ward_id=WARD, bed_id="the-bed")
)
WAITER = Waiter(
    admission_id=ADMISSION, patient_id=PATIENT, acuity="high", since=AT, need=Need(ward_id=WARD), reason="no_bed"
)
ALERT = Alert(
    id="the-alert", kind="assignment_timeout", severity="critical", subject=ADMISSION, patient_id=PATIENT, value=12.5,
    threshold=10.0, unit="s", opened_at=AT, note=SECRET,
)  # fmt: skip

OF_A_BED: dict[type[Any], tuple[Event, str]] = {
    type(event): (event, change)
    for event, change in (
        (ward.BedAdded(bed=FREE), "added"),
        (ward.BedChanged(bed=FREE), "changed"),
        (ward.BedReserved(bed=replace(LAIN_IN, state="reserved")), "reserved"),
        (ward.BedReservationEnded(bed=FREE, how="expired"), "expired"),
        (ward.BedOccupied(bed=LAIN_IN), "occupied"),
        (ward.BedVacated(bed=DIRTY, admission_id=ADMISSION, start=AT, end=AT), "vacated"),
        (ward.BedPassedOn(bed=LAIN_IN, admission_id=ADMISSION, start=AT, end=AT), "passed_on"),
        (ward.BedOccupantRestated(bed=LAIN_IN, was=PATIENT), "restated"),
        (ward.BedContaminated(bed=replace(DIRTY, state="contaminated")), "contaminated"),
        (ward.BedDecontaminated(bed=DIRTY), "decontaminated"),
        (ward.BedReady(bed=FREE, turnover=5), "ready"),
        (ward.BedClosed(bed=replace(DIRTY, state="closed")), "closed"),
        (ward.BedIsolated(bed=replace(DIRTY, state="isolated")), "isolated"),
        (ward.BedReopened(bed=FREE), "reopened"),
        (ward.BedRemoved(bed_id=FREE.id), "removed"),
    )
}
OF_A_WARD = {ward.WardOpened, ward.WardChanged, ward.WardRetired}
OF_AN_ADMISSION: dict[type[Any], tuple[Event, str]] = {
    type(event): (event, change)
    for event, change in (
        (
            admission.PatientAdmitted(
                id=ADMISSION, patient_id=PATIENT, acuity="high", need=Need(), admitted_at=AT, time=AT, note=SECRET
            ),
            "admitted",
        ),
        (admission.AdmissionWaits(reason="no_bed", since=AT), "waits"),
        (admission.PatientAssigned(assigned=ASSIGNED), "assigned"),
        (admission.CarersChanged(assigned=replace(ASSIGNED, how="transfer"), reason=SECRET), "transfer"),
        (
            admission.CarerLost(
                assigned=replace(ASSIGNED, carers=Carers(nurse_id=NURSE)), why="shift_end", reason="no_staff", since=AT
            ),
            "carer_lost",
        ),
        (admission.HandoverAcknowledged(), "acknowledged"),
        (admission.AssignmentTimedOut(waited=11, timeouts=1, retry_at=AT), "timed_out"),
        (admission.AssignmentEscalated(attempts=9, time=AT), "escalated"),
        (admission.NeedChanged(acuity="low", need=Need(), reason=SECRET), "need"),
        (admission.PatientDischarged(at=AT, time=AT, reason=SECRET), "discharged"),
        (admission.AdmissionCancelled(time=AT, reason=SECRET), "cancelled"),
        (admission.AdmissionRepointed(patient_id=PATIENT), "patient"),
    )
}


def told(key: str, *events: Any) -> list[Delta]:
    return deltas(41, AT, [(key, events)])


def said(delta: Delta) -> str:
    return msgspec.json.encode(delta.document()).decode()


def test_every_event_that_can_happen_is_looked_at():
    assert OF_A_BED.keys() | OF_A_WARD == set(get_args(ward.WardEvent))
    assert OF_AN_ADMISSION.keys() == set(get_args(admission.AdmissionEvent))


@pytest.mark.parametrize(("event", "change"), OF_A_BED.values(), ids=[change for _, change in OF_A_BED.values()])
def test_a_bed_is_told_as_it_stands_now_and_nobody_in_it(event: Event, change: str):
    (delta,) = told(f"ward:{WARD}", event)
    assert (delta.topic, delta.type, delta.fields["change"], delta.staff) == (
        f"ward:{WARD}",
        "bed_update",
        change,
        True,
    )
    assert delta.fields["bed_id"] == FREE.id
    bed = getattr(event, "bed", None)
    assert delta.fields["state"] == (bed.state if bed is not None else None)
    assert not any(person in said(delta) for person in PEOPLE)


@pytest.mark.parametrize(
    ("event", "change", "name"),
    [
        (ward.WardOpened(id=WARD, profile=WardProfile(name="East"), time=AT), "opened", "East"),
        (ward.WardChanged(profile=WardProfile(name="West")), "settings", "West"),
        (ward.WardRetired(time=AT), "retired", None),
    ],
)
def test_a_ward_is_told_to_its_own_followers_and_to_those_of_all(event: Event, change: str, name: str | None):
    own, of_all = told(f"ward:{WARD}", event)
    assert (own.topic, of_all.topic, own.type) == (f"ward:{WARD}", "wards", "ward_update")
    assert own.fields == of_all.fields == {"change": change, "ward_id": WARD, "name": name}
    assert (own.staff, of_all.staff) == (True, False)


@pytest.mark.parametrize(
    ("event", "change"), OF_AN_ADMISSION.values(), ids=[change for _, change in OF_AN_ADMISSION.values()]
)
def test_an_admission_is_told_to_staff_alone_and_without_free_text(event: Event, change: str):
    (delta,) = told(f"admission:{ADMISSION}", event)
    assert (delta.topic, delta.type, delta.staff) == ("admissions", "admission_update", True)
    assert (delta.fields["change"], delta.fields["admission_id"]) == (change, ADMISSION)
    assert "He shouts" not in said(delta)


def test_an_assignment_names_who_and_what_was_given():
    (delta,) = told(f"admission:{ADMISSION}", admission.PatientAssigned(assigned=ASSIGNED))
    assert delta.fields == {
        "admission_id": ADMISSION, "change": "assigned", "how": "automatic", "status": "assigned", "doctor_id": DOCTOR,
        "nurse_id": NURSE, "ward_id": WARD, "bed_id": "the-bed",
    }  # fmt: skip


def test_who_still_lacks_somebody_is_not_told_of_as_assigned():
    moved = admission.CarersChanged(assigned=replace(ASSIGNED, how="transfer", carers=Carers(doctor_id=DOCTOR)))
    (delta,) = told(f"admission:{ADMISSION}", moved)
    assert (delta.fields["status"], delta.fields["nurse_id"]) == ("handed_over", None)


def test_the_line_of_those_who_wait_is_told_without_who_stands_in_it():
    first, served, ended = told(
        "intake:self", intake.IntakeOpened(admission_id=ADMISSION, patient_id=PATIENT),
        intake.IntakeWaits(waiter=WAITER),
        intake.IntakeServed(admission_id=ADMISSION), intake.IntakeEnded(admission_id=ADMISSION, patient_id=PATIENT),
        intake.IntakeRepointed(admission_id=ADMISSION, from_patient_id=PATIENT, to_patient_id="another"),
    )  # fmt: skip
    assert {delta.topic for delta in (first, served, ended)} == {"wards"}
    assert (first.fields["change"], first.fields["acuity"], first.fields["ward_id"]) == ("waits", "high", WARD)
    assert (served.fields, ended.fields) == ({"change": "served"}, {"change": "ended"})
    assert not any(person in said(delta) for delta in (first, served, ended) for person in PEOPLE)


@pytest.mark.parametrize(
    ("event", "change"),
    [
        (alerts.AlertOpened(alert=ALERT), "opened"),
        (alerts.AlertRepeated(alert=replace(ALERT, times=2)), "repeated"),
        (alerts.AlertAcknowledged(alert=replace(ALERT, acknowledged_at=AT)), "acknowledged"),
        (alerts.AlertClosed(alert=replace(ALERT, closed_at=AT)), "closed"),
    ],
)
def test_an_alert_is_told_as_it_stands_now_without_its_note(event: Any, change: str):
    (delta,) = told("alerts:self", event)
    assert (delta.topic, delta.type, delta.staff) == ("alerts", "admin_alert", True)
    assert (delta.fields["alert"], delta.fields["change"], delta.fields["alert_id"]) == (
        "assignment_timeout", change, "the-alert",
    )  # fmt: skip
    assert (delta.fields["times"], delta.fields["acknowledged"]) == (event.alert.times, change == "acknowledged")
    assert "He shouts" not in said(delta)


def test_figures_are_nobody_s_news():
    assert told("alerts:self", alerts.FiguresObserved(slice=Slice(at=AT, assignments=1))) == []


def test_what_needs_no_key_names_nobody():
    everything: list[Event] = [event for event, _ in (*OF_A_BED.values(), *OF_AN_ADMISSION.values())]
    everything += [intake.IntakeWaits(waiter=WAITER), alerts.AlertOpened(alert=ALERT)]
    for key in (f"ward:{WARD}", f"admission:{ADMISSION}", "intake:self", "alerts:self"):
        known = [event for event in everything if _of(key, event)]
        open_to_all = [delta for delta in told(key, *known) if delta.topic.partition(":")[0] in OPEN]
        assert not any(person in said(delta) for delta in open_to_all for person in PEOPLE)


def _of(key: str, event: Event) -> bool:
    return type(event).__module__.split(".")[2] == key.partition(":")[0]

"""Who waits is served by whatever frees something, in the same decision and in order; nobody is forgotten."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.decider import PersonName
from engine.decisions.admissions import AdmitPatient, CancelAdmission, ChangeAdmission
from engine.decisions.assign_admission import AssignAdmission
from engine.decisions.assigning.draining import TOLD_AT_ONCE
from engine.decisions.assigning.plan import AT_ONCE
from engine.decisions.beds import CloseBed, ReleaseBed, ReopenBed, ReserveBed, WhyText
from engine.decisions.shifts import AddShift
from engine.decisions.staff import ActivateStaff, ApproveStaff, ChangeStaff
from engine.decisions.wards import ChangeWard
from tests.engine.deciding import NINE
from tests.engine.house import House


@pytest.fixture
def house() -> House:
    return House()


def test_a_line_whose_first_cannot_be_served_does_not_hold_up_another(house: House) -> None:
    ward = house.ward()
    house.doctor(), house.nurse()
    icu, general = house.admit(acuity="critical", bed_type="icu"), house.admit(acuity="low")

    house.bed(ward)

    assert (house.admission(icu.id).status, house.admission(general.id).status) == ("waiting", "assigned")
    house.sound()


def test_a_new_member_of_the_staff_serves_as_many_as_there_is_room_for(house: House) -> None:
    house.ward(beds=5)
    house.doctor()
    waiting = [house.admit(acuity=one).id for one in ("low", "high", "critical", "high")]

    house.nurse(max_load=3)

    assert [house.admission(id).status for id in waiting] == ["waiting", "assigned", "assigned", "assigned"]
    house.sound()


@pytest.mark.parametrize("what", ["approved", "active", "maximum", "skilled"])
def test_whatever_lets_somebody_take_a_patient_serves_who_waits(house: House, what: str) -> None:
    house.ward(beds=2)
    house.doctor()
    nurse = house.nurse(
        *(() if what == "skilled" else ("dialysis",)),
        is_approved=what != "approved",
        is_active=what != "active",
        max_load=1,
    )
    if what == "maximum":
        house.admit()
    one = house.admit(nurse_skills=("dialysis",))
    assert one.status == "waiting"

    match what:
        case "approved":
            house.ask(ApproveStaff(staff_id=nurse, is_approved=True))
        case "active":
            house.ask(ActivateStaff(staff_id=nurse, is_active=True))
        case _:
            house.ask(
                ChangeStaff(staff_id=nurse, name=PersonName("Sam"), role="nurse", skills=("dialysis",), max_load=2)
            )

    assert house.admission(one.id).status == "assigned"
    house.sound()


def test_a_shift_that_begins_serves_who_waits_and_one_that_ends_serves_nobody(house: House) -> None:
    house.ward(beds=3)
    house.doctor()
    nurse = house.nurse()
    start = datetime.fromtimestamp(NINE / 1_000_000, UTC)
    house.ask(AddShift(staff_id=nurse, start_time=start, end_time=start.replace(hour=17)))
    one = house.admit()
    assert (one.status, one.reason) == ("waiting", "no_staff")

    house.later(59)
    assert house.admission(one.id).status == "waiting"
    house.later(2)
    assert house.admission(one.id).status == "assigned"

    house.later(9 * 60)
    assert house.admit().reason == "no_staff"
    house.sound()


def test_who_is_on_call_is_called_only_when_nobody_is_on_shift(house: House) -> None:
    house.ward(beds=3)
    house.doctor()
    start = datetime.fromtimestamp(NINE / 1_000_000, UTC)
    called = house.nurse()
    house.ask(AddShift(staff_id=called, start_time=start, end_time=start.replace(hour=17), on_call=True))
    house.later(90)
    on_shift = house.nurse(max_load=1)
    assert house.admit().nurse_id == on_shift
    assert house.admit().reason == "no_staff"

    house.ask(ActivateStaff(staff_id=on_shift, is_active=False))

    waited = [one for one in house.admissions() if one.carers.nurse_id == called]
    assert len(waited) == 2
    assert all(one.history[-1].choice is None or "nurse" in one.history[-1].choice.on_call for one in waited)
    house.sound()


def test_a_bed_that_is_kept_for_somebody_in_the_middle_of_a_line_is_his(house: House) -> None:
    ward = house.ward(beds=1)
    house.doctor()
    people = [house.person("male", "1980-01-01") for _ in range(3)]
    first, second, third = (house.admit(one) for one in people)
    (bed,) = house.states[f"ward:{ward}"].beds
    house.ask(ReserveBed(bed_id=bed, patient_id=people[1]))
    assert house.backlog() == [first.id, second.id, third.id]

    house.nurse()

    assert house.admission(second.id).carers.bed_id == bed
    assert house.backlog() == [first.id, third.id]
    house.sound()


def test_a_reservation_that_lapses_or_is_given_back_serves_who_waits(house: House) -> None:
    ward = house.ward(beds=2)
    house.doctor(), house.nurse()
    beds = list(house.states[f"ward:{ward}"].beds)
    for bed in beds:
        house.ask(ReserveBed(bed_id=bed, patient_id=house.person(), minutes=30))
    first, second = house.admit(), house.admit()
    assert house.backlog() == [first.id, second.id]

    house.ask(ReleaseBed(bed_id=beds[1]))
    assert house.admission(first.id).carers.bed_id == beds[1]
    house.later(31)
    assert house.admission(second.id).carers.bed_id == beds[0]
    house.sound()


def test_a_ward_that_takes_others_than_before_takes_who_waits(house: House) -> None:
    ward = house.ward(beds=1, gender="female")
    house.doctor(), house.nurse()
    one = house.admit(house.person("m"))
    assert one.reason == "no_bed"

    house.ask(ChangeWard(ward_id=ward, name="Ward"))

    assert house.admission(one.id).status == "assigned"
    house.sound()


def test_a_change_of_needs_is_looked_at_at_once(house: House) -> None:
    house.ward(beds=1)
    house.doctor(), house.nurse()
    icu, other = house.admit(bed_type="icu"), house.admit(bed_type="icu", acuity="low")

    changed = house.ask(ChangeAdmission(admission_id=other.id, bed_type=None))

    assert (changed.status, changed.wanted_ward_id) == ("assigned", None)
    assert house.backlog() == [icu.id]
    house.ask(ChangeAdmission(admission_id=icu.id, acuity="low"))
    assert house.intake().waiting[icu.id].acuity == "low"
    house.sound()


def test_who_cancels_while_waiting_frees_the_place_in_the_line_only(house: House) -> None:
    house.doctor(), house.nurse()
    first, second = house.admit(), house.admit()
    house.ask(CancelAdmission(admission_id=first.id))
    assert house.backlog() == [second.id]
    assert house.ask(AdmitPatient(patient_id=first.patient_id, acuity="low")).status == "waiting"
    house.sound()


def test_asking_again_in_vain_is_no_refusal_and_writes_nothing(house: House) -> None:
    house.doctor(), house.nurse()
    one = house.admit()
    assert house.ask(AssignAdmission(admission_id=one.id)).reason == "no_bed"
    assert house.events == []


def test_more_than_one_decision_serves_are_served_by_the_next_which_comes_at_once(house: House) -> None:
    house.doctor(max_load=1_000)
    waiting = [house.admit(acuity="low", needs_bed=False).id for _ in range(AT_ONCE + 20)]
    urgent = house.admit(acuity="critical", needs_bed=False).id

    house.nurse(max_load=1_000)

    assert len(house.named("PatientAssigned")) == AT_ONCE
    assert house.admission(urgent).status == "assigned"
    assert house.backlog() == waiting[-21:]
    house.later(0.001)
    assert house.backlog() == []
    assert house.intake().due == 0
    house.sound()


def test_who_comes_while_others_are_still_to_be_served_does_not_pass_them_by(house: House) -> None:
    house.doctor(max_load=1_000)
    waiting = [house.admit(acuity="high", needs_bed=False).id for _ in range(AT_ONCE + 2)]
    house.nurse(max_load=AT_ONCE + 2)
    assert house.backlog() == waiting[-2:]

    one = house.admit(acuity="low", needs_bed=False)

    assert house.backlog() == [one.id]
    house.sound()


def test_a_bed_that_is_opened_again_serves_who_waits(house: House) -> None:
    ward = house.ward(beds=1)
    house.doctor(), house.nurse()
    (bed,) = house.states[f"ward:{ward}"].beds
    house.ask(CloseBed(bed_id=bed, reason=WhyText("the lamp is broken")))
    one = house.admit()
    assert one.reason == "no_bed"
    house.ask(ReopenBed(bed_id=bed))
    assert house.admission(one.id).carers.bed_id == bed
    house.sound()


def test_who_goes_on_waiting_for_another_reason_is_told_so(house: House) -> None:
    house.ward(beds=1)
    house.doctor()
    first, second, third = (house.admit(acuity=one) for one in ("high", "low", "low"))
    assert house.intake().reasons == {"no_staff": 3}

    house.nurse()

    assert house.admission(first.id).status == "assigned"
    assert [house.admission(one.id).reason for one in (second, third)] == ["no_bed", "no_bed"]
    assert house.intake().reasons == {"no_bed": 2}
    assert house.backlog() == [second.id, third.id]
    house.sound()


def test_of_many_who_wait_for_another_reason_a_few_are_told_at_a_time(house: House) -> None:
    doctor = house.doctor(max_load=100)
    for _ in range(TOLD_AT_ONCE + 5):
        house.admit()
    house.nurse()
    assert house.intake().reasons == {"no_bed": TOLD_AT_ONCE, "no_staff": 5}
    house.ask(ActivateStaff(staff_id=doctor, is_active=False))
    house.ask(ActivateStaff(staff_id=doctor, is_active=True))
    assert house.intake().reasons == {"no_bed": TOLD_AT_ONCE + 5}
    house.sound()


def test_a_shift_that_ends_leaves_who_is_on_call(house: House) -> None:
    house.ward(beds=3)
    house.doctor()
    start = datetime.fromtimestamp(NINE / 1_000_000, UTC)
    on_shift, called = house.nurse(max_load=1), house.nurse()
    house.ask(AddShift(staff_id=on_shift, start_time=start, end_time=start.replace(hour=12)))
    house.ask(AddShift(staff_id=called, start_time=start, end_time=start.replace(hour=17), on_call=True))
    house.later(90)
    assert house.admit().nurse_id == on_shift
    waits = house.admit()
    assert waits.reason == "no_staff"

    house.later(160)

    assert house.admission(waits.id).carers.nurse_id == called
    house.sound()


def test_who_comes_while_more_are_to_be_served_than_one_decision_serves_takes_a_turn(house: House) -> None:
    house.doctor(max_load=1_000)
    waiting = [house.admit(acuity="high", needs_bed=False).id for _ in range(2 * AT_ONCE + 2)]
    house.nurse(max_load=2 * AT_ONCE + 2)
    assert house.backlog() == waiting[AT_ONCE:]

    one = house.admit(acuity="low", needs_bed=False)

    assert (one.status, house.backlog()) == ("waiting", [*waiting[-2:], one.id])
    house.later(0.001)
    assert house.backlog() == [one.id]
    house.sound()

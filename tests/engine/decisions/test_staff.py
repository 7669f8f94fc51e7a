"""R1 to R4 of decisions over staff: the roster, those who wait and those who have patients go with the member."""

from __future__ import annotations

import pytest

from engine.decider import FreeText, PersonName
from engine.decisions.staff import ActivateStaff, AddStaff, ApproveStaff, ChangeStaff, HandOver, RemoveStaff
from tests.engine.staffed import Staffed

NOBODY = "01900000-0000-7000-8000-000000000000"


def changed(staff_id: str, **more: object) -> ChangeStaff:
    return ChangeStaff(staff_id=staff_id, name=PersonName("Nina Okafor"), role="nurse", **more)  # type: ignore[arg-type]


def test_a_new_member_is_on_the_roster_and_on_duty_at_once():
    world = Staffed()
    made = world.ask(AddStaff(name=PersonName(" Ada "), role="nurse", skills=("icu", "er", "icu"), max_load=3))
    assert world.outcome == "created"
    assert (made.duty, made.duty_until, made.load, made.skills) == ("on", None, 0, ["er", "icu"])
    assert (world.listed(made.id).available, world.listed(made.id).duty) == (True, "on")


def test_who_is_not_approved_yet_gets_nobody():
    world = Staffed()
    nina = world.staff(is_approved=False)
    waits = world.admit()
    assert world.admission(waits).reason == "no_staff"
    told = world.ask(ApproveStaff(staff_id=nina, is_approved=True))
    assert (told.is_approved, told.duty, told.load) == (True, "on", 1)
    assert world.nurse_of(waits) == nina


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"ward_ids": (NOBODY,)}, "ward_ids"), ({"doctor_id": NOBODY}, "doctor_id"), ({"skills": (" ",)}, "skills")],
)
def test_wards_and_the_doctors_record_are_known_and_no_skill_is_blank(fields, field):
    refused = Staffed().refusal(AddStaff(name=PersonName("Ada"), role="nurse", **fields))
    assert refused.facts["field"] == field


def test_nobody_asks_of_who_is_not_there():
    world = Staffed()
    for asked in (
        RemoveStaff(staff_id=NOBODY),
        HandOver(staff_id=NOBODY),
        ActivateStaff(staff_id=NOBODY, is_active=True),
    ):
        assert world.refusal(asked).code == "not_found"


def test_more_room_takes_who_waits_in_the_same_decision():
    world = Staffed()
    nina = world.staff(max_load=1)
    first, second = world.admit(), world.admit()
    assert (world.nurse_of(first), world.nurse_of(second)) == (nina, "")
    told = world.ask(changed(nina, max_load=2, if_version=1))
    assert (told.load, world.nurse_of(second)) == (2, nina)
    assert world.refusal(changed(nina, max_load=3, if_version=1)).code == "stale_version"


def test_a_new_skill_takes_who_waited_for_it():
    world = Staffed()
    nina = world.staff()
    waits = world.admit(nurse_skills=("dialysis",))
    assert world.admission(waits).reason == "no_skill"
    world.ask(changed(nina, skills=("dialysis",)))
    assert world.nurse_of(waits) == nina


def test_nobody_with_patients_leaves_or_takes_another_role():
    world = Staffed()
    nina = world.staff()
    one = world.admit()
    assert world.refusal(RemoveStaff(staff_id=nina)).code == "in_use"
    assert world.refusal(ChangeStaff(staff_id=nina, name=PersonName("Nina"), role="doctor")).code == "in_use"
    world.staff()
    world.ask(HandOver(staff_id=nina))
    assert world.nurse_of(one) not in ("", nina)
    world.ask(RemoveStaff(staff_id=nina))
    assert world.outcome == "removed"
    assert world.refusal(RemoveStaff(staff_id=nina)).code == "staff_retired"


@pytest.mark.parametrize("stop", [ActivateStaff, ApproveStaff])
def test_who_does_not_work_here_any_more_hands_all_patients_over(stop):
    world = Staffed()
    nina, omar = world.staff(), world.staff(max_load=1, is_active=False)
    one, two = world.admit("low"), world.admit("critical")
    world.ask(ActivateStaff(staff_id=omar, is_active=True))
    flag = "is_active" if stop is ActivateStaff else "is_approved"
    told = world.ask(stop(staff_id=nina, reason=FreeText("suspended for now"), **{flag: False}))
    assert [(moved.admission_id, moved.staff_id) for moved in told.moved] == [(two, omar)]
    assert (told.left, told.load, told.duty) == ([one], 0, "off")
    assert (world.nurse_of(one), world.admission(one).status) == ("", "handed_over")
    assert all(reason is None or "suspended" not in reason.text for reason in _reasons(world, "Carer"))
    # Who comes back takes who was left, in the same decision.
    world.ask(stop(staff_id=nina, **{flag: True}))
    assert (world.nurse_of(one), world.admission(one).status) == (nina, "assigned")


def _reasons(world: Staffed, start: str) -> list:
    return [
        getattr(event, "reason", None)
        for _, event in world.history
        if type(event).__name__.startswith(start) and isinstance(getattr(event, "reason", None), FreeText)
    ]


def test_patients_are_handed_to_somebody_who_can_take_all_of_them_or_to_nobody():
    world = Staffed()
    nina = world.staff()
    patients = [world.admit() for _ in range(3)]
    omar = world.staff(max_load=2)
    assert world.refusal(HandOver(staff_id=nina, to_staff_id=omar)).code == "over_maximum"
    told = world.ask(HandOver(staff_id=nina, to_staff_id=omar, admission_ids=tuple(patients[:2])))
    assert ([one.admission_id for one in told.moved], told.left, told.load) == (patients[:2], [], 1)
    assert [world.nurse_of(one) for one in patients] == [omar, omar, nina]
    assert not world.admission(patients[0]).acknowledged


def test_patients_are_handed_to_somebody_else_who_is_known_and_of_the_same_role():
    world = Staffed()
    nina = world.staff()
    world.admit()
    assert world.refusal(HandOver(staff_id=nina, to_staff_id=nina)).facts["field"] == "to_staff_id"
    assert world.refusal(HandOver(staff_id=nina, to_staff_id=NOBODY)).facts["field"] == "to_staff_id"
    assert world.refusal(HandOver(staff_id=nina, to_staff_id=world.doctor_id)).facts["field"] == "to_staff_id"


def test_where_nobody_else_is_free_who_is_on_duty_keeps_the_patients():
    world = Staffed()
    nina = world.staff()
    one = world.admit()
    told = world.ask(HandOver(staff_id=nina))
    assert (told.moved, told.left, told.load) == ([], [one], 1)
    assert world.nurse_of(one) == nina

"""Facilities, branches and tests; practitioners and technicians: what may be entered of them."""

from __future__ import annotations

import pytest

from engine.actors.facility.refusals import NameTaken
from engine.actors.practitioner import PractitionerGone
from engine.decider import PersonName
from engine.decisions.facilities import (
    AddBranch,
    AddFacility,
    AddTest,
    AddTestType,
    ChangeBranch,
    ChangeFacility,
    ChangeTest,
    ChangeTestType,
)
from engine.decisions.practitioners import (
    AddPractitioner,
    AddTechnician,
    ChangePractitioner,
    ChangeTechnician,
    PrincipalTaken,
    RemovePractitioner,
    RemoveTechnician,
)
from engine.errors import Invalid, NotFound, Rejected, Stale
from tests.engine.referring import Lab

NOBODY = "01890000-0000-7000-8000-000000000000"


def test_a_facility_has_branches_and_tests_that_can_be_found() -> None:
    lab = Lab()
    shown = lab.ask(ChangeFacility(facility_id=lab.facility, name="  North   House "))
    assert (shown.name, shown.tests, [one.name for one in shown.branches]) == ("North House", 3, ["Near", "Far"])
    assert set(lab.listed("branches")) == {lab.near, lab.far}
    assert set(lab.listed("tests")) == {lab.blood, lab.sugar, lab.scan}
    assert lab.ask(ChangeFacility(facility_id=lab.facility, name="North House")).version == shown.version


def test_a_test_is_done_at_branches_of_its_own_facility() -> None:
    lab = Lab()
    south = lab.ask(AddFacility(name="South")).id
    refusal = lab.no(AddTest(facility_id=south, name="Urine", test_type_id=lab.type, branch_ids=(lab.near,)))
    assert (type(refusal), refusal.facts["branch_ids"]) == (Invalid, [lab.near])
    assert lab.ask(AddTest(facility_id=south, name="Urine", test_type_id=lab.type)).branch_ids == []


def test_a_price_has_a_currency_and_a_test_a_type_that_is_there() -> None:
    lab = Lab()
    unpriced = AddTest(facility_id=lab.facility, name="Urine", test_type_id=lab.type, price_minor=5)
    assert lab.no(unpriced).facts["field"] == "currency"
    untyped = AddTest(facility_id=lab.facility, name="Urine", test_type_id=NOBODY)
    assert isinstance(lab.no(untyped), NotFound)


def test_no_two_of_a_facility_have_one_name() -> None:
    lab = Lab()
    refusal = lab.no(AddBranch(facility_id=lab.facility, name="near"))
    assert (type(refusal), refusal.facts["id"]) == (NameTaken, lab.near)
    assert isinstance(lab.no(ChangeTest(test_id=lab.sugar, name="blood count", test_type_id=lab.type)), NameTaken)
    assert lab.no(AddTestType(name="HAEMATOLOGY")).code == "name_taken"
    other = lab.ask(AddTestType(name="Imaging"))
    assert lab.ask(ChangeTestType(test_type_id=other.id, name="Pictures")).version == 2
    assert lab.ask(ChangeTestType(test_type_id=other.id, name="Pictures")).version == 2


def test_a_branch_and_a_test_count_their_own_versions() -> None:
    lab = Lab()
    changed = lab.ask(ChangeBranch(branch_id=lab.far, name="Far", active=False, if_version=1))
    assert (changed.active, changed.version) == (False, 2)
    assert isinstance(lab.no(ChangeBranch(branch_id=lab.far, name="Far", if_version=1)), Stale)
    assert lab.ask(ChangeBranch(branch_id=lab.near, name="Near", service_id=lab.queue, if_version=1)).version == 1
    wanted = ChangeTest(test_id=lab.sugar, name="Sugar", test_type_id=lab.type, if_version=1)
    assert lab.ask(wanted).version == 2
    assert isinstance(lab.no(wanted), Stale)


def test_what_is_unknown_is_not_found() -> None:
    lab = Lab()
    for command in (
        ChangeFacility(facility_id=NOBODY, name="X"),
        AddBranch(facility_id=NOBODY, name="X"),
        AddBranch(facility_id=lab.facility, name="X", service_id=NOBODY),
        ChangeBranch(branch_id=NOBODY, name="X"),
        AddTest(facility_id=NOBODY, name="X", test_type_id=lab.type),
        ChangeTest(test_id=NOBODY, name="X", test_type_id=lab.type),
        ChangeTestType(test_type_id=NOBODY, name="X"),
        AddTechnician(name=PersonName("X"), branch_ids=(NOBODY,)),
        AddPractitioner(name=PersonName("X"), doctor_id=NOBODY),
        ChangePractitioner(practitioner_id=NOBODY, name=PersonName("X")),
        ChangeTechnician(technician_id=NOBODY, name=PersonName("X"), branch_ids=()),
    ):
        assert isinstance(lab.no(command), NotFound)


def test_a_blank_name_is_none() -> None:
    assert Lab().no(AddFacility(name="   ")).facts["field"] == "name"


def test_a_credential_is_one_practitioners_and_free_again_when_he_leaves() -> None:
    lab = Lab()
    refusal = lab.no(AddPractitioner(name=PersonName("Dr. Bo"), principal="dr"))
    assert (type(refusal), refusal.facts["id"]) == (PrincipalTaken, lab.dr)
    lab.ask(RemovePractitioner(practitioner_id=lab.dr))
    assert lab.ask(AddPractitioner(name=PersonName("Dr. Bo"), principal="dr")).principal == "dr"
    again = ChangePractitioner(practitioner_id=lab.dr, name=PersonName("Dr. Ada"))
    assert isinstance(lab.no(again), PractitionerGone)


def test_a_credential_moves_with_the_record_and_may_be_a_technicians_too() -> None:
    lab = Lab()
    lab.ask(ChangePractitioner(practitioner_id=lab.dr, name=PersonName("Dr. Ada"), principal="ada", specialty="Eyes"))
    assert lab.listed("practitioner_principals") == ["ada"]
    both = lab.ask(AddTechnician(name=PersonName("Ada"), branch_ids=(lab.near, lab.near, lab.far), principal="ada"))
    assert both.branch_ids == [lab.near, lab.far]
    lab.ask(ChangeTechnician(technician_id=both.id, name=PersonName("Ada"), branch_ids=(lab.far,)))
    assert "ada" not in lab.listed("technician_principals")
    lab.ask(RemoveTechnician(technician_id=both.id))
    assert both.id in lab.listed("technicians")


@pytest.mark.parametrize("version", [0, 9])
def test_another_version_is_stale(version: int) -> None:
    lab = Lab()
    refused: list[Rejected] = [
        lab.no(RemovePractitioner(practitioner_id=lab.dr, if_version=version)),
        lab.no(ChangeTestType(test_type_id=lab.type, name="X", if_version=version)),
        lab.no(ChangeFacility(facility_id=lab.facility, name="X", if_version=version)),
    ]
    assert {type(one) for one in refused} == {Stale}

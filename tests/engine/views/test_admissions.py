"""Lists of admissions, and the backlog in the order in which it is served."""

from __future__ import annotations

import pytest

from engine.decisions.assign_admission import ReassignCarer
from engine.errors import NotFound
from engine.views.admissions import GetAdmission, GetBacklog, ListAdmissions
from tests.engine.house import House
from tests.engine.views.of_world import shown


@pytest.fixture
def house() -> House:
    house = House()
    house.doctor(), house.nurse()
    return house


def ids(page: object) -> list[str]:
    return [one.id for one in page.items]  # type: ignore[attr-defined]


def test_admissions_are_listed_by_status_ward_staff_patient_and_acuity(house: House) -> None:
    ward = house.ward(beds=2)
    first, second = house.admit(acuity="low"), house.admit(acuity="high")
    third = house.admit(acuity="high")
    house.discharge(first.id)

    assert ids(shown(house, ListAdmissions())) == [first.id, second.id, third.id]
    assert ids(shown(house, ListAdmissions(status="discharged"))) == [first.id]
    assert ids(shown(house, ListAdmissions(status="waiting"))) == [third.id]
    assert ids(shown(house, ListAdmissions(ward_id=ward))) == [second.id]
    assert ids(shown(house, ListAdmissions(staff_id=second.nurse_id))) == [second.id]
    assert ids(shown(house, ListAdmissions(staff_id=house.nurse()))) == []
    assert ids(shown(house, ListAdmissions(patient_id=first.patient_id))) == [first.id]
    assert ids(shown(house, ListAdmissions(acuity="high"))) == [second.id, third.id]


def test_a_list_goes_on_where_the_page_before_ended(house: House) -> None:
    made = [house.admit(needs_bed=False).id for _ in range(5)]
    page = shown(house, ListAdmissions(limit=2, status="assigned"))
    assert ids(page) == made[:2]
    page = shown(house, ListAdmissions(limit=2, status="assigned", cursor=page.next_cursor))
    assert ids(page) == made[2:4]
    page = shown(house, ListAdmissions(limit=2, status="assigned", cursor=page.next_cursor))
    assert (ids(page), page.next_cursor) == (made[4:], None)


def test_the_backlog_is_in_the_order_in_which_it_is_served_and_counted_by_reason(house: House) -> None:
    ward = house.ward()
    low, high, skilled = house.admit(acuity="low"), house.admit(ward_id=ward), house.admit(doctor_skills=("surgery",))

    backlog = shown(house, GetBacklog())
    assert ids(backlog) == [high.id, skilled.id, low.id]
    assert (backlog.total, backlog.counts) == (3, {"no_bed": 2, "no_skill": 1})
    assert ids(shown(house, GetBacklog(reason="no_skill"))) == [skilled.id]
    assert ids(shown(house, GetBacklog(ward_id=ward))) == [high.id]

    page = shown(house, GetBacklog(limit=1))
    assert ids(page) == [high.id]
    page = shown(house, GetBacklog(limit=2, cursor=page.next_cursor))
    assert (ids(page), page.next_cursor) == ([skilled.id, low.id], None)


def test_an_admission_says_who_cares_for_the_patient_and_how_it_came_to_that(house: House) -> None:
    house.ward(beds=1)
    one = house.admit(acuity="critical")
    house.doctor()
    house.ask(ReassignCarer(admission_id=one.id, role="doctor"))

    seen = shown(house, GetAdmission(admission_id=one.id))
    first, second = seen.history
    assert (first.choice.order, first.choice.doctors_free, first.choice.beds_free) == (["doctor", "nurse"], 1, 1)
    assert (second.how, second.by, second.doctor_id) == ("reassigned", "desk", seen.doctor_id)
    assert not seen.acknowledged
    with pytest.raises(NotFound):
        shown(house, GetAdmission(admission_id=house.person()))


def test_nobody_waits_in_a_hospital_in_which_nobody_was_ever_admitted() -> None:
    backlog = shown(House(), GetBacklog())
    assert (backlog.items, backlog.total, backlog.counts) == ([], 0, {})

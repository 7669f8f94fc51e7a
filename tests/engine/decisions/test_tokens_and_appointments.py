"""A patient's tokens and appointments: where the policy says so, they keep out of each other's time."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import Rejected
from tests.engine.attending import House


def no(work: Any, *args: Any, **more: Any) -> Rejected:
    with pytest.raises(Rejected) as refused:
        work(*args, **more)
    return refused.value


def test_a_token_over_an_appointment_is_refused_where_the_policy_says_so() -> None:
    house = House(patient_overlap=True)
    house.room()
    patient = house.patient()
    id = house.booked(30, patient=patient)
    refused = no(house.book, house.slot(), patient)
    assert (refused.code, refused.facts["appointment_id"]) == ("patient_overlap", id)
    assert house.book(house.slot(start=house.appointment(id).end), patient)


def test_an_appointment_over_a_token_is_refused_where_the_policy_says_so() -> None:
    house = House(patient_overlap=True)
    house.room()
    patient = house.patient()
    token = house.book(house.slot(), patient)
    refused = no(house.booked, 30, patient=patient)
    assert (refused.code, refused.facts["token_id"]) == ("patient_overlap", token)


def test_without_that_policy_neither_is() -> None:
    house = House()
    house.room()
    patient = house.patient()
    assert house.booked(30, patient=patient)
    assert house.book(house.slot(), patient)

"""A hospital and its policy, as commands ask for them."""

from __future__ import annotations

import msgspec
import pytest

from engine.actors.hospital import Policy
from engine.decisions.hospital import AddHospital, ChangePolicy
from engine.errors import Invalid, Stale
from tests.engine.deciding import World


def test_a_hospital_is_added_with_its_policy():
    world = World(zone="Asia/Kolkata", offer_minutes=20)
    hospital = world.states["hospital:self"]
    assert (hospital.id, hospital.time_zone, hospital.policy.offer_minutes) == ("main", "Asia/Kolkata", 20)
    assert (world.outcome, world.history[0][0]) == ("created", "hospital:self")


def test_a_second_hospital_in_one_log_is_refused():
    assert World().refusal(AddHospital(hospital_id="other", name="O", time_zone="UTC")).code == "hospital_exists"


def test_an_unknown_zone_is_invalid():
    with pytest.raises(Invalid):
        World(zone="Europe/Nowhere")


def test_a_policy_is_replaced_whole_and_answered_with_its_version():
    world = World(offer_minutes=20, overbook_pct=10)
    view = world.ask(ChangePolicy(late_minutes=5))
    assert (view.late_minutes, view.offer_minutes, view.overbook_pct, view.version) == (5, 15, 0, 2)
    assert type(world.states["hospital:self"].policy) is Policy
    assert isinstance(world.refusal(ChangePolicy(if_version=1)), Stale)


@pytest.mark.parametrize("hospital_id", ["", "Main", "-a", "a-", "a b", "main\n", "a" * 64, "ä", "../x"])
def test_an_id_that_cannot_stand_in_a_header_is_refused_by_its_type(hospital_id: str):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"hospital_id": hospital_id, "name": "N", "time_zone": "UTC"}, AddHospital)

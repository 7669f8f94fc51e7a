"""What is to be otherwise, as it is written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import Invalid
from replay.whatif.variation import read, seats, spoken


def test_fields_without_a_place_are_the_policy_s():
    found = spoken(["promotion=offer", "max_wait_minutes.WALKIN=30", "service.LAB.max_calls=2", "quotas.*.ONLINE=4"])
    assert found.policy == {"promotion": "offer", "max_wait_minutes": {"WALKIN": 30}}
    assert found.service == {"LAB": {"max_calls": 2}}
    assert found.quotas == {"*": {"ONLINE": 4}}
    assert found.name.startswith("promotion=offer, ")


@pytest.mark.parametrize(("said", "of"), [("x1.2", 12), ("×1.25", 13), ("0.5", None), ("30", 30), ("none", None)])
def test_a_capacity_is_seats_or_a_factor(said: str, of: int | None):
    if of is None:
        with pytest.raises(Invalid, match="no capacity"):
            seats(10, said)
    else:
        assert seats(10, said) == of


def test_a_capacity_may_be_of_one_slot():
    assert spoken([], ["a1=7", "x2"]).capacity == {"a1": "7", "*": "x2"}


@pytest.mark.parametrize(
    "wrong", ["no_such_field=1", "promotion=never", "promotion", "service.LAB=1", "service.LAB.counters=0", "=4"]
)
def test_what_cannot_be_meant_is_refused(wrong: str):
    with pytest.raises(Invalid):
        spoken([wrong])


def test_a_file_says_the_same_and_is_named_by_its_name(tmp_path: Path):
    path = tmp_path / "more seats.toml"
    path.write_text('[policy]\npromotion = "offer"\n[capacity]\n"*" = "x1.2"\n[service.LAB]\ncounters = 3\n')
    found = read(path)
    assert (found.name, found.capacity, found.service["LAB"]) == ("more seats", {"*": "x1.2"}, {"counters": 3})
    path.write_text("[polcy]\n")
    with pytest.raises(Invalid, match="more seats"):
        read(path)

"""A morning's bookings: of the shape of real clinics, or of a file of real bookings, and the same for the same seed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.arrivals import shape
from perf.figures import Incorrect
from perf.load.day import BEGINS, ENDS, LEADS, mornings
from perf.load.plan import Laboratory, Settings, Site
from perf.load.referring import PRACTITIONERS
from perf.scenarios import loads


def test_the_same_seed_gives_the_same_morning_in_order_of_time():
    first = mornings(500, 60.0, 20, 10, seed=3)
    assert first == mornings(500, 60.0, 20, 10, seed=3) != mornings(500, 60.0, 20, 10, seed=4)
    assert [one.at for one in first] == sorted(one.at for one in first)
    assert 0 <= first[0].at <= first[-1].at <= 60
    assert {one.site for one in first} == set(range(20))
    assert {one.department for one in first} == set(range(10))


def test_half_hours_have_the_shares_that_real_clinics_have():
    coming = mornings(20_000, ENDS - BEGINS, 1, 1, seed=1)
    found = Counter(int(one.at // 1800) for one in coming)
    real = list(shape().booking_share_by_half_hour.values())[1:12]
    for number, share in enumerate(real):
        assert found[number] / len(coming) == pytest.approx(share / sum(real), abs=0.01)
    today = sum(one.day == 0 for one in coming) / len(coming)
    assert today == pytest.approx(shape().lead_days["0"], abs=0.02)
    away = sum(not one.comes for one in coming if one.day == LEADS["31+"])
    assert away / sum(one.day == LEADS["31+"] for one in coming) == pytest.approx(0.33, abs=0.05)


ROWS = """Booking Time,day,department,No-Show
2026-03-02T08:00:00,2026-03-02,Eyes,no
2026-03-02 09:30:00,2026-03-04,Ears,Yes
2026-03-05T11:00:00Z,2026-04-30,Eyes,0
"""


def written(tmp_path: Path, text: str) -> str:
    file = tmp_path / "bookings.csv"
    file.write_text(text, "utf-8")
    return str(file)


def test_a_file_gives_its_bookings_by_time_of_day(tmp_path):
    coming = mornings(3, 30.0, 1, 10, seed=1, file=written(tmp_path, ROWS))
    assert [(one.at, one.department, one.day, one.comes) for one in coming] == [
        (0.0, 1, LEADS["0"], True), (15.0, 0, LEADS["1-3"], False), (30.0, 1, LEADS["31+"], True),
    ]  # fmt: skip


def test_fewer_bookings_than_wanted_are_drawn_from_again_more_are_drawn_from_once(tmp_path):
    file = written(tmp_path, ROWS)
    assert len(mornings(100, 30.0, 1, 10, seed=1, file=file)) == 100
    assert len(mornings(2, 30.0, 1, 10, seed=1, file=file)) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "columns: booking time, day, department, no-show"),
        (ROWS.replace("2026-03-04", "soon"), "row 3 of the arrivals"),
        (ROWS.splitlines()[0], "has no bookings"),
    ],
)
def test_a_file_of_something_else_is_refused_with_its_row(text: str, said: str, tmp_path):
    with pytest.raises(Incorrect, match=said):
        mornings(3, 30.0, 1, 10, seed=1, file=written(tmp_path, text))


FOUNDED = {"surge": 3, "referral-lists": 2}
"""Scenarios that found hospitals of their own kinds, and how many."""


@pytest.mark.parametrize("name", sorted(loads()))
def test_a_plan_is_the_same_for_the_same_seed_and_in_rising_order(name: str):
    scenario = loads()[name]
    settings = scenario.quick if not scenario.relative else _at(scenario.quick)
    sites = [
        Site(
            f"site-{n}", doctors=["d1", "d2"], patients=[f"p{k}" for k in range(3_000)],
            days=[["s1", "s2"]] * 5, today=["t1", "t2"], services=["q1"], counters=5, capacity=9_000,
            clinic="c1", rooms=["r1", "r2"], beds=["b1", "b2"],
            laboratory=Laboratory(
                technician="t1", branches=["l1"], practitioners=[f"d{k}" for k in range(PRACTITIONERS)], tests=["x1"]
            ),
        )
        for n in range(FOUNDED.get(name, settings.hospitals))
    ]  # fmt: skip
    chains = list(scenario.plan(sites, settings))
    assert chains == list(scenario.plan(sites, settings))
    assert [chain.start for chain in chains] == sorted(chain.start for chain in chains)
    requests = sum(len(chain.steps) for chain in chains)
    assert requests > 50
    for chain in chains:
        assert [step.offset for step in chain.steps] == sorted(step.offset for step in chain.steps)


def _at(settings: Settings) -> Settings:
    return replace(settings, rate=60.0, saturation=40.0)

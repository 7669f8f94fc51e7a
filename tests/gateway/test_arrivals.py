"""The arrivals of a day: repeatable, and of the shape that real clinics have."""

from __future__ import annotations

import pytest

from gateway.arrivals import day_of, gaps, shape


def test_the_same_seed_gives_the_same_day_and_another_another():
    assert day_of(7, 200) == day_of(7, 200)
    assert day_of(7, 200) != day_of(8, 200)


def test_a_day_has_the_shape_it_is_drawn_from():
    day, drawn = day_of(1, 20_000), shape()
    first_hour = sum(7 * 3600 <= arrival.second < 8 * 3600 for arrival in day) / len(day)
    shares = drawn.booking_share_by_half_hour
    assert first_hour == pytest.approx(shares["07:00"] + shares["07:30"], abs=0.01)
    same_day = [arrival for arrival in day if not arrival.booked_before]
    assert len(same_day) / len(day) == pytest.approx(drawn.lead_days["0"], abs=0.01)
    absent = sum(not arrival.comes for arrival in same_day) / len(same_day)
    assert absent == pytest.approx(drawn.no_show_by_lead_days["0"], abs=0.01)
    assert sum(arrival.age < 10 for arrival in day) / len(day) == pytest.approx(drawn.age_decade_share["0-9"], abs=0.01)


def test_shares_are_shares():
    drawn = shape()
    for shares in (drawn.booking_share_by_half_hour, drawn.lead_days, drawn.age_decade_share):
        assert sum(shares.values()) == pytest.approx(1.0, abs=0.003)
    assert drawn.no_show_by_lead_days.keys() == drawn.lead_days.keys()


def test_only_who_comes_on_the_day_is_an_emergency():
    assert not any(arrival.category == "EMERGENCY" and arrival.booked_before for arrival in day_of(3, 5_000))


def test_a_faster_day_has_shorter_gaps_and_all_its_arrivals():
    day = day_of(1, 100)
    waits = [gap for gap, _ in gaps(day, speed=60)]
    assert sum(waits) == pytest.approx((day[-1].second - day[0].second) / 60)
    assert min(waits) >= 0
    assert list(gaps([], speed=60)) == []

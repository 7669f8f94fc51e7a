"""The bench's rooms: each subject runs small, counts what it did, and refuses to tell figures of a wrong run."""

from __future__ import annotations

from random import Random

import pytest

from engine.actors.room import objection
from engine.actors.room.state import Taken
from engine.decider import MINUTE
from perf.figures import Incorrect, Row
from perf.size import Size
from perf.verify.log import Verdicts
from perf.workloads import room_choice, room_offers, rooms
from perf.workloads.room_choice import clinic, full_room, policy_of

TINY = Size(rounds=1, requests=20, connections=4, deep=60, rooms=30, choices=5, taken=5, any_disk=True, settle=False)


def quiet(_: str) -> None:
    pass


def named(rows: list[Row]) -> dict[str, Row]:
    assert all(len(row.values) >= 1 and min(row.values) >= 0 for row in rows)
    return {row.name.strip(): row for row in rows}


def test_detection_evaluation_and_choice_are_timed_call_by_call():
    found = named(room_choice.measure(TINY, quiet))
    assert found["conflict detection, 60 bookings, p95"].verdict
    assert found["rule evaluation of a room, p95"].verdict
    assert found["best of 30 rooms, p95"].verdict
    assert 0 < found["of them taken"].median < 100
    assert 0 < found["rooms that passed"].median < 100


def test_a_room_that_says_yes_when_it_is_taken_spoils_the_run(monkeypatch):
    monkeypatch.setattr(room_choice, "objection", lambda *_: None)
    with pytest.raises(Incorrect, match="a room with 60 bookings says None"):
        room_choice.measure(TINY, quiet)


def test_the_full_room_is_held_twenty_five_minutes_of_each_hour():
    full = full_room(24)
    first = full.calendar[0]
    for minute, taken in ((0, True), (24, True), (25, False), (40, False), (41, True)):
        start = first.start + minute * MINUTE
        against = objection(full, Taken(start, start + 20 * MINUTE, "new", start, start + 20 * MINUTE, ""))
        assert (against is not None) is taken, minute


def test_the_rooms_of_the_bench_differ_and_thirty_rules_are_compiled():
    policy = policy_of(30)
    assert (len(policy.hard), len(policy.soft)) == (10, 20)
    candidates = list(clinic(30, Random(1)))
    assert len({one.profile.id for one in candidates}) == 30
    assert len({one.profile.equipment for one in candidates}) > 5


async def test_every_offer_is_taken_at_once_and_can_be_had(tmp_path):
    found = named(await room_offers.measure(tmp_path, TINY, quiet))
    assert found["offers taken at once"].median >= TINY.taken
    assert found["that could not be had"].values == (0.0,)
    assert found["policy cache"].median > 0


async def test_an_offer_that_could_not_be_had_is_counted(tmp_path, monkeypatch):
    async def never(*_: object) -> bool:
        return False

    monkeypatch.setattr(room_offers._Desk, "_taken", never)
    found = named(await room_offers.measure(tmp_path, TINY, quiet))
    assert found["that could not be had"].median == found["offers taken at once"].median
    assert found["that could not be had"].verdict == "missed"


async def test_rooms_are_booked_over_http_beside_tokens_and_counted_in_the_log(tmp_path):
    found = named(await rooms.over_http(tmp_path, TINY, quiet))
    assert {"OPD booking", *(f"room booking, {name}" for name in rooms.CLINICS)} <= set(found)
    judged = {row.name for row in found.values() if row.target}
    assert judged == {*(f"room booking, {name}" for name in rooms.CLINICS), "rooms of OPD bookings, 10 rooms, 3 rules"}


async def test_bookings_that_the_log_does_not_have_spoil_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(rooms, "examine", _without_bookings)
    with pytest.raises(Incorrect, match="40 rooms were acknowledged, 0 are booked"):
        await rooms.over_http(tmp_path, TINY, quiet)


async def _without_bookings(*_: object) -> object:
    return Verdicts()

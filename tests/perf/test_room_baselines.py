"""The stack that rooms are held against: what it is asked, that no room is held twice, and that its check sees it."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest

from perf.baselines import postgres
from perf.baselines import rooms as stack
from perf.baselines.processes import alive
from perf.baselines.room_plan import WARMING, RoomPlan, bodies, equipment, filling, made_up, warming
from perf.client import Load, send
from perf.figures import Incorrect
from perf.scenarios import comparisons

PLAN = RoomPlan(rooms=5, together=4, bookings=40)


def quiet(_: str) -> None:
    pass


def test_a_rush_comes_time_after_time_and_a_day_in_no_order():
    def order(plan: RoomPlan) -> list[str]:
        return [str(body["start_time"]) for body in asked(plan)]

    rush = msgspec.structs.replace(PLAN, rush=True)
    assert order(rush) == sorted(order(rush)) == sorted(order(PLAN))
    assert order(PLAN) != sorted(order(PLAN))
    assert order(PLAN) == order(PLAN)


def asked(plan: RoomPlan) -> list[dict[str, object]]:
    return [msgspec.json.decode(body) for body in bodies(plan, made_up(plan))]


def test_as_many_want_each_time_as_the_plan_says_and_each_has_a_doctor_and_a_patient_of_his_own():
    by_time: defaultdict[object, list[dict[str, object]]] = defaultdict(list)
    for body in asked(PLAN):
        by_time[body["start_time"], body["end_time"]].append(body)
    assert [len(those) for those in by_time.values()] == [PLAN.together] * (PLAN.bookings // PLAN.together)
    for those in by_time.values():
        assert len({body["doctor_id"] for body in those}) == len({body["patient_id"] for body in those}) == len(those)


def test_warming_up_takes_no_time_that_counts():
    ids = made_up(PLAN)
    warm = {msgspec.json.decode(body)["start_time"] for body in warming(PLAN, ids)}
    assert len(warming(PLAN, ids)) == WARMING
    assert not warm & {body["start_time"] for body in asked(PLAN)}


def test_the_tables_hold_all_that_is_asked_for():
    script = "".join(filling(PLAN))
    for body in asked(PLAN):
        assert all(str(body[name]) in script for name in ("clinic_id", "doctor_id", "patient_id"))
    assert {len(equipment(number)) for number in range(PLAN.rooms)} == {1, 2, 3, 4, 5}


def test_a_stack_that_is_not_installed_says_so_and_the_others_are_measured(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres, "DEBIAN", tmp_path)
    assert stack.missing().startswith("PostgreSQL")
    assert "room-baselines" in comparisons()


async def booking(rooms: stack.Rooms, asked: list[str]) -> dict[int, int]:
    return (await send(Load(rooms.port, rooms.path, 20, asked))).statuses


@pytest.mark.long
async def test_the_stack_gives_each_room_once_and_its_check_finds_one_that_is_given_twice():
    assert stack.missing() == ""
    # Not pytest's own folder, which nobody else may enter: PostgreSQL does not run as root.
    with TemporaryDirectory() as folder:
        async with stack.running(Path(folder), PLAN, quiet) as running:
            assert await booking(running, running.bodies) == {201: PLAN.bookings}
            assert await stack.booked(running) == PLAN.bookings + WARMING
            # The same people again, elsewhere at the same time; and a time at which there is no room left.
            assert await booking(running, running.bodies[:4]) == {409: 4}
            rows = await postgres.ask(running.database, "SELECT cardinality(equipment) FROM rooms JOIN appointments "
                                      "ON room_id = rooms.id WHERE lower(during) = '2100-01-04 08:00+00'")  # fmt: skip
            assert Counter(int(count) for [count] in rows) == {1: 1, 2: 1, 3: 1, 4: 1}, "the least equipment first"
            body = msgspec.json.decode(running.bodies[0])
            for changed, status in (
                ({"end_time": "2100-01-01T00:00:00Z"}, 422), ({"room_type": "imaging"}, 409), ({"capacity": 3}, 409),
                ({"patient_id": body["doctor_id"], "doctor_id": body["patient_id"]}, 404),
            ):  # fmt: skip
                assert await booking(running, [msgspec.json.encode(body | changed).decode()]) == {status: 1}
            await postgres.ask(running.database, "ALTER TABLE appointments DROP CONSTRAINT one_room")
            one = "UPDATE appointments SET room_id = (SELECT min(id::text) FROM rooms)::uuid"
            await postgres.ask(running.database, one)
            with pytest.raises(Incorrect, match="in one place at one time"):
                await stack.booked(running)
        assert not any(map(alive, running.pids))

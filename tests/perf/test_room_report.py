"""The report of a run on rooms has every field of source 002 for rooms, filled from the run."""

from __future__ import annotations

from perf.load.histogram import Histogram
from perf.reporting.rooms import rooms
from perf.runs import Check, Run
from perf.verify.log import OVERLAPS
from perf.verify.room_sums import RoomSums
from replay.reporting.document import Heading, Listing, Table
from tests.perf.kept import repeat, run

SUMS = RoomSums(
    attempts=1_000, booked=700, refused={"room_conflict": 250, "no_room_available": 50}, without_room=80, freed=30,
    waiting=50, named=100, choices=520, considered=26_000, asked=540, failed={"busy": 4_000, "equipment": 2_000},
    rules=520 * 30, hard_judged=260_000, soft_judged=400_000, points={"continuity": -520_000},
    given={"continuity": 520}, lead=780_000, led=520,
)  # fmt: skip


def of_rooms(*, sound: bool = True) -> Run:
    one = repeat(0.002)
    one.rooms = SUMS
    waits = one.measured.ops["book, refused"] = Histogram()
    for _ in range(100):
        waits.add(0.004)
    one.measured.statuses["book the offered room"] = {"201": 90, "409": 10}
    one.checks.append(Check(OVERLAPS, sound, 700, "" if sound else "room r is in a and in b"))
    for account, scale in ((one.before, 1), (one.after, 3)):
        assert account is not None
        account["caches"] = {"policies": {"hits": 500 * scale, "misses": scale}}
    return run(one, scenario="room-conflicts")


def listed(made: Run) -> dict[str, str]:
    lines = "\n".join(block.text for block in rooms(made) if isinstance(block, Listing)).splitlines()
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_every_field_for_rooms_is_filled():
    said = listed(of_rooms())
    assert said["Booking attempts"] == "1,000"
    assert said["Successful bookings"] == "700 (70.0 %)"
    assert said["Conflicts detected"] == "300"
    assert said["Refusals by code"] == "50 no_room_available, 250 room_conflict"
    assert said["Alternative rooms assigned"].startswith("90 of 100")
    assert said["Conflict told, p95"].startswith("4.0 ms")
    assert said["Appointments without rooms"].startswith("80")
    assert said["given one later"].startswith("30")
    assert said["waiting at the end"].startswith("50")
    assert said["Double bookings found"].startswith("0 in 700")
    assert said["Total rule evaluations"].startswith("660,000")
    assert said["Policy cache hit rate"] == "99.8% of 1,002"
    assert said["Rules by choice"] == "30.0"
    assert said["Rooms filtered out"] == "6,000 of 26,000"
    assert said["Best room leads the next by"].startswith("1.50 points")
    assert said["Rooms looked at"].startswith("26,000")
    assert said["Rooms asked themselves"].startswith("540")
    assert "97.9 % less" in said["Rooms asked themselves"]


def test_rules_are_told_by_kind():
    [table] = [block for block in rooms(of_rooms()) if isinstance(block, Table)]
    assert ("left out", "busy", "4,000", "") in table.rows
    assert ("gave points", "continuity", "520", "-1.00") in table.rows


def test_a_double_booking_is_said_in_its_place():
    assert listed(of_rooms(sound=False))["Double bookings found"] == "room r is in a and in b"


def test_a_run_in_which_nobody_asked_for_a_room_says_nothing_of_rooms():
    assert rooms(run()) == []


def test_without_rules_nothing_is_said_of_them():
    made = of_rooms()
    made.repeats[0].rooms = RoomSums(attempts=3, booked=3)
    assert [block.text for block in rooms(made) if isinstance(block, Heading)] == ["Room assignment"]
    assert listed(made)["Alternative rooms assigned"].startswith("90")

"""Rooms on a server of somebody else: founded over its interface, and what was acknowledged read back and compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from perf.load.plan import Settings
from perf.load.running import Setup, run_load
from perf.scenarios import loads
from perf.serving import server
from perf.verify.log import OVERLAPS
from perf.verify.remote import _overlaps


def quiet(*_: object) -> None:
    pass


async def test_rooms_on_a_server_of_somebody_else_are_read_back(tmp_path: Path):
    settings = Settings(closed=8, attempts=80, seconds=60.0, warm=0.0)
    flags = ["serve", "--data", str(tmp_path / "data"), "--dev", "--bind", "127.0.0.1:0", "--no-request-log"]
    async with server("gateway", [*flags, "--log-level", "error"]) as served:
        setup = Setup(folder=tmp_path, target=("127.0.0.1", served.port))
        repeat = await run_load(loads()["room-conflicts"], settings, setup, quiet, quiet)
    assert repeat.sound, [check for check in repeat.checks if not check.ok]
    counts = {check.name: check.count for check in repeat.checks}
    assert counts[OVERLAPS] > 5
    assert counts["every acknowledged write can be read back"] > 5


def booked(id: str, begins: str, ends: str, **more: Any) -> dict[str, Any]:
    """An appointment as it is read back, whose room is cleaned for five minutes."""
    return {
        "id": id, "status": "booked", "room_id": "r", "doctor_id": f"d of {id}", "patient_id": f"p of {id}",
        "start_time": f"2100-01-04T{begins}:00Z", "end_time": f"2100-01-04T{ends}:00Z",
        "busy_from": f"2100-01-04T{begins}:00Z", "busy_to": f"2100-01-04T{ends}:05Z", **more,
    }  # fmt: skip


def test_back_to_back_is_no_overlap_and_what_is_cancelled_holds_nothing():
    one, other = booked("a", "09:00", "09:20"), booked("b", "09:21", "09:40")
    cancelled = booked("c", "09:00", "09:40", status="cancelled")
    token = {"id": "t", "status": "CONFIRMED"}
    assert _overlaps([other, cancelled, one, token]) == (2, [])


def test_a_room_a_doctor_or_a_patient_in_two_places_is_found():
    one = booked("a", "09:00", "09:20")
    assert _overlaps([one, booked("b", "09:20", "09:40")])[1] == ["room r is in a and in b at one time"]
    elsewhere = booked("b", "09:19", "09:40", room_id=None, busy_from=None, busy_to=None)
    assert _overlaps([one, elsewhere | {"doctor_id": "d of a"}])[1] == ["doctor d of a is in a and in b at one time"]
    assert _overlaps([one, elsewhere | {"patient_id": "p of a"}])[1] == ["patient p of a is in a and in b at one time"]


def test_a_long_one_overlaps_all_that_lie_in_it():
    long = booked("long", "08:00", "12:00")
    assert len(_overlaps([long, booked("a", "09:00", "09:20"), booked("b", "10:00", "10:20")])[1]) == 2

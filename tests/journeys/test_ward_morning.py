"""Two hundred patients come at once to a house of sixty beds, and the power goes in the middle of it.

All ask again with their keys. Each bed has one patient, beds are given in the order of acuity, then of waiting, nobody
is lost, and the log gives the same again.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import trio

from tests.serving import JSON, Desk, replay_check, serving

PATIENTS = 200
WARDS = 3
BEDS = 20
"""Of each ward."""
RANK = {"critical": 0, "high": 1, "medium": 2, "low": 3}


class Rush:
    """Everybody who is admitted; who gets no answer asks again with the same key."""

    def __init__(self, patients: list[str]) -> None:
        chance = Random(20310303)
        self.bodies = [{"patient_id": id, "acuity": chance.choice((*RANK, "medium", "low"))} for id in patients]
        self.answers: dict[int, JSON] = {}
        self.replayed = 0

    async def come(self, url: str, then: Any = None, after: int = 0) -> None:
        """Let all be admitted, twenty at a time; ``then`` is called once so many were answered."""
        numbers = iter(range(len(self.bodies)))

        async def desk() -> None:
            nonlocal then
            async with httpx2.AsyncClient(base_url=f"{url}/api/v1", timeout=15) as client:
                for number in numbers:
                    key = {"Idempotency-Key": f"p{number}"}
                    try:
                        answer = await client.post("/admissions/", json=self.bodies[number], headers=key)
                    except httpx2.TransportError:
                        return
                    assert answer.status_code == 201, answer.text
                    self.replayed += answer.headers.get("Idempotent-Replayed") == "true"
                    assert self.answers.setdefault(number, answer.json()) == answer.json()
                    if then is not None and len(self.answers) >= after:
                        then()
                        then = None

        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(desk)


def open_house(desk: Desk) -> None:
    """Sixty beds, and staff for all who lie in them and not one more."""
    for number in range(WARDS):
        ward = desk.post("/wards/", {"name": f"Ward {number}", "mixed_rooms": True, "mixed_ages": True})["id"]
        for bed in range(BEDS):
            desk.post(f"/wards/{ward}/beds/", {"label": f"{bed}"})
    for role, count in (("doctor", 10), ("nurse", 20)):
        for number in range(count):
            desk.post("/staff/", {"name": f"{role} {number}", "role": role, "max_load": WARDS * BEDS // count})


def all_of(desk: Desk, path: str, **wanted: str) -> list[JSON]:
    """Everything in a list."""
    found: list[JSON] = desk.get(path, limit=1000, **wanted)["items"]
    return found


def turn(one: JSON) -> tuple[int, str, str]:
    """The place of who waits."""
    return RANK[one["acuity"]], one["waiting_since"], one["id"]


def one_bed_each(desk: Desk) -> None:
    """Beds and admissions say the same of each other, and nobody has more patients than allowed."""
    admissions = {one["id"]: one for one in all_of(desk, "/admissions/") if one["status"] == "assigned"}
    occupied = [bed for bed in all_of(desk, "/beds/") if bed["state"] == "occupied"]
    lying = {bed["admission_id"]: bed["id"] for bed in occupied}
    assert len(lying) == len(occupied) == len({bed["patient_id"] for bed in occupied})
    assert lying == {id: one["bed_id"] for id, one in admissions.items()}
    for member in all_of(desk, "/staff/"):
        theirs = [one for one in admissions.values() if member["id"] in (one["doctor_id"], one["nurse_id"])]
        assert member["load"] == len(theirs) <= member["max_load"]


def test_a_morning_of_two_hundred_admissions_survives_a_power_cut(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        desk = Desk(server.url)
        open_house(desk)
        rush = Rush(desk.patients(PATIENTS))
        desk.close()

        trio.run(rush.come, server.url, server.kill, PATIENTS // 2)
        assert PATIENTS // 2 <= len(rush.answers) < PATIENTS
        server.start()
        # All ask again, also those who had their answer: it is the same one.
        trio.run(rush.come, server.url)
        assert len(rush.answers) == PATIENTS
        assert rush.replayed >= PATIENTS // 2

        desk = Desk(server.url)
        one_bed_each(desk)
        admissions = {one["id"]: one for one in all_of(desk, "/admissions/")}
        assert set(admissions) == {answer["id"] for answer in rush.answers.values()}
        waiting = sorted((one for one in admissions.values() if one["status"] == "waiting"), key=turn)
        assert len(waiting) == PATIENTS - WARDS * BEDS
        assert [one["id"] for one in all_of(desk, "/backlog/")] == [one["id"] for one in waiting]

        # Half of those in beds leave, one by one: each cleaned bed goes to who is first in line.
        here = [one for one in admissions.values() if one["status"] == "assigned"]
        for gone in here[: len(here) // 2]:
            desk.post(f"/admissions/{gone['id']}/discharge/", {}, 200)
            bed = desk.post(f"/beds/{gone['bed_id']}/clean/", {}, 200)
            first = waiting.pop(0)
            assert (bed["state"], bed["admission_id"]) == ("occupied", first["id"])
        desk.close()
        server.kill()
        server.start()

        desk = Desk(server.url)
        one_bed_each(desk)
        assert [one["id"] for one in all_of(desk, "/backlog/")] == [one["id"] for one in waiting]
        # The others leave too, until all have been served.
        for _ in range(20):
            for one in all_of(desk, "/admissions/", status="assigned"):
                desk.post(f"/admissions/{one['id']}/discharge/", {}, 200)
                desk.post(f"/beds/{one['bed_id']}/clean/", {}, 200)
        one_bed_each(desk)
        assert all_of(desk, "/backlog/") == []
        assert len(all_of(desk, "/admissions/", status="discharged")) == PATIENTS
        desk.close()
        assert server.stop() == 0
    checked = replay_check(tmp_path / "data")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    found = json.loads(checked.stdout)
    assert found["equal"] is True
    assert found["sound"] is True
    assert found["hospitals"][0]["admissions"] == PATIENTS

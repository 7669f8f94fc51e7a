"""The main job: a morning of 500 patients over HTTP, a power cut in the middle of it, and the report at its end."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import trio

from tests.serving import Desk, replay_check, serving

DAY = "2031-03-03"
CATEGORIES = ("ONLINE", "WALKIN", "FOLLOWUP", "PRIORITY_PAID", "EMERGENCY")


class Morning:
    """Five hundred patients who book; who gets no answer asks again with the same key."""

    def __init__(self, patients: list[str], slots: list[str]) -> None:
        chance = Random(20310303)
        self.bodies = [
            {
                "slot_id": chance.choice(slots),
                "patient_id": patient,
                "category": chance.choices(CATEGORIES, (40, 35, 15, 8, 2))[0],
            }
            for patient in patients
        ]
        self.answers: dict[int, dict[str, Any]] = {}
        self.replayed = 0

    async def come(self, url: str, numbers: list[int], then: Any = None, after: int = 0) -> None:
        """Let these patients book, twenty at a time; ``then`` is called when so many were answered."""
        waiting = iter(numbers)

        async def desk() -> None:
            nonlocal then
            async with httpx2.AsyncClient(base_url=f"{url}/api/v1", timeout=15) as client:
                for number in waiting:
                    try:
                        answer = await client.post(
                            "/tokens/", json=self.bodies[number], headers={"Idempotency-Key": f"p{number}"}
                        )
                    except httpx2.TransportError:
                        return
                    assert answer.status_code in (201, 202), answer.text
                    self.replayed += answer.headers.get("Idempotent-Replayed") == "true"
                    before = self.answers.setdefault(number, answer.json())
                    assert before == answer.json()
                    if then is not None and len(self.answers) >= after:
                        then()
                        then = None

        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(desk)


def test_a_morning_of_five_hundred_patients_survives_a_power_cut(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        desk = Desk(server.url)
        doctors = [desk.doctor(name) for name in ("Cardiology", "Paediatrics", "Orthopaedics", "Dermatology")]
        slots = [
            desk.slot(doctor, f"{DAY}T{hour:02}:00:00Z", f"{DAY}T{hour + 1:02}:00:00Z", 30)
            for doctor in doctors
            for hour in (8, 9, 10, 11)
        ]
        morning = Morning(desk.patients(500), slots)
        desk.close()

        trio.run(morning.come, server.url, list(range(500)), server.kill, 250)
        assert 250 <= len(morning.answers) < 500
        server.start()
        # All ask again, also those who had their answer: it is the same one.
        trio.run(morning.come, server.url, list(range(500)))
        assert len(morning.answers) == 500
        assert morning.replayed >= 250

        desk = Desk(server.url)
        report = desk.get("/reports/daily/", date=DAY)
        totals = report["totals"]
        tokens = {number: body for number, body in morning.answers.items() if "token_number" in body}
        assert totals["tokens"] == len(tokens)
        assert totals["tokens"] + totals["waiting_list"]["total"] == 500
        assert totals["by_status"]["CONFIRMED"] == totals["tokens"]
        for slot in slots:
            held = desk.get(f"/slots/{slot}/")
            assert held["current_capacity"] <= held["max_capacity"] == 30
            numbers = [one["token_number"] for one in desk.get(f"/slots/{slot}/tokens/")["items"]]
            assert numbers == list(range(1, len(numbers) + 1))
        desk.close()
        assert server.stop() == 0

        server.start()
        desk = Desk(server.url)
        assert desk.get("/reports/daily/", date=DAY)["totals"] == totals
        desk.close()
        assert server.stop() == 0
    checked = replay_check(tmp_path / "data")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert json.loads(checked.stdout)["equal"] is True

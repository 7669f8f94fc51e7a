"""Everybody at once, over real HTTP: what must not depend on who comes a microsecond earlier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import trio

from tests.serving import Desk, replay_check, serving


async def all_at_once(url: str, bodies: list[dict[str, Any]]) -> list[httpx2.Response]:
    """Send these bookings at the same instant, each on a connection of its own."""
    answers: list[httpx2.Response] = []
    start = trio.Event()

    async def book(body: dict[str, Any]) -> None:
        async with httpx2.AsyncClient(base_url=f"{url}/api/v1", timeout=15) as client:
            await client.get("/doctors/")  # the connection is open before the race begins
            await start.wait()
            answers.append(await client.post("/tokens/", json=body))

    async with trio.open_nursery() as nursery:
        for body in bodies:
            nursery.start_soon(book, body)
        await trio.sleep(1)
        start.set()
    return answers


def test_fifty_patients_at_once_for_a_slot_of_ten(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        desk = Desk(server.url)
        slot = desk.slot(desk.doctor(), "2031-03-03T09:00:00Z", "2031-03-03T10:00:00Z", 10)
        bodies = [{"slot_id": slot, "patient_id": one, "category": "ONLINE"} for one in desk.patients(50)]
        answers = trio.run(all_at_once, server.url, bodies)
        assert sorted(answer.status_code for answer in answers) == [201] * 10 + [202] * 40
        tokens = desk.get(f"/slots/{slot}/tokens/")["items"]
        assert [token["token_number"] for token in tokens] == list(range(1, 11))
        assert len({token["ticket_code"] for token in tokens}) == 10
        waiting = desk.get("/waiting-list/by_slot/", slot_id=slot)["items"]
        assert [entry["position"] for entry in waiting] == list(range(1, 41))
        # In order: who was written down first is first.
        booked = [entry["booked_at"] for entry in waiting]
        assert booked == sorted(booked)
        assert max(token["booked_at"] for token in tokens) < booked[0]
        told = {answer.json()["id"]: answer.json()["position"] for answer in answers if answer.status_code == 202}
        assert told == {entry["id"]: entry["position"] for entry in waiting}
        desk.close()
        assert server.stop() == 0
    assert replay_check(tmp_path / "data").returncode == 0


def test_one_patient_at_once_for_fifty_slots(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        desk = Desk(server.url)
        [patient] = desk.patients(1)
        slots = [
            desk.slot(desk.doctor(), f"2031-03-03T{8 + n % 12:02}:00:00Z", f"2031-03-03T{8 + n % 12:02}:50:00Z", 5)
            for n in range(50)
        ]
        bodies = [{"slot_id": slot, "patient_id": patient, "category": "WALKIN"} for slot in slots]
        answers = trio.run(all_at_once, server.url, bodies)
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 49
        won = next(answer.json()["id"] for answer in answers if answer.status_code == 201)
        lost = [answer.json() for answer in answers if answer.status_code == 409]
        assert {problem["code"] for problem in lost} == {"double_booking"}
        assert {problem["facts"]["token_id"] for problem in lost} == {won}
        assert [token["id"] for token in desk.get("/tokens/", patient_id=patient)["items"]] == [won]
        desk.close()

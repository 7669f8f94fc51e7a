"""The topics of wards and admissions over the stream: what anybody may follow, what takes a key, and one bed's way."""

from __future__ import annotations

import json

import httpx2
import pytest

from gateway.auth import ApiKeys, add_key
from tests.gateway.hospital_ward import House
from tests.gateway.live import Place, living_gateway

TOPICS = ("ward:{id}", "wards", "admissions", "alerts")


def client(place: Place, key: str) -> httpx2.AsyncClient:
    """Somebody at a desk."""
    return httpx2.AsyncClient(base_url=place.url, headers={"X-API-Key": key})


async def test_a_board_without_a_key_sees_what_becomes_of_beds_and_of_nobody(tmp_path):
    keys = tmp_path / "keys.toml"
    admin = add_key(keys, "admin", ["admin"], "main")
    async with living_gateway(auth=ApiKeys(keys)) as place, client(place, admin) as desk:
        here = House(desk)
        ward, (bed,) = await here.open()
        async with place.socket(f"ward:{ward}", "wards", hospital="main") as talk:
            first = await talk.hear()
            assert (first["type"], first["data"]["ward_id"]) == ("snapshot", ward)
            assert (await talk.hear())["data"] == {}
            lies = await here.admit()
            waits = await here.admit(None, "critical", ward_id=ward)
            await here.post(f"/admissions/{lies['id']}/discharge", {}, 200)
            await here.post(f"/beds/{bed}/clean", {}, 200)
            heard = [frame for frame in await talk.hear_all() if frame["type"] == "deltas"]
        messages = [message for frame in heard for message in frame["messages"]]
        beds = [(one["change"], one["state"]) for one in messages if one["type"] == "bed_update"]
        assert beds == [
            ("occupied", "occupied"), ("vacated", "housekeeping"), ("ready", "unoccupied"), ("occupied", "occupied"),
        ]  # fmt: skip
        assert "waits" in [one["change"] for one in messages if one["type"] == "waiting_update"]
        assert "served" in [one["change"] for one in heard[-1]["messages"]]  # in the entry that made the bed ready
        people = [lies[name] for name in ("id", "patient_id", "doctor_id", "nurse_id")]
        told = json.dumps(heard)
        assert not any(person in told for person in [*people, waits["id"], waits["patient_id"]])
        assert place.failures == []


async def test_staff_follow_what_becomes_of_admissions(tmp_path):
    keys = tmp_path / "keys.toml"
    admin = add_key(keys, "admin", ["admin"], "main")
    async with living_gateway(auth=ApiKeys(keys)) as place, client(place, admin) as desk:
        here = House(desk)
        ward, (bed,) = await here.open()
        async with place.socket("admissions", headers={"X-API-Key": admin}) as talk:
            assert (await talk.hear())["data"]["items"] == []
            stay = await here.admit()
            first, *rest = (await talk.hear())["messages"]
            assert (first["change"], first["patient_id"]) == ("admitted", stay["patient_id"])
            assert [(one["change"], one["ward_id"], one["bed_id"]) for one in rest] == [("assigned", ward, bed)]
            await here.post(f"/admissions/{stay['id']}/discharge", {"reason": "she feels well"}, 200)
            told = await talk.hear()
            assert [one["change"] for one in told["messages"]] == ["discharged"]
            assert "well" not in json.dumps(told)


@pytest.mark.parametrize("topic", TOPICS)
async def test_what_staff_follow_takes_a_key(tmp_path, topic: str):
    keys = tmp_path / "keys.toml"
    admin, board = add_key(keys, "admin", ["admin"], "main"), add_key(keys, "board", ["board"], "main")
    async with living_gateway(auth=ApiKeys(keys)) as place, client(place, admin) as desk:
        name = topic.format(id=await House(desk).ward())
        open_to_all = name.startswith("ward")
        assert (await place.handshake(name, headers={"X-API-Key": admin}))[0] == 101
        assert (await place.handshake(name, headers={"X-API-Key": board}))[0] == (101 if open_to_all else 403)
        assert (await place.handshake(name, hospital="main"))[0] == (101 if open_to_all else 401)
    async with living_gateway(auth=ApiKeys(keys)) as place:
        unknown = "ward:01890000-0000-7000-8000-000000000000"
        assert (await place.handshake(unknown, headers={"X-API-Key": admin}))[0] == 404

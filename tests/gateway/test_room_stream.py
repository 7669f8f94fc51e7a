"""The topics of clinics over the stream: what anybody may follow, what takes a key, and a board's day as it changes."""

from __future__ import annotations

import json

import pytest

from engine.decider import PersonName
from engine.decisions.book_appointment import BookAppointment
from engine.decisions.clinics import AddClinic
from engine.decisions.doctors import AddDoctor
from engine.decisions.rooms import AddRoom
from gateway.auth import ApiKeys, add_key
from tests.engine.living import CLERK, patient, read
from tests.engine.ward_of_rooms import at
from tests.gateway.live import Place, living_gateway

FAR = "2100-02-03"


async def clinic(place: Place) -> str:
    """A clinic with one room."""
    id: str = read(await place.engine.ask("main", AddClinic(name="Orthopaedics"), CLERK))["id"]
    await place.engine.ask("main", AddRoom(clinic_id=id, name="One", type="examination"), CLERK)
    return id


async def booked(place: Place, clinic_id: str) -> tuple[str, str, str]:
    """An appointment's id, and those of its people."""
    ask = place.engine.ask
    doctor = read(await ask("main", AddDoctor(name=PersonName("Dr. Rao"), specialization="Bones"), CLERK))["id"]
    someone = read(await ask("main", patient(), CLERK))["id"]
    made = BookAppointment(
        clinic_id=clinic_id,
        doctor_id=doctor,
        patient_id=someone,
        start_time=at("09:00", FAR),
        end_time=at("09:30", FAR),
    )
    return read(await ask("main", made, CLERK))["id"], doctor, someone


async def test_a_board_without_a_key_sees_a_day_and_what_becomes_of_it(tmp_path):
    add_key(tmp_path / "keys.toml", "desk", ["clerk"], "main")
    async with living_gateway(auth=ApiKeys(tmp_path / "keys.toml")) as place:
        id = await clinic(place)
        async with place.socket(f"clinic_day:{id}:{FAR}", f"clinic_rooms:{id}", hospital="main") as talk:
            first = await talk.hear()
            assert (first["type"], first["data"]["date"], first["data"]["rooms"][0]["items"]) == ("snapshot", FAR, [])
            assert (await talk.hear())["type"] == "snapshot"
            made, *people = await booked(place, id)
            said = await talk.hear()
            [message] = said["messages"]
            assert (message["type"], message["change"], message["appointment_id"]) == ("room_update", "booked", made)
            assert not any(person in json.dumps(said) for person in people)
        assert place.failures == []


@pytest.mark.parametrize("topic", ["clinic:{id}", f"clinic_day:{{id}}:{FAR}", "clinic_rooms:{id}"])
async def test_what_staff_follow_takes_a_key(tmp_path, topic: str):
    keys = tmp_path / "keys.toml"
    desk, board = add_key(keys, "desk", ["clerk"], "main"), add_key(keys, "board", ["board"], "main")
    async with living_gateway(auth=ApiKeys(keys)) as place:
        name = topic.format(id=await clinic(place))
        open_to_all = not name.startswith("clinic:")
        assert (await place.handshake(name, headers={"X-API-Key": desk}))[0] == 101
        assert (await place.handshake(name, headers={"X-API-Key": board}))[0] == (101 if open_to_all else 403)
        assert (await place.handshake(name, hospital="main"))[0] == (101 if open_to_all else 401)
        kind, _, id = name.partition(":")
        assert (await place.handshake(f"{kind}:x{id}", headers={"X-API-Key": desk}))[0] == 404

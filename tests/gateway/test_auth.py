"""Keys: how they are made and kept, what they open, and which hospital they speak for."""

from __future__ import annotations

import hashlib
import os
import stat

import pytest

from gateway.auth import ApiKeys, KeysUnusable, NobodyFromOutside, add_key
from tests.gateway.surface import As, ScriptedEngine, client_of, hospital

DOCTORS = "/api/v1/doctors/"


def test_a_key_is_kept_as_a_hash_in_a_file_for_its_owner_only(tmp_path):
    file = tmp_path / "keys.toml"
    secret = add_key(file, "front desk", ["clerk", "auditor"], "main")
    assert secret not in file.read_text()
    assert hashlib.sha256(secret.encode()).hexdigest() in file.read_text()
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600


@pytest.mark.parametrize("header", ["Authorization: Bearer {}", "authorization: bearer {}", "X-API-Key: {}"])
async def test_a_key_opens_what_its_roles_may(tmp_path, header):
    secret = add_key(tmp_path / "keys.toml", "desk", ["clerk"], "main")
    name, _, value = header.format(secret).partition(": ")
    engine = ScriptedEngine()
    async with client_of(engine, ApiKeys(tmp_path / "keys.toml")) as client:
        assert (await client.get(DOCTORS, headers={name: value})).status_code == 200
        asked_of, _, who, _, _ = engine.asked[0]
        assert (asked_of, who.name, who.role) == ("main", "desk", "clerk")
        assert (await client.post(DOCTORS, headers={name: value})).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer matron_wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic ZGVzazpwYXNz"},
        {"Authorization": "Bearer " + "x" * 5000},
        {"Authorization": "Bearer ключ".encode().decode("latin-1")},
        {"X-API-Key": ""},
    ],
)
async def test_another_key_opens_nothing(tmp_path, headers):
    add_key(tmp_path / "keys.toml", "desk", ["clerk"], "main")
    async with client_of(ScriptedEngine(), ApiKeys(tmp_path / "keys.toml")) as client:
        raw = {name: value.encode("latin-1") for name, value in headers.items()}
        response = await client.get(DOCTORS, headers=raw)
        assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")


async def test_a_key_taken_out_of_the_file_stops_working_and_a_new_one_starts(tmp_path, autojump_clock):
    import trio

    file = tmp_path / "keys.toml"
    old = add_key(file, "old", ["clerk"], "main")
    async with client_of(ScriptedEngine(), ApiKeys(file)) as client:
        assert (await client.get(DOCTORS, headers={"X-API-Key": old})).status_code == 200
        file.unlink()
        new = add_key(file, "new", ["clerk"], "main")
        await trio.sleep(6)
        assert (await client.get(DOCTORS, headers={"X-API-Key": old})).status_code == 401
        assert (await client.get(DOCTORS, headers={"X-API-Key": new})).status_code == 200
        file.write_text("half a line")
        await trio.sleep(6)
        assert (await client.get(DOCTORS, headers={"X-API-Key": new})).status_code == 200


HASH = "0" * 64


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[key]\n",
        f'[[key]]\nname = "a"\nsha256 = "{HASH}"\nroles = ["clerk"]\n',
        f'[[key]]\nname = "a"\nsha256 = "{HASH}"\nroles = []\nhospital = "main"\n',
        f'[[key]]\nname = "a"\nsha256 = "{HASH}"\nroles = ["chief"]\nhospital = "main"\n',
        '[[key]]\nname = "a"\nsha256 = "1"\nroles = ["clerk"]\nhospital = "main"\n',
        f'[[key]]\nname = "a"\nsha256 = "{HASH}"\nroles = ["clerk"]\nhospital = "Main Hospital"\n',
        f'[[key]]\nname = "a"\nsha256 = "{HASH}"\nroles = ["network"]\nhospital = "main"\n',
        f'[[key]]\nname = "a"\nsha256 = "{HASH}"\nroles = ["clerk"]\nhospital = "main"\nsecret = "x"\n',
        f'[[key]]\nname = "a"\nsha256 = "{HASH}"\nroles = ["clerk"]\nhospital = "main"\n' * 2,
    ],
)
def test_a_file_that_is_not_of_keys_is_refused(tmp_path, text):
    (tmp_path / "keys.toml").write_text(text)
    with pytest.raises(KeysUnusable):
        ApiKeys(tmp_path / "keys.toml")


def test_two_keys_of_one_hospital_have_two_names(tmp_path):
    add_key(tmp_path / "keys.toml", "desk", ["clerk"], "main")
    add_key(tmp_path / "keys.toml", "desk", ["clerk"], "north")
    with pytest.raises(KeysUnusable):
        add_key(tmp_path / "keys.toml", "desk", ["admin"], "main")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "127.0.0.1:8000"}, 200),
        ({"Host": "localhost"}, 200),
        ({"Host": "[::1]:8000", "Origin": "http://[::1]:8000"}, 200),
        ({"Host": "127.0.0.1:8000", "Origin": "http://127.0.0.1:8000"}, 200),
        ({"Host": "127.0.0.1:8000", "Origin": "https://elsewhere.example"}, 403),
        ({"Host": "127.0.0.1:8000", "Origin": "null"}, 403),
        ({"Host": "elsewhere.example:8000"}, 403),
        ({"Host": "127.0.0.1.elsewhere.example"}, 403),
    ],
)
async def test_without_authentication_a_page_of_elsewhere_gets_nothing(headers, status):
    async with client_of(ScriptedEngine(), NobodyFromOutside()) as client:
        assert (await client.get(DOCTORS, headers=headers)).status_code == status


async def test_a_key_of_one_hospital_does_not_see_another():
    async with hospital(As("admin")) as client:
        assert (await client.get(DOCTORS, headers={"Hospital-Id": "main"})).status_code == 200
        response = await client.get(DOCTORS, headers={"Hospital-Id": "north"})
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_a_key_of_the_network_names_the_hospital_and_nothing_crosses_it():
    async with hospital(As("network", hospital="*")) as client:
        added = {"hospital_id": "north", "name": "North", "time_zone": "Asia/Kolkata"}
        assert (await client.post("/api/v1/hospitals/", json=added)).status_code == 201
        assert (await client.post("/api/v1/hospitals/", json=added)).status_code == 409
        north, main = {"Hospital-Id": "north"}, {"Hospital-Id": "main"}
        response = await client.get(DOCTORS)
        assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "Hospital-Id")
        doctor = {"name": "A", "specialization": "B"}
        made = (await client.post(DOCTORS, json=doctor, headers=north)).headers["location"]
        assert (await client.get(made, headers=north)).status_code == 200
        assert (await client.get(made, headers=main)).status_code == 404
        assert (await client.get(DOCTORS, headers=main)).json()["items"] == []
        assert (await client.get("/api/v1/hospital", headers=north)).json()["time_zone"] == "Asia/Kolkata"
        assert (await client.get(DOCTORS, headers={"Hospital-Id": "nowhere"})).status_code == 404

"""API keys over HTTP: an administrator sees and changes those of his own hospital, and it is written down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest
import trio.testing

from engine.eventlog.entry import Principal
from gateway.access.keys import add_key, read_keys
from gateway.access.opening import open_access
from gateway.app import create_app
from gateway.config import Config
from gateway.engine import Engine
from tests.gateway.surface import ScriptedEngine

KEYS = "/api/v1/keys/"
LATER = "2099-01-01T00:00:00Z"


class Noting(ScriptedEngine):
    """Keeps what it was told to write down."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[tuple[str, str, str, dict[str, str]]] = []

    async def note_security(self, hospital: str, who: Principal, what: str, facts: Mapping[str, str]) -> None:
        self.noted.append((hospital, who.name, what, dict(facts)))


class Place:
    """A gateway over a file of keys."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "keys.toml"
        self.engine = Noting()
        self.admin = {"X-API-Key": add_key(self.file, "admin", ["admin"], "main")}
        self.other = {"X-API-Key": add_key(self.file, "north admin", ["admin"], "north")}
        self.office = {"X-API-Key": add_key(self.file, "office", ["network"], "*")}
        self.client: httpx2.AsyncClient

    def names(self, hospital: str) -> list[str]:
        return [key.name for key in read_keys(self.file) if key.hospital == hospital]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    made = Place(tmp_path)
    async with opened(made):
        yield made


@asynccontextmanager
async def opened(place: Place) -> AsyncIterator[None]:
    engine = cast("Engine", place.engine)
    access = open_access(Config(keys=str(place.file)))
    app = create_app(engine, access.guard(engine), place.engine.page, access=access)
    async with (
        access.notes.writing(engine),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://matron") as place.client,
    ):
        yield


async def test_a_key_that_is_made_opens_at_once_and_is_told_once(place: Place):
    said = {"name": "front desk", "roles": ["clerk", "clerk"], "expires_at": LATER, "note": "two of them"}
    response = await place.client.post(KEYS, json=said, headers=place.admin)
    made = response.json()
    assert response.status_code == 201
    assert response.headers["cache-control"] == "no-store"
    assert (made["name"], made["roles"], made["hospital"], made["expires_at"]) == (
        "front desk", ["clerk"], "main", LATER,
    )  # fmt: skip
    assert (await place.client.get("/api/v1/doctors/", headers={"X-API-Key": made["secret"]})).status_code == 200
    listed = await place.client.get(KEYS, headers=place.admin)
    assert made["secret"] not in listed.text
    assert [key["name"] for key in listed.json()["items"]] == ["admin", "front desk"]
    assert all("sha256" not in key and key["secret"] is None for key in listed.json()["items"])


async def test_a_key_is_rotated_and_revoked_at_once(place: Place):
    first = (await place.client.post(KEYS, json={"name": "a b.c", "roles": ["clerk"]}, headers=place.admin)).json()
    rotated = await place.client.post(f"{KEYS}a%20b.c/rotate/", json={}, headers=place.admin)
    second = rotated.json()["secret"]
    opens = [
        (await place.client.get("/api/v1/doctors/", headers={"X-API-Key": secret})).status_code
        for secret in (first["secret"], second)
    ]
    assert (rotated.status_code, opens) == (200, [401, 200])
    assert (await place.client.delete(f"{KEYS}a%20b.c/", headers=place.admin)).status_code == 204
    assert (await place.client.get("/api/v1/doctors/", headers={"X-API-Key": second})).status_code == 401
    assert (await place.client.delete(f"{KEYS}a%20b.c/", headers=place.admin)).status_code == 404


async def test_a_rotated_key_may_go_on_for_a_while(place: Place):
    made = (await place.client.post(KEYS, json={"name": "lab", "roles": ["integration"]}, headers=place.admin)).json()
    again = await place.client.post(f"{KEYS}lab/rotate/", json={"keep_minutes": 60}, headers=place.admin)
    assert again.json()["old_until"] is not None
    for secret in (made["secret"], again.json()["secret"]):
        assert (await place.client.get("/api/v1/doctors/", headers={"X-API-Key": secret})).status_code == 200


async def test_what_is_done_is_written_down_without_the_secret(place: Place):
    made = (await place.client.post(KEYS, json={"name": "lab", "roles": ["clerk"]}, headers=place.admin)).json()
    await place.client.post(f"{KEYS}lab/rotate/", json={"keep_minutes": 5}, headers=place.admin)
    await place.client.delete(f"{KEYS}lab/", headers=place.admin)
    await trio.testing.wait_all_tasks_blocked()
    assert place.engine.noted == [
        ("main", "admin", "key_added", {"key": "lab", "roles": "clerk"}),
        ("main", "admin", "key_rotated", {"key": "lab", "kept_minutes": "5"}),
        ("main", "admin", "key_revoked", {"key": "lab"}),
    ]
    assert made["secret"] not in str(place.engine.noted)


async def test_keys_of_another_hospital_are_not_there(place: Place):
    assert [key["name"] for key in (await place.client.get(KEYS, headers=place.other)).json()["items"]] == [
        "north admin"
    ]
    for ask in (
        place.client.delete(f"{KEYS}admin/", headers=place.other),
        place.client.post(f"{KEYS}admin/rotate/", json={}, headers=place.other),
        place.client.request("DELETE", f"{KEYS}admin/", json={"hospital": "main"}, headers=place.other),
        place.client.post(f"{KEYS}office/rotate/", json={"hospital": "*"}, headers=place.other),
        place.client.post(KEYS, json={"name": "x", "roles": ["clerk"], "hospital": "main"}, headers=place.other),
        place.client.get(KEYS, headers={**place.other, "Hospital-Id": "main"}),
    ):
        response = await ask
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert place.names("main") == ["admin"]


async def test_an_administrator_gives_no_more_than_a_hospital(place: Place):
    for said, status in (
        ({"name": "x", "roles": ["network"]}, 403),
        ({"name": "x", "roles": ["network"], "hospital": "*"}, 404),
        ({"name": "x", "roles": ["clerk"], "hospital": "*"}, 404),
    ):
        assert (await place.client.post(KEYS, json=said, headers=place.admin)).status_code == status
    assert place.names("*") == ["office"]


async def test_the_whole_network_sees_and_gives_every_key(place: Place):
    every = (await place.client.get(KEYS, headers=place.office)).json()["items"]
    assert [(key["hospital"], key["name"]) for key in every] == [
        ("*", "office"), ("main", "admin"), ("north", "north admin"),
    ]  # fmt: skip
    north = {**place.office, "Hospital-Id": "north"}
    assert [key["name"] for key in (await place.client.get(KEYS, headers=north)).json()["items"]] == ["north admin"]
    made = {"name": "second office", "roles": ["network"], "hospital": "*"}
    assert (await place.client.post(KEYS, json=made, headers=place.office)).status_code == 201
    assert (await place.client.post(KEYS, json={"name": "n", "roles": ["clerk"]}, headers=north)).status_code == 201
    gone = await place.client.request("DELETE", f"{KEYS}second office/", json={"hospital": "*"}, headers=place.office)
    assert (gone.status_code, place.names("*"), place.names("north")) == (204, ["office"], ["north admin", "n"])


async def test_keys_are_listed_in_pages(place: Place):
    seen, asked = [], "?limit=2"
    while asked:
        page = (await place.client.get(f"{KEYS}{asked}", headers=place.office)).json()
        seen += [key["name"] for key in page["items"]]
        asked = f"?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert seen == ["office", "admin", "north admin"]
    for wrong in ("?limit=0", "?cursor=ключ", "?cursor=_"):
        assert (await place.client.get(f"{KEYS}{wrong}", headers=place.office)).status_code == 422


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": "user:ana", "roles": ["clerk"]}, "name"),
    ({"name": "a/b", "roles": ["clerk"]}, "name"),
    ({"name": "x", "roles": []}, "roles"),
    ({"name": "x", "roles": ["chief"]}, "roles[0]"),
    ({"name": "x", "roles": ["clerk"], "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
    ({"name": "x", "roles": ["clerk"], "expires_at": "2099-01-01T00:00:00"}, "expires_at"),
    ({"name": "x", "roles": ["clerk"], "note": "a" * 201}, "note"),
    ({"name": "x", "roles": ["clerk"], "sha256": "0" * 64}, "sha256"),
]


async def test_what_is_wrong_is_told_at_its_field(place: Place):
    for said, field in WRONG:
        response = await place.client.post(KEYS, json=said, headers=place.admin)
        assert (response.status_code, response.json()["errors"][0]["field"]) == (422, field)
    assert place.names("main") == ["admin"]


async def test_a_name_that_is_taken_and_the_key_in_hand_are_refused(place: Place):
    taken = await place.client.post(KEYS, json={"name": "admin", "roles": ["clerk"]}, headers=place.admin)
    assert (taken.status_code, taken.json()["code"]) == (409, "key_taken")
    own = await place.client.delete(f"{KEYS}admin/", headers=place.admin)
    assert (own.status_code, own.json()["code"]) == (409, "own_key")
    assert place.names("main") == ["admin"]


async def test_a_file_that_cannot_be_used_is_said_without_its_place(place: Place):
    place.file.chmod(0o644)
    response = await place.client.post(KEYS, json={"name": "x", "roles": ["clerk"]}, headers=place.admin)
    assert (response.status_code, response.json()["code"]) == (503, "keys_unusable")
    assert str(place.file) not in response.text

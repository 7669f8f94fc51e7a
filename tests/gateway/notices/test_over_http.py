"""Destinations over HTTP: what is refused, what is told, and to whom."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.auth import ApiKeys, add_key
from gateway.routes import BASE
from tests.gateway.surface import As, ScriptedEngine, client_of, hospital

HOOK: dict[str, Any] = {"name": "his", "channel": "webhook", "url": "https://example.org/x?token=geheim"}


async def test_a_secret_is_told_by_what_makes_it_and_by_nothing_else():
    async with hospital() as client:
        made = await client.post(f"{BASE}/destinations/", json=HOOK)
        assert made.status_code == 201
        one = made.json()
        assert one["secret"].startswith("whsec_")
        assert made.headers["location"] == f"{BASE}/destinations/{one['id']}/"
        changed = await client.put(f"{BASE}/destinations/{one['id']}/", json={**HOOK, "name": "hers"})
        assert changed.status_code == 200
        for answer in (
            changed,
            await client.get(f"{BASE}/destinations/{one['id']}/"),
            await client.get(f"{BASE}/destinations/"),
            await client.get(f"{BASE}/destinations/{one['id']}/dead-letters/"),
            await client.get("/health/notifications/"),
        ):
            assert answer.status_code == 200
            assert "secret" not in answer.text
            assert one["secret"] not in answer.text
        renewed = await client.post(f"{BASE}/destinations/{one['id']}/secret/")
        assert renewed.status_code == 200
        assert renewed.json()["secret"] != one["secret"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"url": "http://user:pw@example.org/"}, "url"),
        ({"url": "http://0x7f.1/"}, "url"),
        ({"url": "https://example.org/\r\nHost: x"}, "url"),
        ({"url": "https://example.org/" + "a" * 2_000}, "url"),
        ({"url": None}, "url"),
        ({"url": 7}, "url"),
        ({"channel": "pigeon"}, "channel"),
        ({"events": []}, "events"),
        ({"events": ["everything"]}, "events[0]"),
        ({"events": ["ticket_near"] * 21}, "events"),
        ({"services": ["x"]}, "services[0]"),
        ({"services": ["01890000-0000-7000-8000-000000000000"] * 501}, "services"),
        ({"addresses": ["a@b.org"] * 21}, "addresses"),
        ({"addresses": ["a@b.org\n"]}, "addresses[0]"),
        ({"quiet_from": "24:00", "quiet_to": "01:00"}, "quiet_from"),
        ({"expire_minutes": 0}, "expire_minutes"),
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"secret": "whsec_AAAA"}, "secret"),
        ({"cursor": 7}, "cursor"),
    ],
)
async def test_what_cannot_be_meant_is_refused_under_the_name_of_its_field(changed: dict[str, Any], field: str):
    async with hospital() as client:
        answer = await client.post(f"{BASE}/destinations/", json={**HOOK, **changed})
        assert answer.status_code == 422
        assert field in [fault["field"] for fault in answer.json()["errors"]]


async def test_how_notices_get_on_is_told_to_staff_only(tmp_path: Any):
    async with hospital(As("auditor")) as client:
        body = (await client.get("/health/notifications/")).json()
        assert set(body["stream"]) >= {"connected", "dropped", "lagging"}
        assert (body["notices"]["dead"], body["destinations"]) == (0, [])
    async with client_of(ScriptedEngine(), As("board")) as client:
        assert (await client.get("/health/notifications")).status_code == 403
    add_key(tmp_path / "keys.toml", "desk", ["clerk"], "main")
    async with client_of(ScriptedEngine(), ApiKeys(tmp_path / "keys.toml")) as client:
        assert (await client.get("/health/notifications")).status_code == 401

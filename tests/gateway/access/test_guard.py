"""The one place that decides: what it refuses is written down, and nobody gets past it by another way."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import trio
from trio.testing import MockClock

from gateway.access.rates import Limited, RateSettings
from gateway.auth import ApiKeys, Caller, add_key
from tests.gateway.access.guarded import guarded
from tests.gateway.surface import As
from tests.test_architecture import trees

DOCTORS, POLICY = "/api/v1/doctors/", "/api/v1/policy"


async def test_who_cannot_say_who_he_is_is_written_down_where_he_asked(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    add_key(tmp_path / "keys.toml", "desk", ["clerk"], "main")
    async with guarded(ApiKeys(tmp_path / "keys.toml")) as here:
        await here.client.get(DOCTORS, headers={"X-API-Key": "matron_guessed-by-somebody"})
        await here.client.get(DOCTORS, headers={"Hospital-Id": "main"})
        await trio.sleep(1)
        first, second = here.notes()
        assert first["what"] == second["what"] == "unauthenticated"
        assert first["facts"] == {"method": "GET", "path": "/api/v1/doctors", "why": "This key is not known."}
        assert (first["who"]["name"], first["who"]["source"]) == ("", "10.0.0.7")
        assert first["who"]["request_id"]
        assert "guessed" not in str(here.notes())


async def test_what_is_not_somebody_s_to_do_is_written_down_with_his_name(autojump_clock: MockClock) -> None:
    async with guarded(As("clerk", name="desk")) as here:
        answer = await here.client.put(POLICY, json={})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        await here.client.get(POLICY)
        await trio.sleep(1)
        [note] = here.notes()
        assert (note["what"], note["who"]["name"], note["who"]["role"]) == ("denied", "desk", "clerk")
        assert note["facts"]["path"] == POLICY
        assert note["facts"]["method"] == "PUT"


async def test_another_hospital_is_not_there_and_that_somebody_looked_for_it_is_known(
    autojump_clock: MockClock,
) -> None:
    async with guarded(As("clerk", name="desk")) as here:
        answer = await here.client.get(DOCTORS, headers={"Hospital-Id": "north"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        await trio.sleep(1)
        assert here.told() == [("denied", "desk", "/api/v1/doctors")]
        assert here.notes()[0]["facts"]["named"] == "north"


async def test_a_command_of_a_batch_asks_the_same_guard(autojump_clock: MockClock) -> None:
    async with guarded(As("clerk", name="desk")) as here:
        commands = [
            {"method": "POST", "path": "/patients/", "body": {"name": "Asha"}},
            {"method": "PUT", "path": "/policy", "body": {}},
            {"method": "POST", "path": "/patients/", "body": {"name": "Bela"}},
        ]
        answer = await here.client.post("/api/v1/batch", json={"commands": commands})
        assert [result["status"] for result in answer.json()["results"]] == [201, 403, 201]
        await trio.sleep(1)
        assert here.told() == [("denied", "desk", POLICY)]


async def test_who_asks_too_often_is_written_down_once_and_counted(autojump_clock: MockClock) -> None:
    rates = Limited(RateSettings(principal_per_second=1, principal_burst=2))
    async with guarded(As("clerk", name="desk"), rates) as here:
        answers = [await here.client.get(DOCTORS) for _ in range(12)]
        assert [answer.status_code for answer in answers] == [200] * 2 + [429] * 10
        await trio.sleep(62)
        first, then = here.notes()
        assert (first["what"], first["who"]["name"]) == ("rate_limited", "desk")
        assert then["facts"]["times"] == "9"


class BySession:
    """Somebody who signed in: his browser sends a cookie with whatever it is told to ask."""

    def caller(self, headers: dict[bytes, bytes]) -> Caller:
        return Caller("user:asha", frozenset({"clerk"}), "main", kind="session", csrf="t" * 32)


async def test_a_page_of_elsewhere_does_nothing_in_somebody_s_name_and_is_written_down(
    autojump_clock: MockClock,
) -> None:
    async with guarded(BySession()) as here:

        async def status(**headers: str) -> int:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return (await here.client.post("/api/v1/patients/", json={"name": "Asha"}, headers=named)).status_code

        assert await status() == 403
        assert await status(x_csrf_token="u" * 32) == 403
        assert await status(x_csrf_token="t" * 32, sec_fetch_site="cross-site") == 403
        assert await status(x_csrf_token="t" * 32, sec_fetch_site="same-origin") == 201
        assert (await here.client.get(DOCTORS)).status_code == 200
        await trio.sleep(1)
        assert {(what, who) for what, who, _ in here.told()} == {("denied", "user:asha")}


async def test_what_anybody_may_see_is_counted_and_not_written_down(autojump_clock: MockClock) -> None:
    async with guarded(As("clerk"), Limited(RateSettings(address_burst=2, address_per_second=1))) as here:
        got = [(await here.client.get("/health/live")).status_code for _ in range(3)]
        assert got == [200, 200, 429]
        await trio.sleep(1)
        assert here.told() == [("rate_limited", "", "/health/live")]


DECIDES = "gateway.access.guard"
KNOWS = {"gateway.auth", DECIDES}
"""Where the check of roles is made, and where it is asked."""


def test_nobody_else_in_the_gateway_decides_who_may_do_what() -> None:
    """Neither by the check itself, nor by a comparison of roles of one's own."""

    def faults(tree: ast.AST) -> list[Any]:
        return [
            node.lineno
            for node in ast.walk(tree)
            if (isinstance(node, ast.Name) and node.id == "check_role")
            or (isinstance(node, ast.alias) and node.name == "check_role")
            or (isinstance(node, ast.Attribute) and node.attr == "isdisjoint" and "roles" in ast.unparse(node.value))
        ]

    ours = {module: tree for module, tree in trees().items() if module.startswith("gateway.") and module not in KNOWS}
    assert {module: found for module, tree in ours.items() if (found := faults(tree))} == {
        "gateway.access.break_glass": faults(trees()["gateway.access.break_glass"])
    }
    assert faults(trees()[DECIDES])

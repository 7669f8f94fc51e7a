"""Referrals as clients of the interface see them: who may do and read what, statuses, problems, pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from gateway.auth import Caller
from gateway.routes import BASE
from tests.gateway.surface import UNKNOWN, hospital

ROLES: dict[str, Any] = {"head": {"admin"}, "auditor": {"auditor"}, "desk": {"clerk"}, "wall": {"board"}}
"""Of credentials; everybody else's is a clinician's."""


class Named:
    """Whoever is named in the key."""

    def caller(self, headers: dict[bytes, bytes]) -> Caller:
        name = headers.get(b"x-api-key", b"head").decode()
        return Caller(name, frozenset(ROLES.get(name, {"clinician"})), "main")


class House:
    """A facility with two branches, over HTTP. ``ada`` refers, ``tom`` works at the first branch."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client
        self.made: dict[str, str] = {}

    async def call(self, method: str, path: str, body: Any = None, status: int = 200, who: str = "head") -> Any:
        response = await self.client.request(method, f"{BASE}{path}", json=body, headers={"X-API-Key": who})
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    async def post(self, path: str, body: Any, status: int = 200, who: str = "head") -> Any:
        return await self.call("POST", path, body, status, who)

    async def get(self, path: str, status: int = 200, who: str = "head") -> Any:
        return await self.call("GET", path, None, status, who)

    async def new(self, as_name: str, path: str, **body: Any) -> str:
        made = await self.post(path, body, 201)
        self.made[as_name] = made["id"]
        return str(made["id"])

    async def refer(self, status: int = 201, who: str = "ada", **more: Any) -> Any:
        body = {"patient_id": self.made["jane"], "branch_id": self.made["north"], "tests": [self.made["blood"]]}
        return await self.post("/referrals", body | more, status, who)

    async def step(self, referral: Any, to: str, status: int = 200, who: str = "tom", **more: Any) -> Any:
        test = referral["tests"][0]["id"]
        return await self.post(f"/referrals/{referral['id']}/tests/{test}/status", {"status": to, **more}, status, who)


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    async with hospital(Named()) as client:
        here = House(client)
        facility = await here.new("facility", "/facilities", name="City Laboratories")
        queue = await here.new("queue", "/services", name="Blood", prefix="LAB")
        await here.new("north", f"/facilities/{facility}/branches", name="North", service_id=queue)
        await here.new("south", f"/facilities/{facility}/branches", name="South")
        kind = await here.new("type", "/test-types", name="Haematology")
        await here.new("blood", f"/facilities/{facility}/tests", name="Blood count", test_type_id=kind)
        only = {"branch_ids": [here.made["south"]]}
        await here.new("biopsy", f"/facilities/{facility}/tests", name="Biopsy", test_type_id=kind, **only)
        await here.new("ada", "/practitioners", name="Dr. Ada", principal="ada")
        await here.new("bell", "/practitioners", name="Dr. Bell", principal="bell")
        await here.new("tom", "/technicians", name="Tom", principal="tom", branch_ids=[here.made["north"]])
        await here.new("uma", "/technicians", name="Uma", principal="uma", branch_ids=[here.made["south"]])
        await here.new("jane", "/patients", name="Jane Doe")
        yield here


async def test_a_referral_from_its_making_to_the_result_that_was_acknowledged():
    async with house() as here:
        made = await here.client.post(
            f"{BASE}/referrals/",
            json={"patient_id": here.made["jane"], "branch_id": here.made["north"], "tests": [here.made["blood"]]},
            headers={"X-API-Key": "ada"},
        )
        one = made.json()
        assert (made.status_code, one["practitioner_id"], one["status"]) == (201, here.made["ada"], "Pending")
        assert made.headers["location"] == f"{BASE}/referrals/{one['id']}/"
        path = f"/referrals/{one['id']}"
        ticket = await here.post(f"{path}/tests/{one['tests'][0]['id']}/join", {}, 201, "tom")
        assert (await here.get(f"/tickets/{ticket['id']}"))["service_id"] == here.made["queue"]
        assert (await here.step(one, "Received"))["status"] == "Received"
        done = await here.step(one, "Completed", result="Hb 6.1 g/dl", critical=True)
        assert (done["status"], done["awaits_acknowledgement"]) == ("Completed", True)
        alerts = await here.get("/alerts/?kind=result_critical")
        assert [alert["subject"] for alert in alerts["items"]] == [one["id"]]
        known = await here.post(f"{path}/acknowledge", {"note": "called her"}, who="ada")
        assert (known["acknowledged_by"], known["awaits_acknowledgement"]) == ("ada", False)
        assert (await here.get("/alerts/?kind=result_critical"))["items"] == []
        read = await here.client.get(f"{BASE}{path}/", headers={"X-API-Key": "ada"})
        assert (read.json()["tests"][0]["result"], read.headers["etag"]) == ("Hb 6.1 g/dl", f'"{known["version"]}"')


async def test_steps_that_are_not_legal_and_steps_that_change_nothing_are_told_apart():
    async with house() as here:
        one = await here.refer()
        illegal = await here.step(one, "Completed", 409)
        assert (illegal["code"], illegal["facts"]["from_state"], illegal["facts"]["to_state"]) == (
            "invalid_transition", "Pending", "Completed",
        )  # fmt: skip
        await here.step(one, "Received")
        assert (await here.step(one, "Received", 409))["code"] == "no_change"
        assert (await here.step(one, "Rejected", 422))["errors"][0]["field"] == "reason"
        assert (await here.step(one, "Done", 422))["code"] == "validation_failed"


async def test_tests_that_the_branch_does_not_offer_are_named_all_at_once():
    async with house() as here:
        wrong = await here.refer(422, tests=[here.made["blood"], here.made["biopsy"], UNKNOWN])
        assert wrong["code"] == "invalid_tests"
        assert wrong["facts"]["test_ids"] == [here.made["biopsy"], UNKNOWN]
        await here.call("PUT", f"/branches/{here.made['north']}", {"name": "North", "active": False})
        assert (await here.refer(409))["code"] == "branch_inactive"
        assert (await here.refer(422, tests=[]))["errors"][0]["field"] == "tests"


async def test_a_referral_is_read_and_worked_on_by_those_who_have_to_do_with_it():
    async with house() as here:
        one = await here.refer()
        path = f"/referrals/{one['id']}"
        for who in ("ada", "tom", "head", "auditor"):
            assert (await here.get(path, who=who))["id"] == one["id"]
        for who in ("bell", "uma", "desk", "stranger"):
            assert (await here.get(path, 403, who))["code"] == "forbidden"
        assert (await here.step(one, "Received", 403, "uma"))["code"] == "forbidden"
        assert (await here.post(f"{path}/cancel", {}, 403, "tom"))["code"] == "forbidden"
        assert (await here.get(path, 403, "wall"))["code"] == "forbidden"
        moved = await here.post(
            f"{path}/redirect", {"branch_id": here.made["south"], "reason": "no reagents"}, who="tom"
        )
        assert (moved["branch_id"], moved["came_from"]) == (here.made["south"], [here.made["north"]])
        await here.get(path, 403, "tom")
        assert (await here.get(path, who="uma"))["status"] == "Pending"
        assert (await here.get(f"/referrals/{UNKNOWN}", 404))["code"] == "not_found"


async def test_what_a_clerk_enters_from_paper_he_can_read_again():
    async with house() as here:
        assert (await here.refer(422, "desk"))["errors"][0]["field"] == "practitioner_id"
        one = await here.refer(who="desk", practitioner_id=here.made["ada"])
        assert (await here.get(f"/referrals/{one['id']}", who="desk"))["created_by"] == "desk"
        assert (await here.refer(403, "bell", practitioner_id=here.made["ada"]))["code"] == "forbidden"


async def test_lists_with_their_sums_filters_and_pages():
    async with house() as here:
        made = [await here.refer() for _ in range(5)]
        await here.step(made[0], "Received")
        mine = await here.get("/referrals/practitioner/?limit=2", who="ada")
        assert [row["id"] for row in mine["items"]] == [made[4]["id"], made[3]["id"]]
        assert (mine["summary"]["total"], mine["summary"]["pending"], mine["summary"]["received"]) == (5, 4, 1)
        more = await here.get(f"/referrals/practitioner/?limit=2&cursor={mine['next_cursor']}", who="ada")
        assert [row["id"] for row in more["items"]] == [made[2]["id"], made[1]["id"]]
        at_work = await here.get("/referrals/technician/?status=Received&sort=doctor", who="tom")
        assert [(row["id"], row["patient_name"]) for row in at_work["items"]] == [(made[0]["id"], "Jane Doe")]
        since = made[3]["created_at"].replace("+", "%2B")
        assert (await here.get(f"/referrals/technician/?from={since}", who="tom"))["summary"]["total"] == 2
        assert (await here.get(f"/referrals/technician/?to={since}&search=jane", who="tom"))["summary"]["total"] == 3
        assert (await here.get(f"/referrals/?patient_id={here.made['jane']}"))["summary"]["total"] == 5
        assert len((await here.get(f"/referrals/?search={made[2]['reference']}"))["items"]) == 1
        assert (await here.get("/referrals/", 403, "ada"))["code"] == "forbidden"
        assert (await here.get("/referrals/technician/", 403, "ada"))["code"] == "forbidden"
        assert (await here.get("/referrals/technician/", 422))["errors"][0]["field"] == "technician_id"


@pytest.mark.parametrize(
    ("query", "field"),
    [("from=yesterday", "from"), ("from=2026-01-01T00:00:00", "from"), ("to=9999-01-01T00:00:00Z", "to"),
     ("status=pending", "status"), ("sort=name", "sort"), ("search=" + "x" * 201, "search"), ("asker=head", "asker"),
     ("who=head", "who"), ("cursor=nonsense", "cursor"), ("limit=0", "limit")],
)  # fmt: skip
async def test_what_cannot_be_understood_is_named(query: str, field: str):
    async with hospital() as client:
        response = await client.get(f"{BASE}/referrals/?{query}")
        assert response.status_code == 422, response.text
        assert response.json()["errors"][0]["field"] == field


async def test_the_catalog_is_open_to_every_key_and_says_what_is_offered_where():
    async with house() as here:
        north = await here.get(f"/tests/?branch_id={here.made['north']}", who="wall")
        assert [one["name"] for one in north["items"]] == ["Blood count"]
        everything = await here.get(f"/tests/?test_type_id={here.made['type']}", who="wall")
        assert [one["name"] for one in everything["items"]] == ["Blood count", "Biopsy"]
        assert (await here.get("/branches/?active=true"))["items"][0]["service_id"] == here.made["queue"]


async def test_the_way_of_a_patient_from_the_doctor_to_the_laboratory_and_back_on_one_day():
    async with house() as here:
        rao = await here.new("rao", "/doctors", name="Dr. Rao", specialization="Medicine")
        slot = {"doctor": rao, "start_time": "2100-02-01T09:00:00Z", "end_time": "2100-02-01T12:00:00Z"}
        await here.new("slot", "/slots", max_capacity=10, **slot)
        later = {"start_time": "2100-02-01T13:00:00Z", "end_time": "2100-02-01T16:00:00Z"}
        afternoon = {"slot_id": await here.new("afternoon", "/slots", max_capacity=10, **{**slot, **later})}
        visit = {"slot_id": here.made["slot"], "patient_id": here.made["jane"], "category": "WALKIN"}
        await here.post("/tokens", visit, 201)
        one = await here.refer()
        test = f"/referrals/{one['id']}/tests/{one['tests'][0]['id']}"
        ticket = await here.post(f"{test}/join", {}, 201, "tom")
        called = await here.post(f"/services/{here.made['queue']}/call-next", {"counter": "1"})
        assert called["ticket"]["id"] == ticket["id"]
        assert (await here.post("/tokens", visit, 409))["code"] == "double_booking"
        again = {**visit, **afternoon, "referral_id": one["id"], "category": "FOLLOWUP"}
        early = await here.post("/tokens", again, 409)
        assert early["code"] == "no_result"
        for to in ("Received", "Completed"):
            await here.step(one, to)
        assert (await here.post("/tokens", {**visit, **afternoon}, 409))["code"] == "double_booking"
        review = await here.post("/tokens", again, 201)
        known = await here.get(f"/referrals/{one['id']}", who="ada")
        assert known["review_token_id"] == review["id"]
        assert (await here.post("/tokens", again, 409))["code"] in ("review_booked", "double_booking")


async def test_a_list_is_followed_by_staff_and_not_by_a_wall():
    async with house() as here:
        one = await here.refer()
        for topic in (f"referral:{one['id']}", f"referrals:branch:{here.made['north']}"):
            assert (await here.get(f"/stream?topics={topic}", 403, "wall"))["code"] == "forbidden"
            assert (await here.get(f"/stream?topics={topic}x", 404, "ada"))["code"] == "not_found"


async def test_a_stale_change_is_refused_and_a_name_is_changed():
    async with house() as here:
        path = f"{BASE}/branches/{here.made['south']}/"
        body = {"name": "South Gate"}
        first = await here.client.put(path, json=body, headers={"If-Match": '"1"'})
        assert (first.status_code, first.json()["name"], first.headers["etag"]) == (200, "South Gate", '"2"')
        stale = await here.client.put(path, json=body, headers={"If-Match": '"1"'})
        assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
        assert (await here.client.delete(f"{BASE}/technicians/{here.made['uma']}/")).status_code == 204
        assert [one["name"] for one in (await here.get("/technicians/"))["items"]] == ["Tom"]

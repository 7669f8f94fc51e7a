"""A batch is what its commands are one by one: the same results, the same log, the same states."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import trio
from hypothesis import given, settings
from hypothesis import strategies as some
from trio.testing import MockClock

from engine.decisions.hospital import AddHospital
from engine.eventlog.log import LogLimits
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.runtime import EngineSettings, open_engine
from tests.engine.following import ward
from tests.engine.living import CLERK, TrioClock, patient, read
from tests.gateway.surface import UNKNOWN, client_of
from tests.gateway.ways import reached

UNHURRIED = EngineSettings(log=LogLimits(gather_seconds=0))
"""Commits that gather take a moment, and how many there are is what differs here: no time is to pass in either way."""

Item = dict[str, Any]
Ways = Callable[[httpx2.AsyncClient, list[Item]], Awaitable[list[tuple[int, Any]]]]

names = some.sampled_from(["Asha", "Ravi", "  ", 5, "line\nbreak"])
people = some.sampled_from(["{0}", "{1}", "{2}", UNKNOWN, "no id", "{0}".upper()])
"""Patients who are known by then, one who is not, and what is none."""

registering = some.builds(lambda name: ("POST", "/patients/", {"name": name}), names)
renaming = some.builds(lambda who, name: ("PUT", f"/patients/{who}/", {"name": name}), people, names)
booking = some.builds(
    lambda who, kind: ("POST", "/tokens/", {"slot_id": "{slot}", "patient_id": who, "category": kind}),
    people,
    some.sampled_from(["WALKIN", "ONLINE", "PRIORITY_PAID", "NOBODY"]),
)
shrinking = some.builds(lambda seats: ("PUT", "/slots/{slot}/", {"max_capacity": seats}), some.integers(0, 12))
cancelling: some.SearchStrategy[Any] = some.just(("DELETE", f"/tokens/{UNKNOWN}/", {}))
astray = some.sampled_from(
    [("POST", "/nowhere/", {}), ("PATCH", "/patients/", {}), ("POST", "/tokens/", {"more": [1]})]
)
keys = some.sampled_from([None, None, None, "k1", "k2"])
items = some.builds(
    lambda said, key: (
        {"method": said[0], "path": f"/api/v1{said[1]}", "body": said[2]}
        | ({} if key is None else {"idempotency_key": key})
    ),
    registering | renaming | booking | shrinking | cancelling | astray,
    keys,
)


@settings(max_examples=25, deadline=None)
@given(some.lists(items, min_size=1, max_size=12))
def test_a_batch_gives_what_its_commands_give_one_by_one(said: list[Item]) -> None:
    together, apart = lived(said, in_one), lived(said, one_by_one)
    assert together == apart


def lived(said: list[Item], way: Ways) -> tuple[list[tuple[int, Any]], list[int], str]:
    """A hospital that was told this: the results, the sizes of its log's records, and the hash of its states."""

    async def live() -> tuple[list[tuple[int, Any]], list[int], str]:
        disk = MemoryDisk()
        async with open_engine(MemoryStore(disk), clock=TrioClock(), settings=UNHURRIED) as engine:
            await engine.until_ready()
            await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), CLERK)
            here = await ward(engine)
            known = [read(await engine.ask("main", patient(f"P{n}"), CLERK))["id"] for n in range(3)]
            text = json.dumps(said).replace("{slot}", here.slot)
            for number, one in enumerate(known):
                text = text.replace(f"{{{number}}}", one)
            async with reached(engine) as reach, client_of(reach) as client:
                results = await way(client, json.loads(text))
            states = engine.state_hash("main")
        return results, [len(record) for record in disk.entries["main"]], states

    return trio.run(live, clock=MockClock(autojump_threshold=0))


async def in_one(client: httpx2.AsyncClient, said: list[Item]) -> list[tuple[int, Any]]:
    answered = (await client.post("/api/v1/batch/", json={"commands": said})).json()["results"]
    return [(result["status"], plain(result["body"])) for result in answered]


async def one_by_one(client: httpx2.AsyncClient, said: list[Item]) -> list[tuple[int, Any]]:
    results = []
    for item in said:
        key = item.get("idempotency_key")
        headers = {} if key is None else {"Idempotency-Key": key}
        answer = await client.request(item["method"], item["path"], json=item["body"], headers=headers)
        results.append((answer.status_code, plain(answer.json() if answer.content else None)))
    return results


def plain(body: Any) -> Any:
    """Without what names the request and not the command."""
    return {name: value for name, value in body.items() if name != "request_id"} if isinstance(body, dict) else body

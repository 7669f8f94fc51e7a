"""Why somebody looks: the header reaches the access log, in one process and over the link; another word is refused."""

from __future__ import annotations

from typing import Any

import httpx2
import msgspec
import pytest

from engine.decider import FreeText
from engine.decisions.admissions import AdmitPatient
from engine.eventlog.entry import Principal, checked
from engine.eventlog.memory_store import MemoryDisk
from gateway.link.far_engine import FarEngine
from gateway.purposes import PURPOSES
from tests.engine.living import CLERK
from tests.gateway.live import living_gateway, registered
from tests.gateway.ways import linked

SAID = (("TREAT", "TREAT"), ("etreat", "ETREAT"), (None, ""))


def looks(disk: MemoryDisk) -> list[Any]:
    entries = [msgspec.msgpack.decode(checked(record))[0] for record in disk.entries.get("main.access", [])]
    return [(one["command"]["query"], one["command"]["purpose"], one["command"]["patients"]) for one in entries]


async def test_a_read_is_written_down_with_what_it_is_for() -> None:
    disk = MemoryDisk()
    async with living_gateway(disk) as place, httpx2.AsyncClient(base_url=f"{place.url}/api/v1") as client:
        id = await registered(place.engine)
        for said, _ in SAID:
            headers = {"Purpose-Of-Use": said} if said is not None else {}
            answer = await client.get(f"/patients/{id}/", headers=headers)
            assert answer.status_code == 200
        assert looks(disk) == [("GetPatient", kept, [id]) for _, kept in SAID]


@pytest.mark.parametrize("said", ["CURIOSITY", "", "TREAT,HPAYMT", "TREATÄ"])
async def test_a_purpose_that_means_nothing_is_refused_and_nothing_is_shown(said: str) -> None:
    disk = MemoryDisk()
    async with living_gateway(disk) as place, httpx2.AsyncClient(base_url=f"{place.url}/api/v1") as client:
        id = await registered(place.engine)
        for path in (f"/patients/{id}/", "/stream?topics=admissions"):
            answer = await client.get(path, headers={b"Purpose-Of-Use": said.encode()})
            assert answer.status_code == 400, path
            assert answer.json()["errors"][0]["field"] == "Purpose-Of-Use"
        assert not looks(disk)


async def test_who_follows_what_shows_text_says_why_too() -> None:
    disk = MemoryDisk()
    async with living_gateway(disk) as place:
        id = await registered(place.engine)
        admit = AdmitPatient(patient_id=id, acuity="high", note=FreeText("asleep on the stairs"))
        await place.engine.ask("main", admit, CLERK)
        async with place.socket("admissions", headers={"Purpose-Of-Use": "TREAT"}) as talk:
            assert (await talk.hear())["type"] == "snapshot"
        assert looks(disk) == [("follow:admissions", "TREAT", [id])]


async def test_a_gateway_process_can_note_what_it_has_shown() -> None:
    disk = MemoryDisk()
    async with living_gateway(disk) as place, linked(place.engine) as far:
        assert isinstance(far, FarEngine)
        id = await registered(place.engine)
        who = Principal("audit-1", "auditor", "10.0.0.3", "r-9")
        await far.note_access("main", who, "ListPatientHistory", {id}, "HCOMPL")
        assert looks(disk) == [("ListPatientHistory", "HCOMPL", [id])]


def test_the_codes_are_words() -> None:
    assert {"TREAT", "HPAYMT", "HOPERAT", "ETREAT", "PATRQT"} <= PURPOSES
    assert all(code.isascii() and code.isupper() and code.isalpha() for code in PURPOSES)

"""What auditors get over HTTP: of their own hospital's log alone, without names, and written down as a look."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import msgspec
import pytest

from engine.decisions.hospital import AddHospital
from engine.errors import Unavailable
from engine.eventlog.directory import BESIDE
from engine.eventlog.entry import checked
from engine.eventlog.memory_store import MemoryStore
from engine.runtime import Engine, open_engine
from gateway.app import create_app
from gateway.explorer.frames import Asked, Failure, Frames, Garbled, Told, framed
from gateway.explorer.process import refusal
from gateway.routes import BASE
from gateway.routes.audit import ROWS
from replay.serving.__main__ import answered
from replay.serving.desk import Desk
from tests.gateway.surface import SYSTEM, As, ScriptedEngine, client_of, pages_of

DAY = "2100-02-01"
TIMES = {"start_time": f"{DAY}T09:00:00Z", "end_time": f"{DAY}T10:00:00Z", "max_capacity": 4}
NOBODY = "01890000-0000-7000-8000-000000000000"


class InProcess:
    """The desk of the reading process without the process; frames cross as they would."""

    def __init__(self, store: MemoryStore) -> None:
        self._desk = Desk(store)

    async def ask(self, hospital: str, call: str, args: dict[str, Any], within: float) -> Told:
        [body] = Frames().take(framed(Asked(1, call, hospital, args)))
        [body] = Frames().take(framed(await answered(self._desk, msgspec.msgpack.decode(body, type=Asked))))
        told = msgspec.msgpack.decode(body, type=Told)
        if told.error is not None:
            raise refusal(told.error)
        return told


class House:
    """A client of an engine with two hospitals, whose log is read."""

    def __init__(self, client: httpx2.AsyncClient, engine: Engine, store: MemoryStore) -> None:
        self.client = client
        self.engine = engine
        self.store = store

    async def made(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.client.post(f"{BASE}{path}", json=body)
        assert answer.status_code in (200, 201), answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def got(self, path: str, status: int = 200, **asked: Any) -> Any:
        answer = await self.client.get(f"{BASE}/audit{path}", params=asked)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def looks(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """The explorer's entries of the access log."""
        codec = self.engine.partitions["main"].book.codec
        entries = [codec.decode(checked(record)) for _, record in await self.store.read(f"main{BESIDE}", 1, 1_000)]
        found = [(entry.name, msgspec.msgpack.decode(entry.command)) for entry in entries]
        return [
            (said["query"], said["purpose"], tuple(said["patients"])) for _, said in found if "Audit" in said["query"]
        ]


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    store = MemoryStore()
    async with open_engine(store) as engine:
        await engine.until_ready()
        for name in ("main", "north"):
            await engine.ask(name, AddHospital(hospital_id=name, name=name.title(), time_zone="UTC"), SYSTEM)
        app = create_app(engine, As("network", hospital="*"), pages_of(engine), explorer=InProcess(store))
        transport = httpx2.ASGITransport(app=app)
        asks = {"Hospital-Id": "main"}
        async with httpx2.AsyncClient(transport=transport, base_url="http://matron", headers=asks) as client:
            yield House(client, engine, store)


async def booked(house: House) -> dict[str, str]:
    doctor = await house.made("/doctors", {"name": "Dr. Mira Anand", "specialization": "Cardiology"})
    slot = await house.made("/slots", {"doctor": doctor["id"], **TIMES})
    patient = await house.made("/patients", {"name": "Asha Rao"})
    token = await house.made("/tokens", {"slot_id": slot["id"], "patient_id": patient["id"], "category": "ONLINE"})
    return {"doctor": doctor["id"], "slot": slot["id"], "patient": patient["id"], "token": token["id"]}


async def test_a_booking_is_found_in_the_day_the_slot_the_entry_and_the_patient_s_history():
    async with house() as there:
        ids = await booked(there)
        [today] = (await there.got("/days/"))["items"]
        day = await there.got("/day/", date=today["date"])
        assert (day["first"], day["last"], day["live"]) == (1, today["last"], True)
        assert sum(minute["commands"].get("BookToken", 0) for minute in day["minutes"]) == 1
        state = await there.got("/state", slot=ids["slot"])
        [row] = state["slot"]["line"]
        assert (row["id"], row["patient_id"], row["place"], row["category"]) == (
            ids["token"], ids["patient"], 1, "ONLINE",
        )  # fmt: skip
        entry = await there.got(f"/entries/{row['changed']}/")
        assert (entry["entry"]["command"], entry["patients"]) == ("BookToken", [ids["patient"]])
        assert entry["explanation"]["sections"]
        history = await there.got(f"/patients/{ids['patient']}/history")
        assert [one["command"] for one in history["items"]] == ["RegisterPatient", "BookToken"]
        before = await there.got("/state", slot=ids["slot"], at=str(row["changed"] - 1))
        assert (before["slot"]["line"], before["after"]) == ([], row["changed"])


async def test_no_answer_says_the_patient_s_name():
    async with house() as there:
        ids = await booked(there)
        head = (await there.got("/days"))["head"]
        paths = ["/entries/", f"/patients/{ids['patient']}/history/", *[f"/entries/{n}" for n in range(1, head + 1)]]
        said = [str(await there.got(path)) for path in paths] + [str(await there.got("/state", slot=ids["slot"]))]
        assert not [text for text in said if "Asha" in text]
        assert any("sealed" in text for text in said)


async def test_whom_an_answer_names_stands_in_the_access_log_once_in_a_while():
    async with house() as there:
        ids = await booked(there)
        await there.got("/days/")
        await there.got("/entries/1")
        assert await there.looks() == []
        there.client.headers["Purpose-Of-Use"] = "HOPERAT"
        for _ in range(3):
            await there.got("/state", slot=ids["slot"])
        assert await there.looks() == [("GetAuditState", "HOPERAT", (ids["patient"],))]
        there.client.headers["Purpose-Of-Use"] = "CURIOSITY"
        await there.got("/state", 400, slot=ids["slot"])


async def test_another_hospital_s_log_is_not_there():
    async with house() as there:
        ids = await booked(there)
        theirs = {"Hospital-Id": "north"}
        head = (await there.got("/days"))["head"]
        for path in (
            f"/entries/{head}", f"/patients/{ids['patient']}/history", f"/state?slot={ids['slot']}",
        ):  # fmt: skip
            answer = await there.client.get(f"{BASE}/audit{path}", headers=theirs)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
        answer = await there.client.get(f"{BASE}/audit/entries", headers=theirs, params={"about": ids["patient"]})
        assert answer.json()["items"] == []
        assert (await there.client.get(f"{BASE}/audit/days", headers={"Hospital-Id": "south"})).status_code == 404


async def test_what_is_asked_wrongly_is_said_field_by_field():
    async with house() as there:
        ids = await booked(there)
        slot = ids["slot"]
        for path, asked, field in (
            ("/day", {}, "date"),
            ("/day", {"date": "yesterday"}, "date"),
            ("/state", {}, "slot"),
            ("/state", {"slot": slot, "service": slot}, "slot"),
            ("/state", {"slot": slot, "at": "noon"}, "at"),
            ("/state", {"slot": slot, "at": "2026-01-01 10:00 <b>"}, "at"),
            ("/entries", {"from": "noon"}, "from"),
            ("/entries", {"to": "25:00"}, "to"),
            ("/entries", {"limit": 0}, "limit"),
            ("/entries", {"cursor": "x"}, "cursor"),
            ("/entries", {"sort": "time"}, "sort"),
        ):
            problem = await there.got(path, 422, **asked)
            assert problem["errors"][0]["field"] == field, (path, asked, problem)
        for path in (
            "/entries/0",
            "/entries/x",
            "/entries/999999",
            f"/patients/{NOBODY}/history",
            "/patients/x/history",
        ):
            assert (await there.got(path, 404))["code"] == "not_found"
        assert (await there.got("/state", 404, slot=NOBODY))["code"] == "not_found"


@pytest.mark.parametrize("role", ["clerk", "clinician", "admin", "board", "integration"])
async def test_only_an_auditor_reads_the_log(role: Any):
    async with client_of(ScriptedEngine(), As(role)) as client:
        for row in ROWS:
            path = row.path.format(position=1, patient_id=NOBODY)
            assert (await client.get(f"{BASE}{path}")).status_code == 403


async def test_where_no_log_is_on_disk_it_says_so():
    async with client_of(ScriptedEngine(), As("auditor")) as client:
        answer = await client.get(f"{BASE}/audit/days/")
        assert (answer.status_code, answer.json()["code"]) == (503, "no_explorer")
        assert answer.headers["retry-after"]


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (Failure("busy", read=40, of=100), 503, "reading_log"),
        (Failure("unreadable", "a record"), 503, "log_unreadable"),
        (Failure("failed", "KeyError"), 500, "internal_error"),
        (None, 503, "explorer_busy"),
    ],
)
async def test_trouble_with_the_log_is_told_apart(failure: Failure | None, status: int, code: str):
    class Troubled:
        async def ask(self, hospital: str, call: str, args: dict[str, Any], within: float) -> Told:
            raise refusal(failure) if failure else Unavailable("explorer_busy", "later")

    engine: Any = ScriptedEngine()
    app = create_app(engine, As("auditor"), pages_of(engine), explorer=Troubled())
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://matron") as client:
        answer = await client.get(f"{BASE}/audit/days")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert code != "reading_log" or answer.json()["facts"] == {"read": 40, "of": 100}


def test_frames_are_put_together_from_any_pieces_and_a_mad_length_ends_it():
    frames, words = Frames(), [Asked(n, "x" * n, args={"n": n}) for n in range(60)]
    data = b"".join(map(framed, words))
    found = [body for at in range(0, len(data), 7) for body in frames.take(data[at : at + 7])]
    assert [msgspec.msgpack.decode(body, type=Asked) for body in found] == words
    with pytest.raises(Garbled):
        list(Frames().take(b"\xff\xff\xff\xff...."))

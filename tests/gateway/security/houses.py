"""Two hospitals side by side with something of everything in each, and all that is the other's marked.

``House.theirs`` is what nobody of elsewhere may ever be told: words, numbers and dates that were written there, ids,
links, tokens and cursors that were given there.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol
from urllib.parse import urlencode

import msgspec

from engine.decisions.hospital import AddHospital
from engine.eventlog.memory_store import MemoryStore
from engine.runtime import Engine, open_engine
from gateway.explorer.queries import QUESTIONS
from gateway.routes import BASE, TABLE
from tests.gateway.security.calls import Answer, Headers
from tests.gateway.surface import SYSTEM
from tests.gateway.test_isolation import things

OURS, THEIRS = "alpha", "beta"

UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
LINK = re.compile(rb"[0-9a-f-]{36}\.[0-9a-f]{32}")
TOKEN = re.compile(rb"token=([0-9A-Za-z._-]{16,})")

WORDS = frozenset((
    "name", "phone", "email", "note", "reason", "specialization", "location", "label", "clinical_information", "room",
    "overlap_reason", "specialty", "shown", "description", "result", "url",
))  # fmt: skip
"""Members of bodies that people fill with words of their own."""

PERSON = "Zqpatient"
"""What every text about a patient begins with, in the other hospital."""

PLACE = "Zqhouse"
"""What every other text there begins with."""

PHONE, BIRTH = "+49 555 0177 4233", "1893-07-19"


class Asking(Protocol):
    """A way to the application."""

    async def __call__(self, method: str, target: str, *, headers: Headers = (), json_body: Any = ...) -> Answer:
        """What it answers."""


class Marking:
    """A client that writes marked words wherever a person would write some; it has what ``things`` needs of one."""

    def __init__(self, asking: Asking, headers: list[tuple[str, str]], *, marks: bool) -> None:
        self.answers: list[Answer] = []
        self.keys: list[str] = []
        self._asking = asking
        self._headers = headers
        self._marks = marks

    async def post(self, path: str, *, json: Any, headers: dict[str, str]) -> Got:
        """A write, with a key of its own."""
        key = f"key-{headers.get('Hospital-Id', '')}-{len(self.keys)}"
        self.keys.append(key)
        body = marked(json, of_patient="/patients" in path or "patient_id" in json) if self._marks else json
        if self._marks and path.endswith("/patients"):
            body |= {"phone": PHONE, "dob": BIRTH, "email": f"{PERSON.lower()}@beta.example"}
        return await self._send("POST", path, {**headers, "Idempotency-Key": key}, body)

    async def get(self, path: str, *, headers: dict[str, str]) -> Got:
        """A read."""
        return await self._send("GET", path, headers)

    async def delete(self, path: str, *, headers: dict[str, str]) -> Got:
        """A removal."""
        return await self._send("DELETE", path, headers)

    async def _send(self, method: str, path: str, headers: dict[str, str], body: Any = ...) -> Got:
        answer = await self._asking(method, path, headers=[*self._headers, *headers.items()], json_body=body)
        self.answers.append(answer)
        return Got(answer)


class Got:
    """An answer with the members that a client library's has."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.status_code = answer.status
        self.text = answer.body.decode()

    def json(self) -> Any:
        """The body's value."""
        return self._answer.json


def marked(value: Any, *, of_patient: bool, name: str = "") -> Any:
    """The same with a mark in front of whatever people wrote."""
    if isinstance(value, dict):
        return {key: marked(inner, of_patient=of_patient, name=key) for key, inner in value.items()}
    if isinstance(value, list):
        return [marked(inner, of_patient=of_patient, name=name) for inner in value]
    if isinstance(value, str) and name in WORDS:
        return f"{PERSON if of_patient else PLACE} {value}"
    return value


class House:
    """One hospital: an id of each kind, and all that was said there."""

    def __init__(self, name: str, ids: dict[str, str], said: list[Answer], keys: list[str]) -> None:
        self.name = name
        self.ids = ids
        self.keys = keys
        text = b"\n".join(answer.everything for answer in said)
        self.uuids: frozenset[str] = frozenset(found.decode() for found in UUID.findall(text))
        self.links: list[str] = sorted({found.decode() for found in LINK.findall(text)})
        self.tokens: list[str] = sorted({found.decode() for found in TOKEN.findall(text)})
        self.cursors: list[str] = sorted(
            {answer.json["next_cursor"] for answer in said if b'"next_cursor":"' in answer.body}
        )

    @property
    def theirs(self) -> tuple[bytes, ...]:
        """What nobody of elsewhere is told, whatever he says; ids he may say himself are not here."""
        words = (PERSON, PERSON.lower(), PLACE, PHONE, BIRTH)
        return tuple(word.encode() for word in words)


async def furnished(asking: Asking, name: str, headers: list[tuple[str, str]], *, marks: bool) -> House:
    """A hospital with one of each thing, looked at from all sides. ``headers``: of somebody who may do everything."""
    client = Marking(asking, headers, marks=marks)
    ids = await things(client, name)
    named = {"Hospital-Id": name}
    for row in TABLE:
        if row.method != "GET" or row.name in {question.__name__ for question in QUESTIONS}:
            continue
        if set(row.ids) <= ids.keys():
            path = BASE + row.path.format(**ids)
            await client.get(f"{path}?{urlencode({'hospital': name})}" if row.public else path, headers=named)
            if not row.ids:
                await client.get(f"{path}?limit=1", headers=named)
    return House(name, ids, client.answers, client.keys)


@asynccontextmanager
async def engine_of_two() -> AsyncIterator[Engine]:
    """An engine in memory with both hospitals in it, empty."""
    async with open_engine(MemoryStore()) as engine:
        await engine.until_ready()
        for name in (OURS, THEIRS):
            await engine.ask(name, AddHospital(hospital_id=name, name=name.title(), time_zone="UTC"), SYSTEM)
        yield engine


def plain(document: Any) -> Any:
    """A problem document without what differs from request to request."""
    return msgspec.json.decode(UUID.sub(b"ID", msgspec.json.encode({**document, "request_id": ""})))

"""Clients that write over many connections while the server is killed, and a ledger of all they were told.

A deed is one write under one key. Whoever gets no answer asks again with the same key when the server is back; who
is told that his deed was not applied lets it be, so that the log can be searched for it at the end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import msgspec
import trio

from engine.eventlog.entry import checked
from engine.eventlog.lmdb_reader import LmdbReader
from gateway.auth import DEV_HOSPITAL, DEVELOPER
from tests.crash.house import House

CONNECTIONS = 30
WAITS = (0, *[1, 10] * 20)
"""Seconds that a client gives the server, as chance will have it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said; ``position`` is the ``Event-Sequence``."""

    status: int
    body: Any
    position: int
    replayed: bool

    @property
    def accepted(self) -> bool:
        """Whether it promises that the deed is in the log."""
        return self.status < 300

    @property
    def not_applied(self) -> bool:
        """Whether it promises that the deed is not, now or later."""
        return self.status in (503, 504) and self.body["outcome"] == "not_applied"

    @property
    def settled(self) -> bool:
        """Whether nothing is left to be asked."""
        return self.status not in (503, 504) or self.not_applied


@dataclass(slots=True)
class Deed:
    """One write under one key, and the first settled answer to it."""

    key: str
    method: str
    path: str
    body: Any = None
    cancels: str = ""
    """The token, appointment or admission that it ends."""
    answer: Answer | None = None

    @property
    def command_id(self) -> bytes:
        """Under which id the log has it."""
        return sha256(f"{DEV_HOSPITAL}|{DEVELOPER.name}|{self.key}".encode()).digest()[:16]


class Ledger:
    """All deeds so far."""

    def __init__(self, house: House, chance: Random) -> None:
        self.deeds: list[Deed] = []
        self.repeated = 0
        self._house = house
        self._chance = chance
        self._patients: list[str] = []
        self._tokens: list[str] = []
        self._appointments: list[str] = []
        self._admissions: dict[str, str] = {}
        """The bed of each, as it was first told; ``""``: none yet."""
        self._left: list[str] = []
        """Beds that are to be cleaned."""

    # The storm

    async def storm(self, url: str) -> None:
        """Write from all connections until the server is gone."""
        limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        client = httpx2.AsyncClient(base_url=f"{url}/api/v1", timeout=20, limits=limits)
        async with client, trio.open_nursery() as nursery:
            for _ in range(CONNECTIONS):
                nursery.start_soon(self._write, client)

    async def _write(self, client: httpx2.AsyncClient) -> None:
        while True:
            deed = self._new_deed()
            self.deeds.append(deed)
            try:
                answer = await self._do(client, deed, wait=self._chance.choice(WAITS))
                if answer.accepted and self._chance.random() < 0.1:
                    await self._do(client, deed)
            except httpx2.TransportError:
                return

    def _new_deed(self) -> Deed:
        chance, key = self._chance, f"deed-{len(self.deeds)}"
        draw = chance.random()
        if self._tokens and draw < 0.15:
            token_id = self._tokens.pop(chance.randrange(len(self._tokens)))
            return Deed(key, "DELETE", f"/tokens/{token_id}/", cancels=token_id)
        if self._appointments and draw < 0.2:
            appointment_id = self._appointments.pop(chance.randrange(len(self._appointments)))
            return Deed(key, "POST", f"/appointments/{appointment_id}/cancel/", {}, appointment_id)
        if self._admissions and draw < 0.32:
            return self._of_wards(key)
        if self._patients and draw < 0.75:
            patient_id = self._patients[-1] if draw < 0.4 else self._patients.pop()  # some book twice
            if chance.random() < 0.3:
                return Deed(key, "POST", "/appointments/", self._house.room(chance, patient_id))
            if chance.random() < 0.5:
                return Deed(key, "POST", "/admissions/", self._house.admission(chance, patient_id))
            return Deed(key, "POST", "/tokens/", self._house.slot(chance, patient_id))
        return Deed(key, "POST", "/patients/", {"name": f"Patient {key}"})

    def _of_wards(self, key: str) -> Deed:
        """Somebody leaves or is moved, or a bed is cleaned, if it is to be."""
        chance = self._chance
        draw = chance.random()
        if draw < 0.45:
            bed = self._left.pop() if self._left else chance.choice(self._house.beds)
            return Deed(key, "POST", f"/beds/{bed}/clean/", {})
        admission_id = chance.choice(list(self._admissions))
        if draw < 0.6:
            return Deed(key, "POST", f"/admissions/{admission_id}/transfer/", {})
        self._left += filter(None, (self._admissions.pop(admission_id),))
        return Deed(key, "POST", f"/admissions/{admission_id}/discharge/", {}, admission_id)

    async def _do(self, client: httpx2.AsyncClient, deed: Deed, wait: int = 10) -> Answer:
        headers = {"Idempotency-Key": deed.key, "Prefer": f"wait={wait}"}
        got = await client.request(deed.method, deed.path, json=deed.body, headers=headers)
        assert got.content, (got.status_code, got.headers)
        answer = Answer(
            got.status_code,
            got.json(),
            int(got.headers.get("Event-Sequence", 0)),
            got.headers.get("Idempotent-Replayed") == "true",
        )
        assert answer.status < 500 or answer.status in (503, 504), got.text
        first = deed.answer
        if first is None:
            if answer.settled:
                deed.answer = answer
                self._learn(deed, answer)
        elif first.accepted and answer.status != 503:  # a gateway process may outlive its engine by a moment
            self.repeated += 1
            assert (answer.status, answer.body, answer.position) == (first.status, first.body, first.position)
            assert answer.replayed, f"{deed} was accepted before"
        return answer

    def _learn(self, deed: Deed, answer: Answer) -> None:
        if answer.accepted and deed.path == "/patients/":
            self._patients.append(answer.body["id"])
        elif answer.accepted and deed.path == "/tokens/":
            self._tokens.append(answer.body["id"])
        elif answer.accepted and deed.path == "/appointments/":
            self._appointments.append(answer.body["id"])
        elif answer.accepted and deed.path == "/admissions/":
            self._admissions[answer.body["id"]] = answer.body["bed_id"] or ""

    # What must hold when the server is back

    async def settle(self, url: str, since: int) -> None:
        """Ask again for all that is open, and for some of what is known; look at each booking made since ``since``."""
        chance = self._chance
        again = [deed for deed in self.deeds if deed.answer is None]
        known = [deed for deed in self.deeds if deed.answer is not None and deed.answer.accepted]
        again += chance.sample(known, min(40, len(known)))
        async with httpx2.AsyncClient(base_url=f"{url}/api/v1", timeout=20) as client:
            await _in_parallel(again, lambda deed: self._repeat(client, deed))
            await _in_parallel(self.deeds[since:], lambda deed: self._look(client, deed))

    async def _repeat(self, client: httpx2.AsyncClient, deed: Deed) -> None:
        answer = await self._do(client, deed)
        while not answer.settled:
            await trio.sleep(0.05)
            answer = await self._do(client, deed)

    async def _look(self, client: httpx2.AsyncClient, deed: Deed) -> None:
        assert deed.answer is not None
        kind = deed.path.split("/")[1]
        if not deed.answer.accepted or kind == "patients":
            return
        id = deed.cancels or deed.answer.body["id"]
        got = await client.get(f"/{kind}/{id}/")
        if got.status_code == 404 and kind == "tokens":  # it waited, and never had a token
            got = await client.get(f"/waiting-list/{id}/")
        assert got.status_code == 200, f"{deed} was accepted, and is not there: {got.text}"
        if deed.cancels:
            assert got.json()["status"] in ("CANCELLED", "cancelled", "discharged"), got.text

    def verify_log(self, data: Path) -> None:
        """Each accepted deed is in the log, once and where it was said to be; none that was not applied is."""
        places: dict[bytes, list[int]] = {}
        for position, entry in enumerate(trio.run(_read_log, data), 1):
            if "refusal" not in entry:
                places.setdefault(entry["command_id"], []).append(position)
        for deed in self.deeds:
            assert deed.answer is not None
            there = places.get(deed.command_id, [])
            if deed.answer.accepted:
                assert there == [deed.answer.position], f"{deed} stands at {there}"
            else:
                assert there == [], f"{deed} was {deed.answer.status}, and stands at {there}"


async def _in_parallel(deeds: list[Deed], work: Callable[[Deed], Awaitable[None]]) -> None:
    waiting = iter(deeds)

    async def one_by_one() -> None:
        for deed in waiting:
            await work(deed)

    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(one_by_one)


async def _read_log(data: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    async with LmdbReader(data) as reader:
        while batch := await reader.read(DEV_HOSPITAL, len(entries) + 1, 1_000):
            entries += [msgspec.msgpack.decode(checked(record))[0] for _, record in batch]
    return entries

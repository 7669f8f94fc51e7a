"""A load on somebody else's server: what was acknowledged, read back over HTTP; every slot and queue looked through."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import trio

from perf.client import answer, body, status
from perf.figures import Incorrect
from perf.load.plan import Site
from perf.runs import Check
from perf.verify.answers import Told
from perf.verify.log import OVERLAPS, Verdicts

_CONNECTIONS: Final = 8
_SEATED: Final = ("CONFIRMED", "COMPLETED")
_TIMES: Final = (
    ("room", "busy_from", "busy_to"),
    ("doctor", "start_time", "end_time"),
    ("patient", "start_time", "end_time"),
)
"""Whose time an appointment takes, and from when to when."""

_HOLDING: Final = ("held", "booked", "checked_in", "in_progress")


async def verify_remote(
    host: str, port: int, key: str, sites: Sequence[Site], told: Mapping[str, Told]
) -> list[Check]:  # fmt: skip
    """Every check that can be made without the log."""
    verdicts = Verdicts()
    for site in sites:
        reader = _Reader(host, port, key, site.hospital)
        things = await _things(reader, told.get(site.hospital, Told()), verdicts)
        if site.rooms:
            verdicts.looked(OVERLAPS, *_overlaps(things))
        await _slots(reader, site, told.get(site.hospital, Told()), verdicts)
        found = await reader.all([f"/services/{id}/integrity/" for id in [*site.services, *site.doctors]])
        faults = [f"queue {one['service_id']} of {site.hospital}: {one}" for one in found if one and not one["ok"]]
        verdicts.looked("every queue is sound", sum(one is not None for one in found), faults)
    return verdicts.checks()


async def _things(reader: _Reader, told: Told, verdicts: Verdicts) -> list[Any]:
    """What was made is there; what it is."""
    made = {answer.id: answer for answer in told.acknowledged.values() if answer.id and answer.made}
    found = await reader.all([f"/{answer.made}/{id}/" for id, answer in made.items()])
    lost = [
        f"{answer.op} {answer.key} was acknowledged, and {id} is not there"
        for (id, answer), thing in zip(made.items(), found, strict=True)
        if thing is None
    ]
    verdicts.looked("every acknowledged write can be read back", len(made), lost)
    return [thing for thing in found if thing is not None]


def _overlaps(things: Sequence[Any]) -> tuple[int, list[str]]:
    """Appointments looked at, and those that are in the room, or with the doctor or patient, of another one then."""
    booked = [one for one in things if one.get("status") in _HOLDING]
    lines: defaultdict[str, list[tuple[datetime, datetime, str]]] = defaultdict(list)
    for one in booked:
        for kind, begins, ends in _TIMES:
            if one[f"{kind}_id"] is not None:
                times = (datetime.fromisoformat(one[begins]), datetime.fromisoformat(one[ends]))
                lines[f"{kind} {one[f'{kind}_id']}"].append((*times, one["id"]))
    faults = []
    for whose, line in lines.items():
        line.sort()
        latest = line[0]
        for one in line[1:]:
            if one[0] < latest[1]:
                faults.append(f"{whose} is in {latest[2]} and in {one[2]} at one time")
            latest = max(latest, one, key=lambda held: held[1])
    return len(booked), faults


async def _slots(reader: _Reader, site: Site, told: Told, verdicts: Verdicts) -> None:
    """No seat too many, nobody twice, and no more tokens than were acknowledged or may have been made."""
    overfull: list[str] = []
    held: Counter[tuple[str, int]] = Counter()
    ids: set[str] = set()
    slots = [(slot, day) for day, those in enumerate([site.today, *site.days]) for slot in those]
    for slot, day in slots:
        tokens = await reader.listed(f"/slots/{slot}/tokens/")
        ids.update(token["id"] for token in tokens)
        seated = [token for token in tokens if token["status"] in _SEATED and token["category"] != "EMERGENCY"]
        if len(seated) > site.capacity:
            overfull.append(f"slot {slot}: {len(seated)} tokens, {site.capacity} seats")
        held.update((token["patient_id"], day) for token in tokens if token["status"] == "CONFIRMED")
    verdicts.looked("no seat beyond the capacity", len(slots), overfull)
    doubles = [f"patient {who} has {count} tokens of one day" for (who, _), count in held.items() if count > 1]
    verdicts.looked("nobody is booked twice", held.total(), doubles)
    known = {answer.id for answer in told.acknowledged.values()}
    surplus = len(ids - known) - sum(answer.op == "book" for answer in told.unknown.values())
    refused = len(told.refused) + len(told.not_applied)
    false = [f"{surplus} tokens of {site.hospital} are there that were never acknowledged"] if surplus > 0 else []
    verdicts.looked("nothing that was refused was done", refused, false)


class _Reader:
    """Reads of one hospital, over some connections."""

    def __init__(self, host: str, port: int, key: str, hospital: str) -> None:
        self._place = (host, port)
        authorization = f"Authorization: Bearer {key}\r\n" if key else ""
        self._head = f" HTTP/1.1\r\nHost: {host}\r\nHospital-Id: {hospital}\r\n{authorization}\r\n"

    async def all(self, paths: Sequence[str]) -> list[Any]:
        """What each is answered; ``None`` where it is not there."""
        found: list[Any] = [None] * len(paths)
        turns = iter(range(len(paths)))

        async def ask() -> None:
            with trio.socket.socket() as link:
                await link.connect(self._place)
                for turn in turns:
                    found[turn] = await self._get(link, paths[turn])

        async with trio.open_nursery() as nursery:
            for _ in range(min(_CONNECTIONS, len(paths))):
                nursery.start_soon(ask)
        return found

    async def listed(self, path: str) -> list[Any]:
        """All items of a list, page by page."""
        items: list[Any] = []
        cursor = ""
        while True:
            [page] = await self.all([f"{path}?limit=1000{cursor}"])
            if page is None:
                raise Incorrect(f"{path} is not there")
            items.extend(page["items"])
            if page["next_cursor"] is None:
                return items
            cursor = f"&cursor={page['next_cursor']}"

    async def _get(self, link: trio.socket.SocketType, path: str) -> Any:
        await link.send(f"GET /api/v1{path}{self._head}".encode())
        got = await answer(link)
        if status(got) == 404:
            return None
        if status(got) != 200:
            raise Incorrect(f"{path} was answered {got[:200]!r}")
        return body(got)

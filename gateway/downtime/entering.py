"""Lines of paper entered into a hospital that runs again: looked at one by one, then sent in the order of their times.

A line is known by what it says: the same line again sends nothing twice, whether the answers came or not. A step that
is refused ends its line; the others go on.
"""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from gateway.bulk.importing import Told
from gateway.bulk.reading import Line
from gateway.client import GatewayClient, Refusal
from gateway.downtime.visits import RANKS, Send, Visit, steps, visit_of
from gateway.problems import Fault

PLACES: Final = {
    "token": "/tokens/{}/", "ticket": "/tickets/{}/", "appointment": "/appointments/{}/", "walk-in": "/slots/{}/",
    "join": "/services/{}/",
}  # fmt: skip
"""Where what a line names can be seen."""


class Planned(msgspec.Struct):
    """A line that says something: what will be sent. ``id`` is known at once, or after the first step."""

    number: int
    visit: Visit
    steps: list[Send]
    id: str
    key: str


async def planned(
    gateway: GatewayClient, lines: Iterable[Line], zone: ZoneInfo, now: datetime
) -> tuple[list[Planned], list[Told]]:
    """The lines that say something, and what is to be said of the others; an empty line is none."""
    ready: list[Planned] = []
    told: list[Told] = []
    seen: dict[str, int] = {}
    for line in lines:
        faults = list(line.faults)
        values = {**{name: str(value) for name, value in line.values.items()}, "id": line.id.strip().lower()}
        visit, wrong = (None, []) if faults else visit_of(values, zone, now)
        if visit is not None:
            said = json.dumps(values, sort_keys=True)
            # Two walk-ins without a name of their own may say the same; each of them is somebody.
            seen[said] = seen.get(said, 0) + 1
            key = hashlib.sha256(f"{said} {seen[said]}".encode()).hexdigest()[:40]
            try:
                there = await gateway.ask("GET", PLACES[visit.what].format(visit.id))
            except Refusal as refusal:
                wrong = [Fault("id", f"there is no such {visit.what}: {refusal}")]
            else:
                state = there.get("phase") if there.get("status") == "CONFIRMED" else there.get("status")
                known = {"join": 1, "walk-in": 0}.get(visit.what, _known(visit, str(state)))
                if known is None:
                    told.append(Told(line.number, "there", visit.id))
                elif sends := steps(visit, known):
                    new = visit.what in ("walk-in", "join")
                    ready.append(Planned(line.number, visit, sends, "" if new else visit.id, key))
                elif visit.what == "join":
                    ready.append(Planned(line.number, visit, [], "", key))
                else:
                    told.append(Told(line.number, "there", visit.id))
        if faults or wrong:
            told.append(Told(line.number, "refused", faults=tuple(faults or wrong)))
    return ready, told


def _known(visit: Visit, state: str) -> int | None:
    """How many of a visit's times are known; ``None`` where it is over as the line says, or can be nothing else."""
    if state.upper() == "NO_SHOW":  # perhaps by the clock, while nobody could say that somebody was there
        return None if visit.outcome == "no_show" or visit.what == "ticket" else 0
    return RANKS.get(state)


async def entered(gateway: GatewayClient, ready: list[Planned], progress: Callable[[int], None]) -> list[Told]:
    """Send it all, the earliest step of all lines first; a line's own steps in their order."""
    told: list[Told] = []
    waiting = [(one.visit.times.get("arrived") or min(one.visit.times.values()), one.number, 0, one) for one in ready]
    heapq.heapify(waiting)
    while waiting:
        _, _, index, one = heapq.heappop(waiting)
        try:
            if not one.id:
                one.id = await _begun(gateway, one)
                index -= 1
            else:
                step = one.steps[index]
                path, key = step.path.replace("{id}", one.id), f"paper-{one.key}-{index}"
                await gateway.ask(step.method, path, step.body, Idempotency_Key=key)
        except Refusal as refusal:
            errors = refusal.document.get("errors") or [{"field": "", "message": str(refusal)}]
            told.append(Told(one.number, "refused", one.id, tuple(Fault(e["field"], e["message"]) for e in errors)))
            progress(1)
            continue
        if index + 1 < len(one.steps):
            heapq.heappush(waiting, (one.steps[index + 1].at, one.number, index + 1, one))
        else:
            told.append(Told(one.number, "added", one.id))
            progress(1)
    return told


async def _begun(gateway: GatewayClient, one: Planned) -> str:
    """R5: who was not on the list gets a token or a ticket of the time at which he came."""
    at = one.visit.times["arrived"].isoformat().replace("+00:00", "Z")
    patient = one.visit.patient.get("patient_id")
    if patient is None:
        who: dict[str, Any] = {
            name: one.visit.patient[name] for name in ("name", "phone", "dob") if name in one.visit.patient
        }
        patient = await _id(gateway, "/patients/", who, f"paper-{one.key}-patient")
    body: dict[str, Any] = {"patient_id": patient, "occurred_at": at}
    if one.visit.what == "join":
        return await _id(gateway, f"/services/{one.visit.id}/tickets/", body, f"paper-{one.key}-join")
    body |= {"slot_id": one.visit.id, "category": "WALKIN"}
    return await _id(gateway, "/tokens/", body, f"paper-{one.key}-book")


async def _id(gateway: GatewayClient, path: str, body: dict[str, Any], key: str) -> str:
    return str((await gateway.ask("POST", path, body, Idempotency_Key=key))["id"])

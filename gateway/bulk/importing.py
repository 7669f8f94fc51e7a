"""Lines of a file become things of a hospital: checked before the first is sent, sent in batches, told line by line.

R1  Nothing is sent while a line is wrong, unless that was asked for (``partial``).
R2  What is there already is left alone: two are the same where the fields agree that the kind names, and a patient only
    where a phone number or a date of birth is among them. Nobody is the same by name alone.
R3  Who has the name and the date of birth of somebody who is there, and another phone number, is perhaps the same: the
    line is refused unless that was allowed (``similar``).
R4  Each line has an idempotency key made of the file, the line and what is said: a lost connection doubles nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from gateway.bulk.kinds import Kind
from gateway.bulk.naming import Names, resolved
from gateway.bulk.reading import Line
from gateway.client import BUSY, GatewayClient, Unanswered
from gateway.problems import Fault, Problem

BATCH: Final = 250
"""Lines sent at once: one commit, and little to ask again after a lost connection."""

BATCH_BYTES: Final = 2 * 1024 * 1024
AGAIN: Final = 20
"""How often a line is asked again that was told: not now."""

Outcome = Literal["added", "there", "refused"]


class Told(msgspec.Struct, frozen=True):
    """What became of a line. ``id``: of what was made, or of what was there."""

    line: int
    outcome: Outcome
    id: str = ""
    faults: tuple[Fault, ...] = ()


class Ready(msgspec.Struct, frozen=True):
    """A line that may be sent."""

    line: Line
    path: str
    body: dict[str, Any]
    key: str


class Known:
    """What is there, and what the file has said so far, by what two that are the same agree in (R2, R3)."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._same: dict[str, str] = {}
        self._near: dict[str, str] = {}

    def add(self, values: Mapping[str, Any], what: str) -> None:
        """Something that is there; ``what`` names it: an id, or a line."""
        if (mark := self._mark(values)) is not None:
            self._same.setdefault(mark, what)
        if (near := self._similar(values)) is not None:
            self._near.setdefault(near, what)

    def same(self, values: Mapping[str, Any]) -> str | None:
        """R2."""
        mark = self._mark(values)
        return None if mark is None else self._same.get(mark)

    def near(self, values: Mapping[str, Any]) -> str | None:
        """R3."""
        near = self._similar(values)
        return None if near is None else self._near.get(near)

    def _mark(self, values: Mapping[str, Any]) -> str | None:
        told = {name: _comparable(values.get(name), name) for name in self._kind.same}
        if self._kind.name == "patients" and not (told["phone"] or told["dob"]):
            return None
        return json.dumps(told, sort_keys=True)

    def _similar(self, values: Mapping[str, Any]) -> str | None:
        if self._kind.name != "patients" or not values.get("dob"):
            return None
        return json.dumps([_comparable(values.get("name")), values["dob"]])


def checked(
    kind: Kind, lines: Iterable[Line], names: Mapping[str, Names], known: Known, digest: str, *, similar: bool
) -> tuple[list[Ready], list[Told]]:
    """The lines that may be sent, and what is to be said of the others."""
    ready: list[Ready] = []
    told: list[Told] = []
    own = Known(kind)
    for line in lines:
        faults = line.faults
        values: dict[str, Any] = {}
        if not faults:
            values, missing = resolved(kind, line.values, names)
            faults = tuple(missing) or _shaped(kind, values)
        if not faults and (there := known.same(values)) is not None:
            told.append(Told(line.number, "there", there))
            continue
        if not faults:
            if (other := own.same(values)) is not None:
                faults = (Fault("", f"says the same as line {other}"),)
            elif not similar and (other := known.near(values)) is not None:
                faults = (Fault("name", f"perhaps the patient {other}: compare, then import with --similar"),)
        if faults:
            told.append(Told(line.number, "refused", faults=faults))
            continue
        own.add(values, str(line.number))
        ready.append(_ready(kind, line, values, digest))
    return ready, told


async def sent(
    gateway: GatewayClient, kind: Kind, ready: list[Ready], progress: Callable[[int], None]
) -> AsyncIterator[Told]:
    """Send what is ready; what is told comes batch by batch. ``Unanswered`` where the gateway stays silent."""
    waiting, rounds = list(ready), 0
    while waiting:
        batch, waiting = _batch(waiting)
        commands = [
            {"method": kind.row.method, "path": one.path, "body": one.body, "idempotency_key": one.key} for one in batch
        ]
        results = (await gateway.ask("POST", "/batch/", {"commands": commands}))["results"]
        again = []
        for one, result in zip(batch, results, strict=True):
            if result["status"] in BUSY:
                again.append(one)
                continue
            progress(1)
            yield _told(one, result)
        if again:
            rounds += 1
            if rounds > AGAIN:
                raise Unanswered(f"{len(again)} lines were told again and again: not now")
        waiting = [*again, *waiting]


def digest_of(data: bytes) -> str:
    """What a file's keys begin with (R4)."""
    return hashlib.sha256(data).hexdigest()


def _batch(waiting: list[Ready]) -> tuple[list[Ready], list[Ready]]:
    size = 0
    for count, one in enumerate(waiting[:BATCH]):
        size += len(json.dumps(one.body)) + 200
        if size > BATCH_BYTES and count:
            return waiting[:count], waiting[count:]
    return waiting[:BATCH], waiting[BATCH:]


def _told(one: Ready, result: Mapping[str, Any]) -> Told:
    body = result["body"] or {}
    if result["status"] < 300:
        return Told(one.line.number, "added", str(body.get("id", "")))
    errors = [Fault(error["field"], error["message"]) for error in body.get("errors", ())]
    said = f"{body.get('code', result['status'])}: {body.get('detail', 'refused')}"
    return Told(one.line.number, "refused", faults=tuple(errors) or (Fault("", said),))


def _shaped(kind: Kind, values: dict[str, Any]) -> tuple[Fault, ...]:
    path, body = _parted(kind, values)
    missing = tuple(Fault(name, "required") for name in kind.row.ids if name not in path)
    try:
        kind.shape.from_body(body, path)
    except Problem as problem:
        return (*missing, *(problem.errors or (Fault("", problem.detail),)))
    return missing


def _ready(kind: Kind, line: Line, values: dict[str, Any], digest: str) -> Ready:
    path, body = _parted(kind, values)
    place = kind.row.path
    for name, id in path.items():
        place = place.replace(f"{{{name}}}", id)
    said = json.dumps([digest, line.number, place, body], sort_keys=True)
    return Ready(line, f"{place}/", body, f"import-{hashlib.sha256(said.encode()).hexdigest()[:48]}")


def _parted(kind: Kind, values: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    ids = kind.row.ids
    path = {name: values[name] for name in ids if isinstance(values.get(name), str)}
    return path, {name: value for name, value in values.items() if name not in ids}


def _comparable(value: Any, name: str = "") -> Any:
    """A value as two ways of writing it agree: capitals, spaces, time zones, how a phone number is grouped."""
    if isinstance(value, list):
        return sorted(map(str, value))
    if not isinstance(value, str):
        return value
    if name == "phone":
        return "".join(filter(str.isdigit, value))
    if name.endswith("_time") and "T" in value:
        return datetime.fromisoformat(value).astimezone(UTC).isoformat()
    return " ".join(value.casefold().split())

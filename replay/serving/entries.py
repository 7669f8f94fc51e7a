"""Entries as the explorer lists them, and one entry whole. Nothing sealed is opened.

A list walks the log by positions. What names an actor, a patient or any other id is looked for in the stored bytes,
where ids stand as plain text; only what has it is decoded. A page ends when its time is up, with a cursor to go on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec
import trio

from engine import calendar
from engine.decider import GONE, Private
from engine.eventlog.entry import checked
from engine.recovery import Book
from gateway.explorer.answers import AuditChange, AuditDecision, AuditEntries, AuditEntry, AuditRefusal
from replay.showing import ERASED_TEXT, SEALED_TEXT
from replay.walking import Source

READ: Final = 1_000
PATIENCE: Final = 1.0
"""Seconds after which a page ends as it is."""

MOST: Final = 500
"""Rows of a page at most."""

_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OF_PATIENT: Final = re.compile(rf"(?:agenda:)?patient(?:_day|_referrals)?:({_ID.pattern})")
_ABOUT_PATIENTS: Final = ("patient_id", "into", "patient")


class Sieve(NamedTuple):
    """What a list is narrowed to; ``""`` and ``False`` narrow nothing."""

    actor: str = ""
    about: tuple[str, ...] = ()
    command: str = ""
    who: str = ""
    refused: bool = False

    def may_hold(self, record: bytes) -> bool:
        """Whether the bytes can be of an entry that is wanted."""
        return all(text.encode() in record for text in (self.actor, *self.about, self.command, self.who))

    def holds(self, entry: Any) -> bool:
        """Whether the entry is wanted."""
        return (
            self.command in ("", entry.name)
            and (not self.refused or entry.refusal is not None)
            and (not self.actor or any(change.actor.startswith(self.actor) for change in entry.changes))
            and self.who in ("", who_of(entry).get("name"))
        )


async def page(source: Source, book: Book, sieve: Sieve, start: int, until: int, limit: int) -> AuditEntries:
    """Up to ``limit`` wanted entries from ``start`` to ``until``."""
    found: list[AuditEntry] = []
    end = trio.current_time() + PATIENCE
    while start <= until:
        records = await source.read(book.hospital, start, min(READ, until - start + 1))
        if not records:
            break
        for position, record in records:
            start = position + 1
            if not sieve.may_hold(record):
                continue
            entry = book.codec.decode(checked(record))
            if sieve.holds(entry):
                found.append(in_short(entry))
                if len(found) == min(limit, MOST):
                    return AuditEntries(found, str(start) if start <= until else None)
        if trio.current_time() > end:
            return AuditEntries(found, str(start) if start <= until else None)
    return AuditEntries(found, None)


def in_short(entry: Any) -> AuditEntry:
    """An entry for a list."""
    who = who_of(entry)
    return AuditEntry(
        position=entry.position,
        time=calendar.moment(entry.time),
        command=entry.name,
        who=who.get("name", ""),
        role=who.get("role", ""),
        outcome=entry.outcome,
        refusal=None if entry.refusal is None else AuditRefusal(entry.refusal.code, entry.refusal.rule),
        actors=[change.actor for change in entry.changes],
        events=[type(event).__name__ for change in entry.changes for event in change.events],
    )


def whole(entry: Any) -> AuditDecision:
    """An entry with its command and its events."""
    arguments = plain(msgspec.msgpack.decode(entry.command, ext_hook=_closed))
    changes = [
        AuditChange(change.actor, change.version, change.previous, [event_of(event) for event in change.events])
        for change in entry.changes
    ]
    who = who_of(entry)
    return AuditDecision(
        entry=in_short(entry),
        source=who.get("source", ""),
        request_id=who.get("request_id", ""),
        rulebook=entry.rulebook,
        command_id=bytes(entry.command_id).hex(),
        arguments=arguments,
        changes=changes,
        patients=sorted(patients_of(entry, arguments)),
        explanation=None,
        lines=[],
        unexplained="",
    )


def who_of(entry: Any) -> dict[str, str]:
    """The principal of an entry."""
    found: dict[str, str] = msgspec.msgpack.decode(entry.who)
    return found


def event_of(event: Any) -> dict[str, Any]:
    """An event as a map, its name under ``type``."""
    found: dict[str, Any] = plain(event)
    return {"type": type(event).__name__, **found}


def plain(value: Any) -> Any:
    """A stored value as JSON has it: instants stay integers (µs), bytes are base64, what is sealed is not shown."""
    return msgspec.to_builtins(value, str_keys=True, enc_hook=_sealed)


def _closed(code: int, data: memoryview) -> dict[str, bool]:
    return ERASED_TEXT if bytes(data[:1]) == GONE else SEALED_TEXT


def _sealed(value: Any) -> Any:
    if isinstance(value, Private):
        return ERASED_TEXT if value.erased else SEALED_TEXT
    raise TypeError(f"{type(value).__name__} is not stored")


def patients_of(entry: Any, arguments: Any) -> set[str]:
    """The ids of the patients whom an entry names: in the keys of its actors, or as such in command and events."""
    found = set(named_in([change.actor for change in entry.changes]))
    found |= set(named_in(arguments))
    for change in entry.changes:
        for event in change.events:
            found |= set(named_in(plain(event)))
    return found


def named_in(value: Any) -> Iterator[str]:
    """The ids of patients in a plain value: under a name that says so, or in the key of an actor of theirs."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name in _ABOUT_PATIENTS and isinstance(item, str) and _ID.fullmatch(item):
                yield item
            yield from named_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from named_in(item)
    elif isinstance(value, str) and (found := _OF_PATIENT.match(value)):
        yield found[1]

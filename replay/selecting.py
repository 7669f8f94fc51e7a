"""Which entries of a log are meant: by place, time, actor, patient, who asked, what was asked, what came of it.

It reads entries without folding them, a slice at a time, so that a live log is never held for long.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import msgspec

from engine.actors.hospital import UUID
from engine.errors import Invalid
from engine.eventlog.entry import Codec, checked
from engine.eventlog.keys import Keyring
from engine.recovery import EVENTS
from replay.walking import READ, Source


class Wanted(msgspec.Struct, frozen=True):
    """What an entry must be like; what is empty does not matter.

    ``actor``: a key, or a kind of actor. ``type``: a command's name or an event's. ``patient``: an id that the entry
    names anywhere, in a sealed text's subject too.
    """

    actor: str = ""
    patient: str = ""
    principal: str = ""
    type: str = ""
    refused: bool = False


class Reading:
    """One hospital's log read entry by entry. ``keys`` are those with which it is decoded."""

    def __init__(self, source: Source, log: str, hospital: str = "") -> None:
        self.source = source
        self.log = log
        self.keys = Keyring(hospital or log, _no_entropy)
        self.codec = Codec(EVENTS, self.keys)

    async def records(
        self, start: int, until: int, advance: Callable[[int], None] = lambda _: None
    ) -> AsyncGenerator[tuple[int, bytes], None]:
        """Position and bytes of stored records from ``start`` to ``until``."""
        while start <= until:
            found = await self.source.read(self.log, start, min(READ, until - start + 1))
            if not found:
                return
            for position, record in found:
                yield position, record
            start = found[-1][0] + 1
            advance(len(found))

    async def entries(
        self, wanted: Wanted, start: int, until: int, advance: Callable[[int], None] = lambda _: None
    ) -> AsyncGenerator[Any, None]:
        """Every entry from ``start`` to ``until`` that is as wanted."""
        named = names(wanted.patient) if wanted.patient else ()
        async with aclosing(self.records(start, until, advance)) as records:
            async for _, record in records:
                if named and not any(name in record for name in named):
                    continue  # most are not, and need not be decoded
                entry = self.codec.decode(checked(record))
                if _is_wanted(entry, wanted):
                    yield entry


def names(id: str) -> tuple[bytes, bytes]:
    """How a record names a patient: by the id's text, and by its bytes as the subject of sealed text."""
    return id.encode(), bytes.fromhex(id.replace("-", ""))


def checked_id(text: str, what: str) -> str:
    """The id in its one form; ``Invalid`` when it is none."""
    id = text.strip().lower()
    if not re.fullmatch(UUID, id):
        raise Invalid(f"{text!r} is no id of {what}: ids look like 01a0e707-30ff-709f-85bb-a11a12c3e8cf", field="id")
    return id


def _is_wanted(entry: Any, wanted: Wanted) -> bool:
    if wanted.refused and entry.refusal is None:
        return False
    actor, type_name = wanted.actor, wanted.type
    if actor and not any(change.actor == actor or change.actor.partition(":")[0] == actor for change in entry.changes):
        return False
    if type_name and type_name != entry.name and not any(
        type(event).__name__ == type_name for change in entry.changes for event in change.events
    ):  # fmt: skip
        return False
    return not wanted.principal or msgspec.msgpack.decode(entry.who, type=_Who).name == wanted.principal


class _Who(msgspec.Struct):
    name: str = ""


def _no_entropy(count: int) -> bytes:
    raise AssertionError("reading draws nothing")

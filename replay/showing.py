"""How what a log holds is shown: entries, events, states as plain values for JSON, and as lines for people.

Sealed text is opened where the key is at hand. Where it is not, it is shown as ``sealed`` (JSON ``{"sealed": true}``),
and as ``erased`` where it was destroyed. Times stay numbers in JSON, except an entry's own;
people see them on the hospital's clocks.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

import msgspec

from engine import calendar
from engine.decider import GONE, NotInMemory, Private
from engine.errors import LogCorrupt
from engine.eventlog.keys import SEALED, Keyring, payload_subject
from replay.erased import erased_subjects
from replay.walking import Source

T = TypeVar("T")

SEALED_TEXT: Final = {"sealed": True}
ERASED_TEXT: Final = {"erased": True}

_FIRST_TIME, _LAST_TIME = 946_684_800_000_000, 7_258_118_400_000_000  # the years 2000 to 2199, in µs


class Showing:
    """Makes plain values of one hospital's log; ``keys`` are those with which its entries and states are decoded.

    ``erased``: who is known to have been erased; where it is not given, the log is asked when a key is missing.
    """

    def __init__(self, source: Source, hospital: str, keys: Keyring, erased: Container[str] | None = None) -> None:
        self._erased = erased
        self._source = source
        self._hospital = hospital
        self._keys = keys
        self._closed: dict[str, Mapping[str, bool]] = {}
        self._fields = msgspec.msgpack.Decoder(ext_hook=self._payload)

    async def value(self, value: Any) -> Any:
        """Anything typed that a log or a state holds, as maps, lists, texts and numbers."""
        return await self._opened(partial(msgspec.to_builtins, value, str_keys=True, enc_hook=self._text))

    async def fields(self, raw: bytes | msgspec.Raw) -> Any:
        """The same of something that is kept as it came: a command, who asked."""
        return await self._opened(lambda: msgspec.to_builtins(self._fields.decode(raw), str_keys=True))

    async def entry(self, entry: Any) -> dict[str, Any]:
        """An entry: when, who, what was asked, what came of it."""
        shown = {
            "hospital": entry.hospital,
            "position": entry.position,
            "time": rfc3339(entry.time),
            "name": entry.name,
            "who": await self.fields(entry.who),
            "command_id": entry.command_id.hex(),
            "rulebook": entry.rulebook,
            "command": await self.fields(entry.command),
        }
        if entry.refusal is not None:
            return {**shown, "refusal": {"code": entry.refusal.code, "rule": entry.refusal.rule}}
        changes = [
            {
                "actor": change.actor,
                "version": change.version,
                "previous": change.previous,
                "events": [await self.value(event) for event in change.events],
            }
            for change in entry.changes
        ]
        return {**shown, "outcome": entry.outcome, "changes": changes}

    async def _opened(self, work: Callable[[], T]) -> T:
        """What ``work`` gives, keys fetched as it asks for them; a key that is nowhere is not asked for again."""
        while True:
            try:
                return work()
            except NotInMemory as missing:
                name = self._keys.store_name(missing.name)
                found = await self._source.read_keys([name])
                if name in found:
                    self._keys.adopt(found)
                if name not in found:
                    if self._erased is None:  # where the keys are, they say so themselves
                        self._erased = frozenset(await erased_subjects(self._source, self._hospital))
                    self._closed[missing.name] = ERASED_TEXT if missing.name in self._erased else SEALED_TEXT
                elif self._keys.is_destroyed(missing.name):
                    self._closed[missing.name] = ERASED_TEXT

    def _text(self, value: Any) -> Any:
        if not isinstance(value, Private):
            raise TypeError(f"{type(value).__name__} cannot be shown")
        if value.erased:
            return ERASED_TEXT
        closed = self._closed.get(value.subject or "")
        return value.text if closed is None else closed

    def _payload(self, code: int, data: memoryview) -> Any:
        if code != SEALED:
            raise LogCorrupt(f"unknown MessagePack extension {code}")
        payload = bytes(data)
        if payload[:1] == GONE:
            return ERASED_TEXT
        closed = self._closed.get(payload_subject(payload))
        return self._keys.open(payload) if closed is None else closed


def rfc3339(microseconds: int) -> str:
    """An instant as it stands in JSON: UTC, to the microsecond."""
    return calendar.moment(microseconds).isoformat(timespec="microseconds").replace("+00:00", "Z")


def clock(microseconds: int, zone: str) -> str:
    """An instant as people read it: the hospital's date and time of day, to the second."""
    return calendar.local_time(microseconds, zone).strftime("%Y-%m-%d %H:%M:%S")


def said(value: Any, zone: str) -> str:
    """A plain value on one line: ``name=value``, times on the hospital's clocks, sealed text as the word."""
    if isinstance(value, Mapping):
        if value in (SEALED_TEXT, ERASED_TEXT):
            return "sealed" if value == SEALED_TEXT else "erased"
        return "{" + told(value, zone) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(said(item, zone) for item in value) + "]"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    if isinstance(value, int) and _FIRST_TIME <= value < _LAST_TIME:
        return clock(value, zone)
    if isinstance(value, str) and (not value or any(char in " ,={}[]\n" for char in value)):
        return '"' + value.replace("\n", " ") + '"'
    return str(value)


def told(fields: Mapping[str, Any], zone: str) -> str:
    """The fields of a plain map on one line."""
    return " ".join(f"{name}={said(value, zone)}" for name, value in fields.items() if name != "type")


def heading(shown: Mapping[str, Any], zone: str) -> str:
    """A shown entry on one line: where, when, what was asked, by whom, and what came of it."""
    time = clock(calendar.instant(datetime.fromisoformat(shown["time"]), "time"), zone)
    who = shown["who"]
    by = f"{who['name']} ({who['role']})" if who.get("role") else who["name"] or "nobody known"
    refusal = shown.get("refusal")
    came = f"refused: {refusal['code']} {refusal['rule']}".rstrip() if refusal else shown["outcome"]
    return f"{shown['position']:>9}  {time}  {shown['name']}  by {by}  {came}".rstrip()


def lines(shown: Mapping[str, Any], zone: str) -> Iterator[str]:
    """A shown entry for people; below its heading what was asked, and what each actor went through."""
    yield heading(shown, zone)
    if shown["command"]:
        yield f"{'':11}asked: {told(shown['command'], zone)}"
    for change in shown.get("changes", ()):
        for event in change["events"]:
            yield f"{'':11}{change['actor']} v{change['version']}: {event['type']} {told(event, zone)}".rstrip()

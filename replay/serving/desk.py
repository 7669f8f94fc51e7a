"""The desk of the reading process: takes a call and has the answer made. Knows every call; the log is read elsewhere.

One hospital's calls about states are answered one after the other, those about entries at once: they fold nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

import msgspec
import trio

from engine import calendar
from engine.actors.room.state import room_key
from engine.actors.service import service_key
from engine.actors.service_day import service_day_key
from engine.actors.slot import slot_key
from engine.errors import Invalid, LogCorrupt, NotFound
from engine.eventlog.directory import BESIDE
from engine.eventlog.entry import checked
from engine.recovery import Book
from gateway.explorer.answers import AuditEntries, AuditState
from replay.explaining import Explanation
from replay.moments import Instant, Position, parse, position_at, time_at
from replay.serving.accesses import looks_at
from replay.serving.days import Known, day_of_room, days, timeline
from replay.serving.entries import Sieve, named_in, page, whole
from replay.serving.past import Busy, Past
from replay.serving.reasons import Reasons
from replay.serving.standing import counted, patients_in, queue_as_it_was, room_as_it_was, slot_as_it_was
from replay.walking import Source, Unreadable, Walk

PATIENCE: Final = 3.0
"""Seconds for which a call waits for the log to be folded; then it is told how far that has come."""

HOSPITALS: Final = 4
"""Hospitals whose states are kept at hand."""


class Answer(NamedTuple):
    """What a call comes to, and whom it names."""

    value: Any
    patients: frozenset[str] = frozenset()


class Desk:
    """Answers calls about the logs of one source."""

    def __init__(self, source: Source, patience: float = PATIENCE) -> None:
        self._source = source
        self._patience = patience
        self._pasts: dict[str, Past] = {}
        self._known: dict[str, Known] = {}
        self._books: dict[str, Book] = {}
        self._reasons: dict[str, Reasons] = {}
        self._calls: dict[str, Callable[[str, dict[str, Any]], Awaitable[Answer]]] = {
            "ListAuditDays": self._days,
            "GetAuditDay": self._day,
            "GetAuditState": self._state,
            "ListAuditEntries": self._entries,
            "GetAuditEntry": self._entry,
            "ListPatientHistory": self._history,
            "ListAccesses": self._accesses,
        }

    async def answer(self, call: str, hospital: str, args: dict[str, Any]) -> Answer:
        """What a call comes to. ``NotFound``, ``Invalid``, ``Busy``, or ``LogCorrupt``."""
        if not await self._source.head(hospital):
            raise NotFound("there is no such hospital")
        try:
            return await self._calls[call](hospital, args)
        except LogCorrupt:  # what was folded of it may be half of an entry
            self._pasts.pop(hospital, None)
            raise

    # -- days and states ------------------------------------------------------------------------------------

    async def _days(self, hospital: str, args: dict[str, Any]) -> Answer:
        zone = await self._past(hospital).time_zone()
        return Answer(await days(self._source, hospital, zone, self._known.setdefault(hospital, Known())))

    async def _day(self, hospital: str, args: dict[str, Any]) -> Answer:
        past, day = self._past(hospital), args["date"]
        async with past.lock:
            first, last = await past.bounds(day)
            await self._open(past, first, last)
            return Answer(await timeline(past, day, first, last))

    async def _state(self, hospital: str, args: dict[str, Any]) -> Answer:
        things = [(kind, args[kind]) for kind in ("slot", "service", "room") if args.get(kind)]
        if len(things) != 1:
            raise Invalid("name one of slot, service and room", field="slot")
        [(kind, id)] = things
        past = self._past(hospital)
        async with past.lock:
            position, time = await self._moment(past, args.get("at"))
            day = calendar.local_day(time, await past.time_zone())
            first, last = await past.bounds(day)
            await self._open(past, min(first, position + 1), max(last, position))
            found = await getattr(self, f"_{kind}")(past, id, position, time, first)
            if found is None:
                raise NotFound(f"there was no such {kind} then")
            before, after = past.around(id if kind == "room" else f"{kind}:{id}", position, first, last)
            counts = await self._counts(past, day, position) if args.get("counts") else []
            state = AuditState(
                position=position,
                time=calendar.moment(past.at(position)) if position > past.window.start else None,
                at=calendar.moment(time),
                before=before,
                after=after,
                counts=counts,
                **{kind: found},
            )
        return Answer(state, frozenset(patients_in(found)))

    async def _moment(self, past: Past, text: str | None) -> tuple[int, int]:
        """A position and its instant; of a time that was named, that time."""
        source, hospital = self._source, past.hospital
        head = await source.head(hospital)
        if text is None:
            return head, await time_at(source, hospital, head)
        zone = await past.time_zone()
        moment = named(text, zone, calendar.local_day(await time_at(source, hospital, head), zone), "at")
        if isinstance(moment, Position):
            if not 1 <= moment.number <= head:
                raise NotFound("the log has no such position")
            return moment.number, await time_at(source, hospital, moment.number)
        return await position_at(source, hospital, moment.time), moment.time

    async def _slot(self, past: Past, id: str, position: int, time: int, first: int) -> Any:
        found = await past.states([slot_key(id)], position)
        slot = found.get(slot_key(id))
        return None if slot is None else slot_as_it_was(slot, time, _changed(past, position, first))

    async def _service(self, past: Past, id: str, position: int, time: int, first: int) -> Any:
        day = service_day_key(id, calendar.local_day(time, await past.time_zone()))
        found = await past.states([service_key(id), day], position)
        service = found.get(service_key(id))
        return None if service is None else queue_as_it_was(service, found.get(day), _changed(past, position, first))

    async def _room(self, past: Past, id: str, position: int, time: int, first: int) -> Any:
        found = await past.states([room_key(id)], position)
        room = found.get(room_key(id))
        if room is None:
            return None
        key = day_of_room(room, calendar.local_day(time, await past.time_zone()))
        day = (await past.states([key], position)).get(key)
        there = [] if day is None else day.appointments.values()
        return room_as_it_was(room, there, time, _changed(past, position, first))

    async def _counts(self, past: Past, day: str, position: int) -> list[Any]:
        keys = [service_key(id) for id in past.book.directory.ids("services", None, 1_000)]
        for one in (await past.states(past.book.directory.members(f"day:{day}"), position)).values():
            keys += [slot_key(slot.id) for slot in one.slots]
        found = await past.states(keys, position)
        return [counted(found[key]) for key in keys if key in found]

    # -- entries --------------------------------------------------------------------------------------------

    async def _entries(self, hospital: str, args: dict[str, Any]) -> Answer:
        head = await self._source.head(hospital)
        start = await self._bound(hospital, args.get("from"), 1, head)
        until = min(head, await self._bound(hospital, args.get("to"), head, head, upper=True))
        about = tuple(args[name] for name in ("patient", "about") if args.get(name))
        sieve = Sieve(
            args.get("actor") or "", about, args.get("command") or "", args.get("who") or "", bool(args.get("refused"))
        )
        found = await self._page(hospital, sieve, start, until, args)
        return Answer(found, frozenset({args["patient"]} if args.get("patient") and found.items else ()))

    async def _history(self, hospital: str, args: dict[str, Any]) -> Answer:
        patient = args["patient_id"]
        head = await self._source.head(hospital)
        found = await self._page(hospital, Sieve(about=(patient,)), 1, head, args)
        if not found.items and found.next_cursor is None and not args.get("cursor"):
            raise NotFound("there is no such patient", patient_id=patient)
        return Answer(found, frozenset({patient} if found.items else ()))

    async def _accesses(self, hospital: str, args: dict[str, Any]) -> Answer:
        patient, log = args["patient_id"], hospital + BESIDE
        until = await self._source.head(log)
        start = await self._bound(log, args.get("from"), 1, until, of=hospital)
        until = min(until, await self._bound(log, args.get("to"), until, until, upper=True, of=hospital))
        until = min(until, _cursor(args) or until)
        found = await looks_at(self._source, hospital, patient, start, until, _limit(args))
        return Answer(found, frozenset({patient} if found.items else ()))

    async def _page(self, hospital: str, sieve: Sieve, start: int, until: int, args: dict[str, Any]) -> AuditEntries:
        start = max(start, _cursor(args))
        return await page(self._source, self._book(hospital), sieve, start, until, _limit(args))

    async def _bound(
        self, log: str, text: str | None, otherwise: int, head: int, *, upper: bool = False, of: str = ""
    ) -> int:
        """A first or a last position: a time stands for what was decided from then on, or until then.

        ``of``: the hospital, where the log is one beside its own.
        """
        if text is None or not head:
            return otherwise
        zone = await self._past(of or log).time_zone()
        day = calendar.local_day(await time_at(self._source, log, head), zone)
        moment = named(text, zone, day, "to" if upper else "from")
        if isinstance(moment, Position):
            return max(1, moment.number)
        if upper:
            return await position_at(self._source, log, moment.time)
        return await position_at(self._source, log, moment.time - 1) + 1

    async def _entry(self, hospital: str, args: dict[str, Any]) -> Answer:
        position = args["position"]
        if position > await self._source.head(hospital):
            raise NotFound("the log has no such position")
        [record] = await self._source.read_at(hospital, [position])
        entry = self._book(hospital).codec.decode(checked(record))
        found = whole(entry)
        try:
            why = await self._explained(hospital, position)
        except Unreadable as sealed:
            found = msgspec.structs.replace(found, unexplained=f"a text is needed that cannot be opened here: {sealed}")
        else:
            [told] = why.told
            plain = msgspec.to_builtins(told, str_keys=True)
            del plain["entry"], plain["lines"]
            patients = sorted({*found.patients, *named_in(plain)})
            lines = list(why.lines())[1:]
            found = msgspec.structs.replace(found, explanation=plain, lines=lines, patients=patients)
        return Answer(found, frozenset(found.patients))

    async def _explained(self, hospital: str, position: int) -> Explanation:
        past = self._past(hospital)
        reasons = self._reasons.get(hospital)
        if reasons is None:
            reasons = self._reasons[hospital] = Reasons(self._source, hospital, await past.time_zone())
        with trio.move_on_after(self._patience):
            async with reasons.lock:
                try:
                    return await reasons.explained(position, past.base)
                except Exception:  # where its walk stands is not known any more
                    self._reasons.pop(hospital, None)
                    raise
        raise Busy(reasons.head, position)

    # -- what is at hand ------------------------------------------------------------------------------------

    async def _open(self, past: Past, first: int, last: int) -> None:
        with trio.move_on_after(self._patience):
            await past.open(first, last)
            return
        raise Busy(past.book.head, last)

    def _past(self, hospital: str) -> Past:
        past = self._pasts.pop(hospital, None) or Past(self._source, hospital)
        self._pasts[hospital] = past
        while len(self._pasts) > HOSPITALS:
            oldest = next(iter(self._pasts))
            del self._pasts[oldest]
            self._reasons.pop(oldest, None)
        return past

    def _book(self, hospital: str) -> Book:
        """An empty one, for its codec."""
        if hospital not in self._books:
            if len(self._books) >= HOSPITALS:
                del self._books[next(iter(self._books))]
            self._books[hospital] = Walk(self._source, hospital).book
        return self._books[hospital]


def _cursor(args: dict[str, Any]) -> int:
    """Where a page begins; 0 where nothing says it."""
    cursor = args.get("cursor")
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 16):
        raise Invalid("this cursor is not one that this list has given", field="cursor")
    return int(cursor)


def _limit(args: dict[str, Any]) -> int:
    limit: int = args.get("limit", 100)
    if limit < 1:
        raise Invalid("limit is at least 1", field="limit")
    return limit


def _changed(past: Past, position: int, first: int) -> Callable[[str], int]:
    return lambda id: past.latest(id, position, first)


def named(text: str, zone: str, day: str, field: str) -> Position | Instant:
    """The moment that a field names; ``Invalid``, under the field's own name, where it names none."""
    try:
        return parse(text, zone, day)
    except Invalid as error:
        raise Invalid(error.detail, field=field) from None

"""Lists of slots, and of the tokens of one slot in the order in which they are served."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Annotated, Any

from msgspec import Meta

from engine import calendar
from engine.actors.slot.state import Slot, SlotStatus, Token
from engine.actors.slot.view import SlotView, TokenView, slot_view, token_view
from engine.decider import Value
from engine.views.days import Days, SlotPlace, days_between, slots_in
from engine.views.paging import ById, ListQuery, Page, filed, page, position
from engine.views.reader import Found, Id, Reader
from engine.views.states import TokenStatus, is_token, known_slot, shown_status, slot_of

Moment = Annotated[dt.datetime, Meta(tz=True)]


class ListSlots(ListQuery, frozen=True):
    """Slots of a doctor, of a local day, or that start in ``[from_time, to_time)``.

    By day, doctor and start where a doctor or a few days are named (of a doctor alone the latest day first), else
    those opened last first.
    """

    doctor_id: Id | None = None
    date: dt.date | None = None
    status: SlotStatus | None = None
    from_time: Moment | None = None
    to_time: Moment | None = None


class GetSlot(Value, frozen=True):
    """One slot."""

    slot_id: Id


class ListSlotTokens(ListQuery, frozen=True, kw_only=True):
    """A slot's tokens: who was called and who is next by place, after them those that are over."""

    slot_id: Id
    status: TokenStatus | None = None


def list_slots(reader: Reader, query: ListSlots) -> Found:
    """A page of slots."""
    days = days_between(reader, query.date, query.from_time, query.to_time)
    wanted = _filter(query, days, reader.time)
    rows = ((place, slot_of(reader, slot_id)) for place, slot_id in _places(reader, query, days))
    found: Page[SlotView] = page(
        query,
        ((place, slot if slot is not None and wanted(slot) else None) for place, slot in rows),
        lambda slot: slot_view(slot, reader.time),
    )
    return Found(found)


def get_slot(reader: Reader, query: GetSlot) -> Found:
    """A slot, or ``NotFound``."""
    slot = known_slot(reader, query.slot_id)
    return Found(slot_view(slot, reader.time), slot.version)


def list_slot_tokens(reader: Reader, query: ListSlotTokens) -> Found:
    """A page of a slot's tokens; ``NotFound`` for an unknown slot."""
    slot = known_slot(reader, query.slot_id)
    after = position(query, tuple[int, int, int, int, str])

    def rows() -> Iterator[tuple[tuple[int, int, int, int, str], Token | None]]:
        over = sorted((t for t in slot.tokens.values() if t.status != "CONFIRMED"), key=lambda token: token.id)
        for group, tokens in enumerate((slot.pinned, slot.line, over)):
            for token in tokens:
                place = _place(group, token)
                if after is None or place > after:
                    yield place, token if is_token(token) and query.status in (None, token.status) else None

    found: Page[TokenView] = page(query, rows(), lambda token: token_view(slot, token, reader.time))
    return Found(found)


def _filter(query: ListSlots, days: Days, time: int) -> Callable[[Slot], bool]:
    start = calendar.instant(query.from_time, "from_time") if query.from_time is not None else None
    end = calendar.instant(query.to_time, "to_time") if query.to_time is not None else None

    def wanted(slot: Slot) -> bool:
        return (
            query.doctor_id in (None, slot.doctor_id)
            and query.status in (None, shown_status(slot, time))
            and days.holds(slot.day)
            and (start is None or slot.start >= start)
            and (end is None or slot.start < end)
        )

    return wanted


def _places(reader: Reader, query: ListSlots, days: Days) -> Iterator[tuple[tuple[Any, ...], str]]:
    if query.doctor_id is None and not days.few:
        opened = position(query, ById)
        for id in filed(reader, "slots", opened.id if opened is not None else None, newest_first=True):
            yield ById(id), id
        return
    after = position(query, SlotPlace)
    for place in slots_in(reader, days, query.doctor_id, after):
        if place != after:
            yield place, place.slot_id


def _place(group: int, token: Token) -> tuple[int, int, int, int, str]:
    """In the order of the slot's own lists: called first, then the line; at the end, by id, those that are over."""
    if group == 0:
        return group, token.called_at, token.seq, 0, token.id
    if group == 1:
        return group, token.rank, token.rank_at, token.seq, token.id
    return group, 0, 0, 0, token.id

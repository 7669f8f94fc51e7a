"""Lists of tokens over all slots, by the best way that leads to them.

By slot, by patient, by doctor or day, by the doctor whose prefix a ticket code begins with; only what names none
of these goes through the table of all tokens, a bounded stretch per page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Annotated, Any, NamedTuple

from msgspec import Meta

from engine import calendar
from engine.actors.hospital import Category
from engine.actors.slot.state import Phase, Slot, Token
from engine.actors.slot.view import TokenView, ticket_code, token_view
from engine.decider import Value
from engine.errors import NotFound
from engine.views.days import CommitmentPlace, Days, SlotPlace, commitments, slots_in
from engine.views.paging import ById, ListQuery, Page, filed, page, position
from engine.views.reader import Found, Id, Reader
from engine.views.states import TokenStatus, is_token, slot_of, the_hospital


class ListTokens(ListQuery, frozen=True):
    """Tokens, those that are over included; every filter narrows. ``phase`` is that of confirmed tokens.

    ``date`` is the local day of the slot. Tokens of a slot or a day come in the order in which they were requested;
    where no slot and no day is named, those of the latest day come first, or those requested last.
    """

    slot_id: Id | None = None
    patient_id: Id | None = None
    doctor_id: Id | None = None
    status: TokenStatus | None = None
    category: Category | None = None
    phase: Phase | None = None
    date: dt.date | None = None
    ticket_code: Annotated[str, Meta(max_length=20)] | None = None


class GetToken(Value, frozen=True):
    """One token, also one that is over."""

    token_id: Id


class TokenPlace(NamedTuple):
    """Where a token stands in the order of days; ``token_id`` is ``""`` for the head of its slot."""

    day: str
    doctor_id: str
    start: int
    slot_id: str
    token_id: str


class Row(NamedTuple):
    """A token and the slot it is in."""

    slot: Slot
    token: Token


Rows = Iterator[tuple[tuple[Any, ...], Row | None]]
Look = Callable[[str], Slot | None]


def list_tokens(reader: Reader, query: ListTokens) -> Found:
    """A page of tokens."""
    wanted = _filter(query)

    @cache
    def look(slot_id: str) -> Slot | None:
        return slot_of(reader, slot_id)

    found: Page[TokenView] = page(
        query,
        ((place, row if row is not None and wanted(row) else None) for place, row in _rows(reader, query, look)),
        lambda row: token_view(row.slot, row.token, reader.time),
    )
    return Found(found)


def get_token(reader: Reader, query: GetToken) -> Found:
    """A token with the link of its ticket, or ``NotFound``; so is an entry that never became a token."""
    key = reader.find("tokens", query.token_id)
    slot = slot_of(reader, key.partition(":")[2]) if key is not None else None
    token = slot.tokens.get(query.token_id) if slot is not None else None
    if slot is None or token is None:
        raise NotFound("there is no such token", token_id=query.token_id)
    return Found(token_view(slot, token, reader.time, the_hospital(reader).link_key.text), token.version)


def _filter(query: ListTokens) -> Callable[[Row], bool]:
    day = calendar.checked(query.date, "date").isoformat() if query.date is not None else None
    code = query.ticket_code.strip().upper() if query.ticket_code is not None else None

    def wanted(row: Row) -> bool:
        slot, token = row
        return (
            is_token(token)
            and query.slot_id in (None, slot.id)
            and query.patient_id in (None, token.patient_id)
            and query.doctor_id in (None, slot.doctor_id)
            and query.status in (None, token.status)
            and query.category in (None, token.category)
            and (query.phase is None or (token.status == "CONFIRMED" and token.phase == query.phase))
            and day in (None, slot.day)
            and code in (None, ticket_code(slot, token))
        )

    return wanted


def _rows(reader: Reader, query: ListTokens, look: Look) -> Rows:
    if query.slot_id is not None:
        return _of_slot(look, query.slot_id, position(query, ById))
    days = Days()
    if query.date is not None:
        days = Days(query.date.isoformat(), query.date.isoformat())
    if query.patient_id is not None:
        return _of_patient(reader, look, query.patient_id, days, position(query, CommitmentPlace))
    doctor_id = query.doctor_id
    if doctor_id is None and query.ticket_code is not None:
        doctor_id = the_hospital(reader).prefixes.get(query.ticket_code.strip().upper().partition("-")[0])
        if doctor_id is None:
            return iter(())
    if doctor_id is not None or query.date is not None:
        after = position(query, TokenPlace)
        places = slots_in(reader, days, doctor_id, SlotPlace(*after[:4]) if after is not None else None)
        return _of_slots(look, places, after)
    return _of_all(reader, look, position(query, ById))


def _of_slot(look: Look, slot_id: str, after: ById | None) -> Rows:
    slot = look(slot_id)
    if slot is not None:
        for id in sorted(slot.tokens):
            if after is None or id > after.id:
                yield ById(id), Row(slot, slot.tokens[id])


def _of_patient(reader: Reader, look: Look, patient_id: str, days: Days, after: CommitmentPlace | None) -> Rows:
    for place, slot_id in commitments(reader, patient_id, days, after):
        slot = look(slot_id)
        token = slot.tokens.get(place.token_id) if slot is not None else None
        # A token that has moved on to another day stands there as well; here it is only remembered.
        yield place, Row(slot, token) if slot is not None and token is not None else None


def _of_slots(look: Look, places: Iterable[SlotPlace], after: TokenPlace | None) -> Rows:
    for of_slot in places:
        begin = after.token_id if after is not None and of_slot == after[:4] else None
        if begin is None:
            yield TokenPlace(*of_slot, ""), None  # an empty slot costs a look too
        slot = look(of_slot.slot_id)
        for id in sorted(slot.tokens) if slot is not None else ():
            if slot is not None and (begin is None or id > begin):
                yield TokenPlace(*of_slot, id), Row(slot, slot.tokens[id])


def _of_all(reader: Reader, look: Look, after: ById | None) -> Rows:
    for id in filed(reader, "tokens", after.id if after is not None else None, newest_first=True):
        key = reader.find("tokens", id)
        slot = look(key.partition(":")[2]) if key is not None else None
        token = slot.tokens.get(id) if slot is not None else None
        yield ById(id), Row(slot, token) if slot is not None and token is not None else None

"""Lists of waiting entries: over all slots, and of one slot in the order in which places are given.

Without a ``status`` a list shows who still waits or holds an offer. An entry that became a token is a token.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.actors.slot.state import SERVED, Slot, Token
from engine.actors.slot.view import WaitingView, waiting_view
from engine.decider import Value
from engine.errors import NotFound
from engine.views.days import CommitmentPlace, Days, commitments
from engine.views.paging import ById, ListQuery, Page, filed, page, position
from engine.views.reader import Found, Id, Reader
from engine.views.states import WaitingStatus, is_token, known_slot, slot_of
from engine.views.tokens import Row

OPEN = ("WAITING", "OFFERED")


class ListWaiting(ListQuery, frozen=True):
    """Entries of waiting lists in the order in which they were made; ended ones of all slots the latest first."""

    slot_id: Id | None = None
    patient_id: Id | None = None
    status: WaitingStatus | None = None


class WaitingBySlot(ListQuery, frozen=True, kw_only=True):
    """Who waits for one slot, in the order in which places are given: tier, booking time, sequence."""

    slot_id: Id


class GetWaiting(Value, frozen=True):
    """One entry, with its present position."""

    entry_id: Id


def list_waiting(reader: Reader, query: ListWaiting) -> Found:
    """A page of entries."""

    def wanted(row: Row) -> bool:
        return (
            (row.token.status in OPEN if query.status is None else row.token.status == query.status)
            and not is_token(row.token)
            and query.patient_id in (None, row.token.patient_id)
        )

    found: Page[WaitingView] = page(
        query,
        ((place, row if row is not None and wanted(row) else None) for place, row in _rows(reader, query)),
        lambda row: waiting_view(row.slot, row.token, reader.time),
    )
    return Found(found)


def waiting_by_slot(reader: Reader, query: WaitingBySlot) -> Found:
    """A page of a slot's waiting list; ``NotFound`` for an unknown slot."""
    slot = known_slot(reader, query.slot_id)
    after = position(query, tuple[int, int, int, str])

    def rows() -> Iterator[tuple[tuple[int, int, int, str], Token]]:
        for entry in sorted([*slot.offers, *slot.waiting], key=SERVED):
            place = (entry.rank, entry.rank_at, entry.seq, entry.id)
            if after is None or place > after:
                yield place, entry

    found: Page[WaitingView] = page(query, rows(), lambda entry: waiting_view(slot, entry, reader.time))
    return Found(found)


def get_waiting(reader: Reader, query: GetWaiting) -> Found:
    """An entry, open or ended, or ``NotFound``."""
    slot = _slot_with(reader, query.entry_id, ("waiting", "waiting_past"))
    entry = slot.tokens.get(query.entry_id) if slot is not None else None
    if slot is None or entry is None:
        if reader.find("tokens", query.entry_id) is not None:
            raise NotFound("the entry has become a token", token_id=query.entry_id)
        raise NotFound("there is no such waiting entry", entry_id=query.entry_id)
    return Found(waiting_view(slot, entry, reader.time), entry.version)


def _rows(reader: Reader, query: ListWaiting) -> Iterator[tuple[tuple[Any, ...], Row | None]]:
    if query.slot_id is not None:
        return _of_slot(slot_of(reader, query.slot_id), position(query, ById))
    if query.patient_id is not None:
        return _of_patient(reader, query.patient_id, position(query, CommitmentPlace))
    table = "waiting" if query.status in (None, *OPEN) else "waiting_past"
    return _of_all(reader, table, position(query, ById))


def _of_slot(slot: Slot | None, after: ById | None) -> Iterator[tuple[ById, Row | None]]:
    if slot is not None:
        for id in sorted(slot.tokens):
            if after is None or id > after.id:
                yield ById(id), Row(slot, slot.tokens[id])


def _of_patient(
    reader: Reader, patient_id: str, after: CommitmentPlace | None
) -> Iterator[tuple[CommitmentPlace, Row | None]]:
    for place, slot_id in commitments(reader, patient_id, Days(), after):
        slot = slot_of(reader, slot_id)
        entry = slot.tokens.get(place.token_id) if slot is not None else None
        yield place, Row(slot, entry) if slot is not None and entry is not None else None


def _of_all(reader: Reader, table: str, after: ById | None) -> Iterator[tuple[ById, Row | None]]:
    for id in filed(reader, table, after.id if after is not None else None, newest_first=table == "waiting_past"):
        slot = _slot_with(reader, id, (table,))
        entry = slot.tokens.get(id) if slot is not None else None
        yield ById(id), Row(slot, entry) if slot is not None and entry is not None else None


def _slot_with(reader: Reader, id: str, tables: tuple[str, ...]) -> Slot | None:
    for table in tables:
        key = reader.find(table, id)
        if key is not None:
            return slot_of(reader, key.partition(":")[2])
    return None

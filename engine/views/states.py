"""The states that queries meet everywhere: the hospital, a slot, and which of a slot's rows are tokens.

A slot keeps tokens and entries of its waiting list in one table under one series of ids, because an entry may
become a token; a token whose patient came late and found no seat is an entry again.
"""

from __future__ import annotations

from typing import Final, Literal, cast, get_args

from engine.actors.hospital import HOSPITAL, Hospital
from engine.actors.slot import slot_key
from engine.actors.slot.keeping import ended_entry
from engine.actors.slot.state import Slot, SlotStatus, Token, effective_end
from engine.errors import NotFound
from engine.views.reader import Reader

TokenStatus = Literal["CONFIRMED", "CANCELLED", "NO_SHOW", "COMPLETED"]
WaitingStatus = Literal["WAITING", "OFFERED", "CANCELLED", "DECLINED", "EXPIRED", "SLOT_CLOSED"]

TOKEN_STATUSES: Final[tuple[TokenStatus, ...]] = get_args(TokenStatus)
WAITING_STATUSES: Final[tuple[WaitingStatus, ...]] = get_args(WaitingStatus)


def the_hospital(reader: Reader) -> Hospital:
    """The hospital's own state."""
    state = cast("Hospital | None", reader.look(HOSPITAL))
    if state is None:
        raise NotFound("there is no such hospital")
    return state


def slot_of(reader: Reader, slot_id: str) -> Slot | None:
    """The slot's state, ``None`` when the id is unknown."""
    return cast("Slot | None", reader.look(slot_key(slot_id)))


def known_slot(reader: Reader, slot_id: str) -> Slot:
    """The slot's state, or ``NotFound``."""
    slot = slot_of(reader, slot_id)
    if slot is None:
        raise NotFound("there is no such slot", slot_id=slot_id)
    return slot


def shown_status(slot: Slot, time: int) -> SlotStatus:
    """The slot's status as it is answered: past its end it is closed, whether or not its timer has fired."""
    running = slot.status == "ACTIVE" or slot.status == "DELAYED"
    return "CLOSED" if running and time >= effective_end(slot) else slot.status


def is_token(row: Token) -> bool:
    """Whether this row of a slot is a token; else it is, or was when it ended, an entry of the waiting list."""
    return row.status in ("CONFIRMED", "COMPLETED", "NO_SHOW") or (row.status == "CANCELLED" and not ended_entry(row))

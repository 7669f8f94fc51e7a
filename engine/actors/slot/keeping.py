"""What the engine needs to keep a slot: its invariants, its next instant, its snapshot, and how it is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Final

import msgspec

from engine.actors.slot.events import (
    EntryEnded,
    EntryPromoted,
    LatecomerWaitlisted,
    PatientWaitlisted,
    SeatHeld,
    SlotEvent,
    SlotOpened,
    TokenBooked,
    TokenMovedIn,
)
from engine.actors.slot.state import (
    CALLED,
    LAPSES,
    LIFTS,
    MARKED,
    SERVED,
    Hold,
    Slot,
    Token,
    effective_end,
    place,
    seats_taken,
)
from engine.decider import DAY

EMPTY: dict[str, Any] = {
    "tokens": {}, "holds": {}, "line": [], "pinned": [], "waiting": [], "offers": [], "marks": [], "lifts": [],
    "expiring": [],
}  # fmt: skip


_NEVER: Final = 1 << 62


class StoredSlot(msgspec.Struct, frozen=True, omit_defaults=True):
    """A snapshot: the slot without its tokens, holds and indexes, then these as plain lists."""

    slot: Slot
    tokens: list[Token] = []
    holds: list[Hold] = []


def freeze(state: Slot) -> StoredSlot:
    """The snapshot of a state."""
    bare = msgspec.structs.replace(state, **{name: type(empty)() for name, empty in EMPTY.items()})
    return StoredSlot(bare, list(state.tokens.values()), list(state.holds.values()))


def thaw(stored: StoredSlot) -> Slot:
    """The state of a snapshot, its indexes rebuilt."""
    state = stored.slot
    state.tokens = {token.id: token for token in stored.tokens}
    state.holds = {hold.id: hold for hold in stored.holds}
    for name, items in indexes(state).items():
        setattr(state, name, items)
    return state


def indexes(state: Slot) -> dict[str, list[Any]]:
    """Every index as it follows from tokens and holds alone."""
    tokens = state.tokens.values()
    confirmed = [token for token in tokens if token.status == "CONFIRMED"]
    return {
        "line": sorted((one for one in confirmed if one.phase in ("BOOKED", "ARRIVED")), key=SERVED),
        "pinned": sorted((one for one in confirmed if one.phase in ("CALLED", "IN_CONSULT")), key=CALLED),
        "waiting": sorted((one for one in tokens if one.status == "WAITING"), key=SERVED),
        "offers": sorted((one for one in tokens if one.status == "OFFERED"), key=MARKED),
        "marks": sorted((one for one in confirmed if one.phase == "BOOKED" and one.mark_at), key=MARKED),
        "lifts": sorted((one for one in confirmed if one.phase == "ARRIVED" and one.lift_at), key=LIFTS),
        "expiring": sorted(state.holds.values(), key=LAPSES),
    }


def check(state: Slot) -> None:
    """What always holds: counts, orders and places are those that the tokens alone give."""
    for name, items in indexes(state).items():
        kept = getattr(state, name)
        assert [one.id for one in kept] == [one.id for one in items], f"the index {name} is wrong"
    seated = [token for token in state.tokens.values() if token.status in ("CONFIRMED", "COMPLETED")]
    regular = [token for token in seated if not token.override]
    assert state.regular == len(regular), "R3: the regular count is wrong"
    assert state.overbooked == sum(token.overbooked for token in regular), "R3: the overbooked count is wrong"
    assert state.regular - state.overbooked <= state.max_capacity, "R3: more seats are taken than there are"
    overrides = sum(token.override and token.status == "CONFIRMED" for token in seated)
    assert state.overrides == overrides, "R7: the count of overrides is wrong"
    by_category = Counter(token.category for token in regular)
    assert {name: count for name, count in state.by_category.items() if count} == by_category, "R4: wrong count"
    active = [*state.pinned, *state.line]
    assert [place(state, token) for token in active] == list(range(1, len(active) + 1)), "places have a gap"
    assert all(id == token.id for id, token in state.tokens.items()), "a token is kept under another id"
    numbers = sorted(token.number for token in state.tokens.values() if token.number)
    assert all(one < next for one, next in pairwise(numbers)), "R18: a ticket number was given twice"
    if state.status in ("CLOSED", "CANCELLED"):
        assert not [*state.waiting, *state.offers, *state.holds], "R20: somebody waits for a slot that is over"
    if state.status == "CANCELLED":
        assert all(token.phase == "IN_CONSULT" for token in active), "R21: a token of a cancelled slot is open"


def due(state: Slot) -> int | None:
    """The next instant at which something happens by itself (µs)."""
    if not state.version:
        return None
    soonest = effective_end(state) if state.status == "ACTIVE" or state.status == "DELAYED" else _NEVER
    if state.marks and (mark := state.marks[0].mark_at + state.delay) < soonest:
        soonest = mark
    if state.offers and (lapse := state.offers[0].mark_at) < soonest:
        soonest = lapse
    if state.expiring and (end := state.expiring[0].expires_at) < soonest:
        soonest = end
    if state.lifts and (lift := state.lifts[0].lift_at) < soonest:
        soonest = lift
    if state.release_at and state.waiting and seats_taken(state) < state.max_capacity:
        soonest = min(soonest, state.release_at)
    return soonest if soonest != _NEVER else None


def closed(state: Slot, time: int) -> bool:
    """A day after its end, with no active token left."""
    over = state.status == "CLOSED" or state.status == "CANCELLED"
    return over and not state.line and not state.pinned and time > effective_end(state) + DAY


def files(state: Slot) -> Iterable[tuple[str, str]]:
    """All ids by which the slot is found now."""
    if not state.version:
        return
    yield "slots", state.id
    for token in state.tokens.values():
        if token.number:
            yield "tokens", token.id
        if token.status == "WAITING" or token.status == "OFFERED":
            yield "waiting", token.id
        elif token.status in ("SLOT_CLOSED", "EXPIRED", "DECLINED") or ended_entry(token):
            yield "waiting_past", token.id
    for hold_id in (*state.holds, *state.ended_holds):
        yield "holds", hold_id


def ended_entry(token: Token) -> bool:
    """Whether what was cancelled was a waiting entry: cancelling a token is a step, leaving a list is none."""
    return token.status == "CANCELLED" and not token.last


def filed(event: SlotEvent) -> Iterable[tuple[str, str, bool]]:
    """How one event changed that. A token that moves is filed by its new slot; the old one says nothing."""
    match event:
        case TokenBooked() | TokenMovedIn():
            return (("tokens", event.token_id, True),)
        case EntryPromoted():
            return (("waiting", event.entry_id, False), ("tokens", event.entry_id, True))
        case PatientWaitlisted():
            return (("waiting", event.entry_id, True),)
        case LatecomerWaitlisted():
            return (("waiting", event.token_id, True),)
        case EntryEnded():
            return (("waiting", event.entry_id, False), ("waiting_past", event.entry_id, True))
        case SeatHeld():
            return (("holds", event.hold_id, True),)
        case SlotOpened():
            return (("slots", event.id, True),)
        case _:
            return ()

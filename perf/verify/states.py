"""What must be true of a hospital's states, told from tokens and tickets and not from the counts kept beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TypeVar

from engine.actors.hospital import HOSPITAL, Hospital, Policy
from engine.actors.service.state import Service
from engine.actors.service.view import integrity_view
from engine.actors.slot.state import Slot, seats
from engine.recovery import Book

_T = TypeVar("_T")
_SEATED = ("CONFIRMED", "COMPLETED")


def overfull_slots(book: Book) -> tuple[int, list[str]]:
    """Slots looked at, and those with more regular tokens than they have seats."""
    overbook = _policy(book).overbook_pct
    count, faults = 0, []
    for slot in _states(book, "slot", Slot):
        count += 1
        seated = sum(token.status in _SEATED and not token.override for token in slot.tokens.values())
        if seated > seats(slot, overbook):
            faults.append(f"slot {slot.id} of {book.hospital}: {seated} tokens, {slot.max_capacity} seats")
    return count, faults


def double_bookings(book: Book) -> tuple[int, list[str]]:
    """Active tokens looked at, and patients who have two where the policy allows one."""
    limit = _policy(book).double_booking
    held: Counter[tuple[str, ...]] = Counter()
    for slot in _states(book, "slot", Slot):
        for token in slot.tokens.values():
            if token.status == "CONFIRMED":
                held[(token.patient_id, *_scope(slot, limit, token.id))] += 1
    return held.total(), [
        f"patient {who} of {book.hospital} has {count} tokens of {' '.join(what)}"
        for (who, *what), count in held.items()
        if count > 1
    ]


def unsound_queues(book: Book) -> tuple[int, list[str]]:
    """Queues looked at, and those that find a gap, a double or an orphan in themselves."""
    count, faults = 0, []
    for service in _states(book, "service", Service):
        count += 1
        found = integrity_view(service)
        if not found.ok:
            faults.append(f"queue {service.id} of {book.hospital}: {found}")
    return count, faults


def _scope(slot: Slot, limit: str, token: str) -> tuple[str, ...]:
    match limit:
        case "day":
            return (slot.day,)
        case "doctor_day":
            return (slot.doctor_id, slot.day)
        case "slot":
            return (slot.id,)
        case _:
            return (token,)


def _policy(book: Book) -> Policy:
    cell = book.cell(HOSPITAL)
    if cell is None:
        return Policy()
    hospital: Hospital = cell.state
    return hospital.policy


def _states(book: Book, kind: str, of: type[_T]) -> Iterator[_T]:
    for key in book.cells:
        if key.startswith(f"{kind}:"):
            cell = book.cell(key)
            assert cell is not None
            state = cell.state
            assert isinstance(state, of)
            yield state

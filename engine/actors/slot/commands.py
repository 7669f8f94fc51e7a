"""What decisions ask of a slot. None of these is stored: the public command is, and the events are.

Each names one step; ``Together`` takes several in order, each seeing the seats, ticket numbers and places that
the ones before it left. Times are µs. ``policy`` is the hospital's at that instant. ``happened_at`` is when a step was
taken that is entered afterwards; 0: now.

For a slot that will not take place (or a doctor who leaves): ``EmptySlot`` on the old slot, and on each target
``Together((AddNumbers(...), Adopt(...), Adopt(...), ...))``. ``Adopt`` refuses with ``SlotFull`` when no seat is
left, so ask ``free_seats(slot, policy.overbook_pct)`` first; a token that keeps its code needs no number
(``keeps_code``), for the others ``numbers_left(slot)`` says whether ``AddNumbers`` must come first.
"""

from __future__ import annotations

from typing import Any

import msgspec

from engine.actors.hospital import Category, Policy
from engine.actors.slot.events import EndOfEntry, EndOfHold
from engine.actors.slot.state import Quota, Token
from engine.decider import FreeText


class Command(msgspec.Struct, frozen=True):
    """Base of what a slot can be asked."""


class Open(Command, frozen=True):
    """Begin a slot; ``first_number`` and ``numbers`` are its share of the doctor's series of that day."""

    doctor_id: str
    day: str
    start: int
    end: int
    max_capacity: int
    prefix: str
    first_number: int
    numbers: int
    quotas: dict[Category, Quota] = {}
    delay: int = 0
    template_id: str = ""


class Together(Command, frozen=True):
    """Several steps, decided in order, all or none. ``if_version``: the slot's."""

    do: tuple[Any, ...]
    if_version: int | None = None


class AddNumbers(Command, frozen=True):
    """More ticket numbers, from the doctor's day (``SeriesExtended``)."""

    first: int
    count: int


class Book(Command, frozen=True):
    """Give a seat to a new token; an emergency gets one above the capacity if need be."""

    token_id: str
    patient_id: str
    category: Category
    booked_at: int
    policy: Policy
    hold_id: str = ""
    """The hold that this booking uses up."""
    entered: bool = False
    """It was booked at ``booked_at`` on paper: the slot need only have been open then."""


class Waitlist(Command, frozen=True):
    """Put a patient on the waiting list of a full slot."""

    entry_id: str
    patient_id: str
    category: Category
    booked_at: int
    policy: Policy


class Promote(Command, frozen=True):
    """Make a token of a waiting or offered entry; with ``emergency`` also over the capacity."""

    entry_id: str
    policy: Policy
    emergency: bool = False
    reason: FreeText | None = None


class Offer(Command, frozen=True):
    """Keep a free seat for a waiting entry."""

    entry_id: str
    policy: Policy


class PassOver(Command, frozen=True):
    """Write down why a free seat went past an entry, and when it is asked again by itself; 0: never."""

    entry_id: str
    code: str
    again_at: int = 0


class EndEntry(Command, frozen=True):
    """End an entry without a token."""

    entry_id: str
    status: EndOfEntry
    cause: str = ""
    reason: FreeText | None = None


class Cancel(Command, frozen=True):
    """Cancel a token."""

    token_id: str
    reason: FreeText | None = None
    cause: str = ""
    happened_at: int = 0


class MarkAbsent(Command, frozen=True):
    """Mark a token as no-show."""

    token_id: str
    policy: Policy
    by_clock: bool = False
    force: bool = False
    in_vain: bool = False
    """The queue has called as often as it calls."""
    reason: FreeText | None = None
    happened_at: int = 0


class Arrive(Command, frozen=True):
    """The patient of a confirmed token is here since ``arrived_at``."""

    token_id: str
    arrived_at: int
    policy: Policy


class Return(Command, frozen=True):
    """The patient of a token marked as no-show is here; without a free seat he goes to the waiting list.

    ``entered``: he was here at ``arrived_at``, which is entered afterwards; in a slot that is over by now, he was seen.
    """

    token_id: str
    arrived_at: int
    policy: Policy
    entered: bool = False


class Call(Command, frozen=True):
    """Call a patient, or call him again."""

    token_id: str
    happened_at: int = 0


class StandBack(Command, frozen=True):
    """Who was called waits again."""

    token_id: str


class Start(Command, frozen=True):
    """The consultation begins."""

    token_id: str
    happened_at: int = 0


class Complete(Command, frozen=True):
    """The consultation is over."""

    token_id: str
    force: bool = False
    reason: FreeText | None = None
    happened_at: int = 0


class Undo(Command, frozen=True):
    """Take the last step of a token back."""

    token_id: str
    policy: Policy


class Recategorize(Command, frozen=True):
    """Another tier for a token or a waiting entry."""

    token_id: str
    category: Category
    policy: Policy
    reason: FreeText | None = None


class MoveOut(Command, frozen=True):
    """The token leaves for another slot (which is asked to ``Adopt`` it)."""

    token_id: str
    to_slot: str
    reason: FreeText | None = None


class Adopt(Command, frozen=True):
    """Take a token that leaves another slot; ``token`` is its state there, ``from_slot`` that slot's id.

    ``keeps_code``: same doctor and day. ``keeps_booking``: same local day. ``emergency``: also over the
    capacity, and in that tier from now on. ``counts``: it was rescheduled at the patient's wish.
    """

    token: Token
    from_slot: str
    policy: Policy
    keeps_code: bool
    keeps_booking: bool
    emergency: bool = False
    counts: bool = False


class Repoint(Command, frozen=True):
    """The tokens and entries of one patient belong to another from now on (two records were merged)."""

    token_ids: tuple[str, ...]
    patient_id: str


class KeepSeat(Command, frozen=True):
    """Hold a seat for some minutes."""

    hold_id: str
    policy: Policy
    client_hold_id: str = ""
    patient_id: str = ""


class EndHold(Command, frozen=True):
    """The seat need not be held any longer."""

    hold_id: str
    cause: EndOfHold


class Resize(Command, frozen=True):
    """Another capacity."""

    max_capacity: int


class Pause(Command, frozen=True):
    """The doctor steps out, or is back."""

    paused: bool


class SetDelay(Command, frozen=True):
    """The slot's own delay and the one it has with what reaches it from earlier slots (µs)."""

    own_delay: int
    delay: int


class Lift(Command, frozen=True):
    """The patient has waited too long."""

    token_id: str


class Close(Command, frozen=True):
    """The slot has ended: its waiting list, offers and holds end with it."""


class EmptySlot(Command, frozen=True):
    """Cancel the slot. ``moves`` are pairs of (token id, slot it goes to); other active tokens are cancelled.

    Who is in consultation stays. Waiting entries, offers and holds end. With ``cancel_slot=False`` only ``moves``
    and ``cancels`` happen, and the slot goes on.
    """

    moves: tuple[tuple[str, str], ...] = ()
    reason: FreeText | None = None
    cancel_slot: bool = True
    cancels: tuple[str, ...] = ()
    if_version: int | None = None


SlotCommand = (
    Open
    | Together
    | AddNumbers
    | Book
    | Waitlist
    | Promote
    | Offer
    | PassOver
    | EndEntry
    | Cancel
    | MarkAbsent
    | Arrive
    | Return
    | Call
    | StandBack
    | Start
    | Complete
    | Undo
    | Recategorize
    | MoveOut
    | Adopt
    | Repoint
    | KeepSeat
    | EndHold
    | Resize
    | Pause
    | SetDelay
    | Lift
    | Close
    | EmptySlot
)

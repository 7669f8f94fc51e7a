"""What can have happened in a slot. Names and fields are for ever; new fields carry defaults.

``at`` is the instant of the decision, ``happened_at`` that of the step itself where it was entered afterwards (0: at
``at``). Decided values (a ticket number, when to mark, an average) are written
down here, so that ``evolve`` has nothing to decide. Free text is about the patient whose token it is, except a
slot's own, which is the hospital's. A token that moves leaves one slot and joins another under the same id.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from engine.actors.hospital import Category
from engine.actors.slot.state import Phase, Quota, Step
from engine.decider import Event, FreeText

EndOfEntry = Literal["CANCELLED", "DECLINED", "EXPIRED", "SLOT_CLOSED"]
EndOfHold = Literal["confirmed", "released", "expired", "slot_over"]


class SlotOpened(Event, frozen=True):
    """``first_number..first_number + numbers - 1`` are the ticket numbers it may give."""

    id: str
    doctor_id: str
    day: str
    start: int
    end: int
    max_capacity: int
    prefix: str
    first_number: int
    numbers: int
    at: int
    quotas: dict[Category, Quota] = msgspec.field(default_factory=dict)
    delay: int = 0
    template_id: str = ""


class NumbersAdded(Event, frozen=True):
    """More ticket numbers from the doctor's series of that day."""

    first: int
    count: int


class TokenBooked(Event, frozen=True):
    """A seat was given. ``mark_at``: when an absent patient is marked, the slot's delay not included; 0: never."""

    token_id: str
    patient_id: str
    category: Category
    booked_at: int
    at: int
    number: int
    mark_at: int = 0
    override: bool = False
    overbooked: bool = False
    hold_id: str = ""


class PatientWaitlisted(Event, frozen=True):
    """The slot was full."""

    entry_id: str
    patient_id: str
    category: Category
    booked_at: int
    at: int


class LatecomerWaitlisted(Event, frozen=True):
    """A patient marked as no-show came and found no seat left; the token waits under its id."""

    token_id: str
    arrived_at: int
    at: int


class EntryOffered(Event, frozen=True):
    """A free seat is kept for this entry until ``expires_at``."""

    entry_id: str
    expires_at: int
    at: int


class EntryPromoted(Event, frozen=True):
    """A waiting or offered entry became a token; ``number`` is that of its ticket code."""

    entry_id: str
    patient_id: str
    number: int
    at: int
    mark_at: int = 0
    lift_at: int = 0
    override: bool = False
    overbooked: bool = False


class EntryPassedOver(Event, frozen=True):
    """A free seat went past this entry; ``code`` is that of the refusal it would have met.

    ``again_at`` is when the entry is asked again by itself: the release of the quota in its way; 0: never.
    """

    entry_id: str
    patient_id: str
    code: str
    at: int
    again_at: int = 0


class EntryEnded(Event, frozen=True):
    """An entry left the list without a token; ``cause``: left, declined, expired, promoted_elsewhere, slot_closed …"""

    entry_id: str
    patient_id: str
    status: EndOfEntry
    at: int
    cause: str = ""
    reason: FreeText | None = None


class TokenCancelled(Event, frozen=True):
    """``cause`` is ``slot_cancelled`` where the whole slot was."""

    token_id: str
    patient_id: str
    at: int
    cause: str = ""
    reason: FreeText | None = None
    happened_at: int = 0


class NoShowMarked(Event, frozen=True):
    """The patient did not come; ``by_clock`` when nobody said so."""

    token_id: str
    patient_id: str
    at: int
    by_clock: bool = False
    forced: bool = False
    reason: FreeText | None = None
    happened_at: int = 0


class PatientArrived(Event, frozen=True):
    """Checked in. ``arrived_at`` is when it really happened, ``lift_at`` when the wait becomes too long; 0: never."""

    token_id: str
    patient_id: str
    arrived_at: int
    at: int
    lift_at: int = 0


class PatientReturned(Event, frozen=True):
    """A patient marked as no-show came and got a seat; ``late``: behind his tier instead of his old place."""

    token_id: str
    patient_id: str
    arrived_at: int
    at: int
    late: bool = False
    lift_at: int = 0
    override: bool = False
    overbooked: bool = False


class PatientLifted(Event, frozen=True):
    """The patient waited longer than his tier's limit and comes next after the emergencies."""

    token_id: str
    patient_id: str
    at: int


class TokenCalled(Event, frozen=True):
    """``calls`` counts the calls so far, this one included."""

    token_id: str
    patient_id: str
    calls: int
    at: int
    happened_at: int = 0


class TokenStoodBack(Event, frozen=True):
    """The patient was called and did not come, or is asked to wait: he waits again as one who has arrived."""

    token_id: str
    patient_id: str
    at: int


class ConsultStarted(Event, frozen=True):
    """The consultation began."""

    token_id: str
    patient_id: str
    at: int
    happened_at: int = 0


class ConsultCompleted(Event, frozen=True):
    """``average`` is the slot's new moving average of consultations (µs)."""

    token_id: str
    patient_id: str
    at: int
    average: int
    forced: bool = False
    reason: FreeText | None = None
    happened_at: int = 0


class StepUndone(Event, frozen=True):
    """The last step of a token was taken back; ``mark_at`` leaves the patient the grace once more."""

    token_id: str
    patient_id: str
    step: Step
    at: int
    override: bool = False
    overbooked: bool = False
    mark_at: int = 0


class CategoryChanged(Event, frozen=True):
    """Another tier; ``rank_at`` is the instant that now orders the token inside it."""

    token_id: str
    patient_id: str
    category: Category
    rank_at: int
    at: int
    lift_at: int = 0
    override: bool = False
    overbooked: bool = False
    reason: FreeText | None = None


class TokenMovedOut(Event, frozen=True):
    """The token went to another slot and is no longer known here."""

    token_id: str
    patient_id: str
    to_slot: str
    at: int
    reason: FreeText | None = None


class TokenMovedIn(Event, frozen=True):
    """A token came from another slot; ``version`` and the rest are as they stand from now on."""

    token_id: str
    patient_id: str
    from_slot: str
    category: Category
    booked_at: int
    rank_at: int
    number: int
    version: int
    at: int
    phase: Phase = "BOOKED"
    mark_at: int = 0
    lift_at: int = 0
    arrived_at: int = 0
    late: bool = False
    override: bool = False
    overbooked: bool = False
    reschedules: int = 0


class TokenRepointed(Event, frozen=True):
    """Two records of one person were merged; the token is now the other's."""

    token_id: str
    patient_id: str
    at: int


class SeatHeld(Event, frozen=True):
    """A seat is kept until ``expires_at``."""

    hold_id: str
    expires_at: int
    at: int
    client_hold_id: str = ""
    patient_id: str = ""


class HoldEnded(Event, frozen=True):
    """The seat is no longer kept."""

    hold_id: str
    cause: EndOfHold
    at: int


class SlotResized(Event, frozen=True):
    """Another capacity."""

    max_capacity: int
    at: int


class SlotPaused(Event, frozen=True):
    """The doctor stepped out: nobody is called."""

    at: int


class SlotResumed(Event, frozen=True):
    """The doctor is back."""

    at: int


class SlotDelayed(Event, frozen=True):
    """``delay`` is the larger of the slot's own delay and what reaches it from earlier slots (µs both)."""

    own_delay: int
    delay: int
    at: int


class SlotClosed(Event, frozen=True):
    """The slot ended; no more bookings. Open tokens can still be served."""

    at: int


class SlotCancelled(Event, frozen=True):
    """The slot will not take place."""

    at: int
    reason: FreeText | None = None


SlotEvent = (
    SlotOpened
    | NumbersAdded
    | TokenBooked
    | PatientWaitlisted
    | LatecomerWaitlisted
    | EntryOffered
    | EntryPromoted
    | EntryPassedOver
    | EntryEnded
    | TokenCancelled
    | NoShowMarked
    | PatientArrived
    | PatientReturned
    | PatientLifted
    | TokenCalled
    | TokenStoodBack
    | ConsultStarted
    | ConsultCompleted
    | StepUndone
    | CategoryChanged
    | TokenMovedOut
    | TokenMovedIn
    | TokenRepointed
    | SeatHeld
    | HoldEnded
    | SlotResized
    | SlotPaused
    | SlotResumed
    | SlotDelayed
    | SlotClosed
    | SlotCancelled
)

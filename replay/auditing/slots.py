"""What slots say of themselves, followed event by event: where every token stands, and which step cannot be.

Knows how a token may go from one state to the next and nothing else; ``tokens`` and ``seats`` hold what is known here
against the rest of the log. It is told events only and shares no code with the rule book that made them.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from engine.actors.slot import events as on

ACTIVE: Final = frozenset(("BOOKED", "ARRIVED", "CALLED", "IN_CONSULT"))
"""Of a token that is confirmed: where its patient is."""

RANK: Final = {"EMERGENCY": 10, "PRIORITY_PAID": 20, "FOLLOWUP": 30, "ONLINE": 40, "WALKIN": 50}
"""Tiers in the order of the waiting list, least first."""

_LISTED: Final = frozenset(("WAITING", "OFFERED"))
_NOT_BEGUN: Final = ACTIVE - {"IN_CONSULT"}
_SEATED: Final = ACTIVE | {"COMPLETED"}
_UNDONE: Final = {
    "check_in": "ARRIVED", "call": "CALLED", "start": "IN_CONSULT", "complete": "COMPLETED", "cancel": "CANCELLED",
    "no_show": "NO_SHOW",
}  # fmt: skip
"""A step that was taken back, and the state it had led to."""

Key = tuple[int, int, int, str]


class Token(msgspec.Struct):
    """A token or an entry of the waiting list. ``since``: the position at which its state began."""

    id: str
    patient_id: str
    category: str
    state: str
    rank_at: int
    seq: int
    booked_at: int
    number: int = 0
    override: bool = False
    overbooked: bool = False
    arrived: bool = False
    late_at: int = 0
    calls: int = 0
    since: int = 0
    version: int = 1
    before: str = ""
    """The state before the last one."""

    @property
    def key(self) -> Key:
        """Its place in the waiting list: tier, then time, then the order of coming."""
        return RANK[self.category], self.rank_at, self.seq, self.id


class Slot(msgspec.Struct):
    """A slot as its events tell it; times in µs."""

    id: str
    doctor_id: str
    day: str
    start: int
    end: int
    capacity: int
    quotas: dict[Any, Any]
    status: str = "ACTIVE"
    paused: bool = False
    own_delay: int = 0
    delay: int = 0
    seq: int = 1
    regular: int = 0
    by_category: dict[str, int] = {}
    tokens: dict[str, Token] = {}
    waiting: list[Key] = []
    offers: int = 0
    holds: set[str] = set()

    def in_front(self, key: Key | None) -> Iterator[Token]:
        """Who waits and stands in front of this place; of nobody's place all."""
        end = len(self.waiting) if key is None else bisect_left(self.waiting, key)
        for place in self.waiting[:end]:
            yield self.tokens[place[3]]

    def seated(self, token: Token) -> bool:
        """Whether the token takes one of the seats that the capacity counts."""
        return token.state == "OFFERED" or (
            not token.override and (token.state in ACTIVE or token.state == "COMPLETED")
        )

    @property
    def taken(self) -> int:
        """Seats that are not free, those above the capacity for emergencies left out."""
        return self.regular + len(self.holds) + self.offers


class Slots:
    """All slots of a hospital. ``where`` has the slot of every token, ``active`` and ``listed`` those of each patient.

    ``tight``: slots in which an event has taken a seat, or left fewer; ``left``: tokens that went to another slot, and
    their versions. Whoever has looked clears both.
    """

    def __init__(self) -> None:
        self.slots: dict[str, Slot] = {}
        self.where: dict[str, str] = {}
        self.active: dict[str, set[str]] = {}
        self.listed: dict[str, set[str]] = {}
        self.tight: set[str] = set()
        self.left: dict[str, int] = {}
        self._position = 0

    def token(self, token_id: str) -> Token | None:
        """The token, wherever it is."""
        slot = self.slots.get(self.where.get(token_id, ""))
        return None if slot is None else slot.tokens.get(token_id)

    def apply(self, position: int, slot_id: str, event: Any) -> str:
        """Follow an event; what cannot be is told, and followed as far as it goes."""
        self._position = position
        if isinstance(event, on.SlotOpened):
            if slot_id in self.slots:
                return f"slot {slot_id} was opened twice"
            self.slots[slot_id] = Slot(
                slot_id, event.doctor_id, event.day, event.start, event.end, event.max_capacity, dict(event.quotas)
            )
            self.slots[slot_id].delay = event.delay
            return ""
        slot = self.slots.get(slot_id)
        if slot is None:
            return f"slot {slot_id} was never opened"
        token_id = token_of(event)
        if not token_id:
            return self._slot(slot, event)
        if isinstance(event, on.TokenBooked | on.PatientWaitlisted | on.TokenMovedIn):
            return self._new(slot, token_id, event)
        token = slot.tokens.get(token_id)
        if token is None:
            return f"{type(event).__name__} of token {token_id}, which is not in slot {slot_id}"
        patient = getattr(event, "patient_id", token.patient_id)
        if patient != token.patient_id and not isinstance(event, on.TokenRepointed):
            return f"{type(event).__name__} of token {token_id} names another patient than it has"
        return self._step(slot, token, event)

    def _new(self, slot: Slot, token_id: str, event: Any) -> str:
        known = self.where.get(token_id)
        moved = isinstance(event, on.TokenMovedIn)
        waits = isinstance(event, on.PatientWaitlisted)
        rank_at = event.rank_at if moved else event.booked_at
        if not moved and not waits and event.category == "EMERGENCY":
            rank_at = event.at
        token = Token(token_id, event.patient_id, event.category, "", rank_at, slot.seq, event.booked_at)
        slot.seq += 1
        slot.tokens[token_id] = token
        self.where[token_id] = slot.id
        if waits:
            self._become(slot, token, "WAITING")
        else:
            token.number, token.override, token.overbooked = event.number, event.override, event.overbooked
            token.arrived, token.version = moved and event.arrived_at > 0, event.version if moved else 1
            token.late_at = event.arrived_at if moved and event.late else 0
            self._become(slot, token, event.phase if moved else "BOOKED")
            if not token.override:
                self.tight.add(slot.id)
        if known is not None and not (moved and known == event.from_slot):
            return f"token {token_id} is new in slot {slot.id} while it is in slot {known}"
        return ""

    def _step(self, slot: Slot, token: Token, event: Any) -> str:  # noqa: C901 - one match over a closed set
        was = token.state
        token.version += not isinstance(event, on.EntryPassedOver)
        legal: frozenset[str] = ACTIVE
        to = was
        match event:
            case on.LatecomerWaitlisted():
                legal, to = frozenset(("NO_SHOW",)), "WAITING"
                token.rank_at = token.late_at = event.arrived_at
                token.arrived, token.override, token.overbooked = True, False, False
            case on.EntryOffered():
                legal, to = frozenset(("WAITING",)), "OFFERED"
            case on.EntryPromoted():
                legal, to = _LISTED, "ARRIVED" if token.arrived else "BOOKED"
            case on.EntryPassedOver():
                legal = frozenset(("WAITING",))
            case on.EntryEnded():
                lapsed = event.status in ("DECLINED", "EXPIRED")
                legal, to = frozenset(("OFFERED",)) if lapsed else _LISTED, event.status
            case on.TokenCancelled():
                legal, to = _NOT_BEGUN, "CANCELLED"
            case on.NoShowMarked():
                legal, to = _NOT_BEGUN, "NO_SHOW"
            case on.PatientArrived():
                legal, to, token.arrived = frozenset(("BOOKED",)), "ARRIVED", True
            case on.PatientReturned():
                legal, to, token.arrived = frozenset(("NO_SHOW",)), "ARRIVED", True
                if event.late:
                    token.rank_at = token.late_at = event.arrived_at
            case on.PatientLifted():
                legal = frozenset(("ARRIVED",))
            case on.TokenCalled():
                legal, to = _NOT_BEGUN, "CALLED"
                if event.calls != token.calls + 1:
                    return f"call {event.calls} of token {token.id} follows call {token.calls}"
                token.calls = event.calls
            case on.TokenStoodBack():
                legal, to = frozenset(("CALLED",)), "ARRIVED"
            case on.ConsultStarted():
                legal, to = frozenset(("CALLED",)), "IN_CONSULT"
            case on.ConsultCompleted():
                to = "COMPLETED"
            case on.StepUndone():
                legal, to = frozenset((_UNDONE.get(event.step, ""),)), self._stood(token, event.step)
            case on.CategoryChanged():
                legal = ACTIVE | {"WAITING"}
            case on.TokenMovedOut():
                legal, to = _NOT_BEGUN, "MOVED"
            case on.TokenRepointed():
                legal = ACTIVE | _LISTED
        if was not in legal:
            return f"{type(event).__name__} of token {token.id}, which was {was}"
        return self._apply(slot, token, event, to)

    def _apply(self, slot: Slot, token: Token, event: Any, to: str) -> str:
        seated = self._leave(slot, token)
        match event:
            case on.EntryPromoted() | on.PatientReturned() | on.StepUndone() if token.state not in ACTIVE:
                token.override, token.overbooked = event.override, event.overbooked
                if isinstance(event, on.EntryPromoted):
                    token.number = event.number
            case on.CategoryChanged():
                token.category, token.rank_at = event.category, event.rank_at
                token.override, token.overbooked = event.override, event.overbooked
            case on.TokenRepointed():
                token.patient_id = event.patient_id
        self._become(slot, token, to)
        if not seated and slot.seated(token):
            self.tight.add(slot.id)
        return ""

    def _stood(self, token: Token, step: str) -> str:
        """The state that taking this step back restores."""
        if step == "call":
            token.calls -= 1
            if token.before == "CALLED" and token.calls:
                return "CALLED"
            return "ARRIVED" if token.arrived else "BOOKED"
        if step == "check_in":
            token.arrived = False
            return "BOOKED"
        return "CALLED" if step == "start" else token.before

    def _leave(self, slot: Slot, token: Token) -> bool:
        """Give up what the token's present state takes: a seat (then true), a place, the patient's time."""
        state, seated = token.state, slot.seated(token)
        if state in _SEATED:
            if not token.override:
                slot.regular -= 1
                slot.by_category[token.category] -= 1
            self.active.get(token.patient_id, set()).discard(token.id)
        elif state in _LISTED:
            self.listed.get(token.patient_id, set()).discard(token.id)
            slot.offers -= state == "OFFERED"
            if state == "WAITING":
                del slot.waiting[bisect_left(slot.waiting, token.key)]
        return seated and state != "OFFERED"

    def _become(self, slot: Slot, token: Token, state: str) -> None:
        if state != token.state:
            token.before, token.since = token.state, self._position
        elif state == "CALLED":
            token.before = "CALLED"
        token.state = state
        if state in _SEATED:
            if not token.override:
                slot.regular += 1
                slot.by_category[token.category] = slot.by_category.get(token.category, 0) + 1
            if state in ACTIVE:
                self.active.setdefault(token.patient_id, set()).add(token.id)
        elif state in _LISTED:
            self.listed.setdefault(token.patient_id, set()).add(token.id)
            slot.offers += state == "OFFERED"
            if state == "WAITING":
                insort(slot.waiting, token.key)
        elif state == "MOVED":
            self.left[token.id] = token.version
            del slot.tokens[token.id]
            if self.where.get(token.id) == slot.id:
                del self.where[token.id]

    def _slot(self, slot: Slot, event: Any) -> str:
        match event:
            case on.SeatHeld():
                slot.holds.add(event.hold_id)
                self.tight.add(slot.id)
            case on.HoldEnded():
                if event.hold_id not in slot.holds:
                    return f"hold {event.hold_id} ended in slot {slot.id}, which has none like it"
                slot.holds.discard(event.hold_id)
            case on.SlotResized():
                slot.capacity = event.max_capacity
                self.tight.add(slot.id)
            case on.SlotDelayed():
                slot.own_delay, slot.delay = event.own_delay, event.delay
            case on.SlotPaused():
                slot.paused = True
            case on.SlotResumed():
                slot.paused = False
            case on.SlotClosed() | on.SlotCancelled():
                if slot.status != "ACTIVE":
                    return f"slot {slot.id} ended twice"
                slot.status = "CLOSED" if isinstance(event, on.SlotClosed) else "CANCELLED"
        return ""


def token_of(event: Any) -> str:
    """Which token or entry an event is about; empty where it is none."""
    return getattr(event, "token_id", "") or getattr(event, "entry_id", "")

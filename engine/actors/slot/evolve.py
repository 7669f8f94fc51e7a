"""What events do to a slot's state. Decides nothing and never refuses."""

from __future__ import annotations

from bisect import insort
from sys import intern
from typing import assert_never

from engine.actors.slot.correcting import recategorized, touch, undone
from engine.actors.slot.events import (
    CategoryChanged,
    ConsultCompleted,
    ConsultStarted,
    EntryEnded,
    EntryOffered,
    EntryPassedOver,
    EntryPromoted,
    HoldEnded,
    LatecomerWaitlisted,
    NoShowMarked,
    NumbersAdded,
    PatientArrived,
    PatientLifted,
    PatientReturned,
    PatientWaitlisted,
    SeatHeld,
    SlotCancelled,
    SlotClosed,
    SlotDelayed,
    SlotEvent,
    SlotOpened,
    SlotPaused,
    SlotResized,
    SlotResumed,
    StepUndone,
    TokenBooked,
    TokenCalled,
    TokenCancelled,
    TokenMovedIn,
    TokenMovedOut,
    TokenRepointed,
    TokenStoodBack,
)
from engine.actors.slot.indexes import (
    await_lift,
    free,
    join_line,
    leave_line,
    leave_list,
    next_seq,
    put_in,
    seat,
    take_number,
    take_out,
    unmark,
)
from engine.actors.slot.state import (
    LAPSES,
    LIFTED,
    LIFTS,
    MARKED,
    SERVED,
    Hold,
    Slot,
    Step,
    Token,
    rank_of,
)

# Ids that stand in many states are interned: one text in memory, however often it is read from the log.


def evolve(state: Slot, event: SlotEvent) -> None:  # noqa: C901 - one match over a closed set
    """The state after an event."""
    state.version += 1
    match event:
        case TokenBooked():
            _booked(state, event)
        case TokenCancelled():
            token = state.tokens[event.token_id]
            _end(state, token, event, "cancel")
            token.status = "CANCELLED"
        case PatientArrived():
            token = state.tokens[event.token_id]
            unmark(state, token)
            touch(token, event.at, "check_in")
            token.phase, token.arrived_at, token.lift_at = "ARRIVED", event.arrived_at, event.lift_at
            await_lift(state, token)
        case TokenCalled():
            _called(state, state.tokens[event.token_id], event)
        case TokenStoodBack():
            token = state.tokens[event.token_id]
            leave_line(state, token)
            touch(token, event.at, "")
            token.phase, token.called_at, token.called_in = "ARRIVED", 0, 0
            join_line(state, token)
        case ConsultStarted():
            token = state.tokens[event.token_id]
            touch(token, event.at, "start")
            token.phase, token.started_at = "IN_CONSULT", event.happened_at or event.at
            state.progress_at = max(state.progress_at, token.started_at)
        case ConsultCompleted():
            _completed(state, event)
        case NoShowMarked():
            token = state.tokens[event.token_id]
            _end(state, token, event, "no_show")
            token.status = "NO_SHOW"
            state.counters.no_shows += 1
            state.counters.no_shows_by_clock += event.by_clock
        case PatientWaitlisted():
            entry = Token(
                id=event.entry_id,
                patient_id=intern(event.patient_id),
                category=event.category,
                status="WAITING",
                phase="BOOKED",
                booked_at=event.booked_at,
                rank=rank_of(event.category),
                rank_at=event.booked_at,
                seq=next_seq(state),
                number=0,
                updated_at=event.at,
            )
            state.tokens[entry.id] = entry
            put_in(state.waiting, entry, SERVED)
        case EntryPromoted():
            _promoted(state, event)
        case EntryOffered():
            entry = state.tokens[event.entry_id]
            take_out(state.waiting, entry, SERVED)
            touch(entry, event.at, "")
            entry.status, entry.mark_at = "OFFERED", event.expires_at
            insort(state.offers, entry, key=MARKED)
            _asked_again(state, event.at)
        case EntryPassedOver():
            state.counters.passed_over += 1
            if event.again_at:
                state.release_at = event.again_at
            else:
                _asked_again(state, event.at)
        case EntryEnded():
            entry = state.tokens[event.entry_id]
            leave_list(state, entry)
            touch(entry, event.at, "")
            entry.status, entry.ended_at, entry.mark_at = event.status, event.at, 0
        case PatientReturned():
            _returned(state, state.tokens[event.token_id], event)
        case LatecomerWaitlisted():
            token = state.tokens[event.token_id]
            touch(token, event.at, "")
            token.status, token.phase, token.arrived_at, token.ended_at = "WAITING", "BOOKED", event.arrived_at, 0
            token.late, token.rank, token.rank_at = True, rank_of(token.category), event.arrived_at
            token.override = token.overbooked = False
            state.counters.late += 1
            put_in(state.waiting, token, SERVED)
        case PatientLifted():
            token = state.tokens[event.token_id]
            take_out(state.line, token, SERVED)
            take_out(state.lifts, token, LIFTS)
            touch(token, event.at, "")
            token.rank, token.lift_at = LIFTED, 0
            state.counters.lifts += 1
            put_in(state.line, token, SERVED)
        case StepUndone():
            undone(state, state.tokens[event.token_id], event)
        case CategoryChanged():
            recategorized(state, state.tokens[event.token_id], event)
        case TokenMovedOut():
            token = state.tokens.pop(event.token_id)
            leave_line(state, token)
            free(state, token)
        case TokenMovedIn():
            _moved_in(state, event)
        case TokenRepointed():
            token = state.tokens[event.token_id]
            touch(token, event.at, token.last)
            token.patient_id = intern(event.patient_id)
        case _:
            _evolve_slot(state, event)


def _evolve_slot(
    state: Slot,
    event: SlotOpened
    | NumbersAdded
    | SeatHeld
    | HoldEnded
    | SlotResized
    | SlotPaused
    | SlotResumed
    | SlotDelayed
    | SlotClosed
    | SlotCancelled,
) -> None:
    match event:
        case SlotOpened():
            state.doctor_id, state.day, state.prefix = intern(event.doctor_id), intern(event.day), intern(event.prefix)
            state.start, state.end, state.max_capacity = event.start, event.end, event.max_capacity
            state.next_number, state.last_number = event.first_number, event.first_number + event.numbers - 1
            state.created_at, state.quotas = event.at, event.quotas
            state.average = (event.end - event.start) // event.max_capacity
            state.delay = event.delay
            if event.delay:
                state.status = "DELAYED"
        case NumbersAdded():
            state.blocks.append((event.first, event.count))
        case SeatHeld():
            hold = Hold(event.hold_id, event.client_hold_id, event.patient_id, event.expires_at, event.at)
            state.holds[hold.id] = hold
            insort(state.expiring, hold, key=LAPSES)
        case HoldEnded():
            take_out(state.expiring, state.holds.pop(event.hold_id), LAPSES)
            state.ended_holds[event.hold_id] = event.cause
        case SlotResized():
            state.max_capacity = event.max_capacity
        case SlotPaused():
            state.paused = True
        case SlotResumed():
            state.paused = False
        case SlotDelayed():
            state.own_delay, state.delay = event.own_delay, event.delay
            state.status = "DELAYED" if event.delay else "ACTIVE"
            state.counters.delays += 1
        case SlotClosed():
            state.status = "CLOSED"
        case SlotCancelled():
            state.status = "CANCELLED"
        case _:
            assert_never(event)


def _booked(state: Slot, event: TokenBooked) -> None:
    category = event.category
    token = Token(
        id=event.token_id,
        patient_id=intern(event.patient_id),
        category=category,
        status="CONFIRMED",
        phase="BOOKED",
        booked_at=event.booked_at,
        rank=rank_of(category),
        # An emergency is first come first served from the moment it is one.
        rank_at=event.at if category == "EMERGENCY" else event.booked_at,
        seq=next_seq(state),
        number=take_number(state, event.number),
        updated_at=event.at,
        override=event.override,
        overbooked=event.overbooked,
        mark_at=event.mark_at,
    )
    state.tokens[token.id] = token
    seat(state, token)
    state.counters.overrides += event.override
    state.counters.overbooked += event.overbooked
    # Most tokens come last in both orders: seen without making keys, as nearly all of a log's entries are these.
    line, rank, rank_at = state.line, token.rank, token.rank_at
    if not line or (last := line[-1]).rank < rank or (last.rank == rank and last.rank_at <= rank_at):
        line.append(token)
    else:
        insort(line, token, key=SERVED)
    mark_at, marks = event.mark_at, state.marks
    if mark_at:
        if not marks or marks[-1].mark_at <= mark_at:
            marks.append(token)
        else:
            insort(marks, token, key=MARKED)


def _promoted(state: Slot, event: EntryPromoted) -> None:
    token = state.tokens[event.entry_id]
    leave_list(state, token)
    touch(token, event.at, "")
    token.status = "CONFIRMED"
    if not token.number:
        token.number = take_number(state, event.number)
    token.mark_at, token.lift_at = event.mark_at, event.lift_at
    token.override, token.overbooked = event.override, event.overbooked
    if token.arrived_at:
        token.phase = "ARRIVED"
    seat(state, token)
    state.counters.promotions += 1
    state.counters.overrides += event.override
    state.counters.overbooked += event.overbooked
    join_line(state, token)
    _asked_again(state, event.at)


def _asked_again(state: Slot, at: int) -> None:
    if state.release_at <= at:
        state.release_at = 0


def _returned(state: Slot, token: Token, event: PatientReturned) -> None:
    touch(token, event.at, "late")
    token.status, token.phase, token.ended_at = "CONFIRMED", "ARRIVED", 0
    token.arrived_at, token.lift_at, token.mark_at = event.arrived_at, event.lift_at, 0
    token.override, token.overbooked = event.override, event.overbooked
    if event.late:
        token.late, token.rank, token.rank_at = True, rank_of(token.category), event.arrived_at
    seat(state, token)
    state.counters.late += 1
    state.counters.overrides += event.override
    state.counters.overbooked += event.overbooked
    join_line(state, token)


def _moved_in(state: Slot, event: TokenMovedIn) -> None:
    fresh = state.next_number <= event.number <= state.last_number or any(
        first <= event.number < first + count for first, count in state.blocks
    )
    token = Token(
        id=event.token_id,
        patient_id=intern(event.patient_id),
        category=event.category,
        status="CONFIRMED",
        phase=event.phase,
        booked_at=event.booked_at,
        rank=rank_of(event.category),
        rank_at=event.rank_at,
        seq=next_seq(state),
        number=take_number(state, event.number) if fresh else event.number,
        updated_at=event.at,
        version=event.version,
        override=event.override,
        overbooked=event.overbooked,
        late=event.late,
        mark_at=event.mark_at,
        lift_at=event.lift_at,
        arrived_at=event.arrived_at,
        reschedules=event.reschedules,
    )
    state.tokens[token.id] = token
    seat(state, token)
    state.counters.overrides += event.override
    state.counters.overbooked += event.overbooked
    join_line(state, token)


def _called(state: Slot, token: Token, event: TokenCalled) -> None:
    leave_line(state, token)
    touch(token, event.at, "call")
    if token.phase != "CALLED":
        token.phase, token.called_at = "CALLED", event.happened_at or event.at
        token.called_in = event.at if event.happened_at else 0
    token.calls = event.calls
    join_line(state, token)


def _completed(state: Slot, event: ConsultCompleted) -> None:
    token = state.tokens[event.token_id]
    leave_line(state, token)
    touch(token, event.at, "complete")
    token.status, token.ended_at = "COMPLETED", event.happened_at or event.at
    state.overrides -= token.override
    state.average = event.average
    state.progress_at = max(state.progress_at, token.ended_at)


def _end(state: Slot, token: Token, event: TokenCancelled | NoShowMarked, step: Step) -> None:
    leave_line(state, token)
    free(state, token)
    touch(token, event.at, step)
    token.ended_at = event.happened_at or event.at

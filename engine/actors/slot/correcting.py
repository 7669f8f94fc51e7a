"""How a token's last step is taken back, and how it changes tier: what of ``evolve`` corrects.

Only ``evolve`` calls this.
"""

from __future__ import annotations

from engine.actors.slot.events import CategoryChanged, StepUndone
from engine.actors.slot.indexes import free, join_line, leave_line, put_in, seat, take_out
from engine.actors.slot.state import SERVED, Slot, Step, Token, rank_of


def undone(state: Slot, token: Token, event: StepUndone) -> None:
    """The token as it stood before its last step."""
    step = event.step
    from_line = called_from_line(token)  # the last call was the one that took it out of the line
    if token.status == "CONFIRMED":
        leave_line(state, token)
    touch(token, event.at, "")
    token.mark_at = event.mark_at
    match step:
        case "check_in":
            token.phase, token.arrived_at, token.lift_at = "BOOKED", 0, 0
        case "call":
            token.calls -= 1
            if not token.calls or from_line:
                token.phase, token.called_at = "ARRIVED" if token.arrived_at else "BOOKED", 0
                token.called_in = 0
        case "start":
            token.phase, token.started_at = "CALLED", 0
        case "complete":
            token.status, token.ended_at = "CONFIRMED", 0
            state.overrides += token.override
        case _:
            token.status, token.ended_at = "CONFIRMED", 0
            token.override, token.overbooked = event.override, event.overbooked
            seat(state, token)
    state.counters.undone += 1
    join_line(state, token)


def called_from_line(token: Token) -> bool:
    """Whether nothing has become of the token since the call that took it out of the line."""
    return (token.called_in or token.called_at) == token.updated_at


def recategorized(state: Slot, token: Token, event: CategoryChanged) -> None:
    """The token or entry in another tier, where it belongs."""
    waits = token.status == "WAITING"
    if waits:
        take_out(state.waiting, token, SERVED)
    else:
        leave_line(state, token)
        free(state, token)
    touch(token, event.at, "")
    token.category, token.rank, token.rank_at = event.category, rank_of(event.category), event.rank_at
    token.override, token.overbooked = event.override, event.overbooked
    token.lift_at = event.lift_at
    if event.category == "EMERGENCY":
        token.late = False
    if waits:
        put_in(state.waiting, token, SERVED)
    else:
        seat(state, token)
        join_line(state, token)


def touch(token: Token, at: int, step: Step) -> None:
    """Another version of the token; ``step``: what can be undone from now on."""
    token.updated_at, token.last = at, step
    token.version += 1

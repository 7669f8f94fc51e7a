"""Somebody broke the glass: he did what is not his to do, and said why. Whoever is in charge has to know.

R1  There is an alert of who did it and why: one for each principal, whatever he then did; the access log beside says
    what that was.
R2  The reason is a person's own words and may name one: it is sealed with the hospital's key.
"""

from __future__ import annotations

from typing import Final

from engine.actors.alerts.commands import Raise
from engine.actors.alerts.state import ALERTS, BREAK_GLASS
from engine.decider import DAY, At, Deciding, Decision, Done, FreeText, Propose, Value
from engine.decisions import finding

LASTING: Final = DAY
"""After which an alert nobody closed is over."""


class NoteBreakGlass(Value, frozen=True):
    """Asked by the door, in the name of whoever broke the glass."""

    reason: FreeText


def note_break_glass(command: NoteBreakGlass, at: At) -> Deciding:
    """R1, R2."""
    yield from finding.the_hospital()
    yield Propose(
        ALERTS,
        Raise(kind=BREAK_GLASS, severity="warning", subject=at.who, reason=command.reason, lasting=LASTING),
    )
    return Done()


NOTE_BREAK_GLASS = Decision(command=NoteBreakGlass, run=note_break_glass, home=lambda command, find: ALERTS)

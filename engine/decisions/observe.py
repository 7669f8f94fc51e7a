"""What the engine measured of itself: weighed, and written down so that an auditor sees why an alert opened.

R1  One entry holds all that was measured since the last one; a hospital that has not begun is not measured.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from engine.actors.alerts.commands import Observe
from engine.actors.alerts.state import ALERTS, WINDOW, Slice
from engine.decider import At, Deciding, Decision, Done, Propose, Value
from engine.decisions import finding


class ObserveFigures(Value, frozen=True):
    """Asked by the engine itself."""

    slices: Annotated[tuple[Slice, ...], Meta(min_length=1, max_length=WINDOW)]


def observe(command: ObserveFigures, at: At) -> Deciding:
    """R1."""
    yield from finding.the_hospital()
    yield Propose(ALERTS, Observe(command.slices))
    return Done()


OBSERVE_FIGURES = Decision(command=ObserveFigures, run=observe, home=lambda command, find: ALERTS)

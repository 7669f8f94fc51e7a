"""What parts of a plan give back to the decision that asked for them."""

from __future__ import annotations

from typing import NamedTuple

from engine.needs import Care


class Moved(NamedTuple):
    """An admission that somebody else has now, in this role."""

    admission_id: str
    role: Care
    staff_id: str


class HandedOver(NamedTuple):
    """What became of somebody's patients: who has whom now, and for whom nobody was free."""

    moved: tuple[Moved, ...] = ()
    left: tuple[str, ...] = ()

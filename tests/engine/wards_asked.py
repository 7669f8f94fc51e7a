"""A ward by itself, asked in few words."""

from __future__ import annotations

from typing import Any

from engine.actors.ward import WARD
from engine.actors.ward.commands import AddBed, Create, Mark, Occupy, Reserve, Vacate
from engine.actors.ward.state import Bed, BedProfile, Occupant, WardProfile
from engine.decider import MINUTE
from engine.needs import Need
from tests.engine.actors.asked import NOW, Actor


class Asked(Actor):
    """Ward ``w``, with beds called by their labels."""

    def __init__(self, **profile: Any) -> None:
        super().__init__(WARD, "w")
        self.ask(Create(WardProfile(name="Medicine", **profile)))

    def add(self, *ids: str, **profile: Any) -> None:
        """Beds, each with its id as its label."""
        for id in ids:
            self.ask(AddBed(id, BedProfile(label=id, **profile)))

    def bed(self, id: str) -> Bed:
        """A bed as it is."""
        bed: Bed = self.state.beds[id]
        return bed

    def put(self, id: str, who: str = "p", **more: Any) -> list[Any]:
        """Patient ``who`` into a bed, admitted as ``admission of who``."""
        return self.ask(Occupy(id, occupant(who, **more)))

    def keep(self, id: str, who: str = "p", minutes: int = 60) -> list[Any]:
        """Reserve a bed."""
        return self.ask(Reserve(id, occupant(who, admission_id=""), self.time + minutes * MINUTE))

    def leave(self, id: str, who: str = "p", *, at: int = 0, contaminated: bool = False) -> list[Any]:
        """Patient ``who`` leaves a bed."""
        return self.ask(Vacate(id, f"admission of {who}", at or self.time + 1, contaminated))

    def mark(self, id: str, *to: Any) -> None:
        """One after the other."""
        for one in to:
            self.ask(Mark(id, one))

    def into(self, id: str, state: str) -> None:
        """Have an unoccupied bed in this state."""
        match state:
            case "reserved":
                self.keep(id)
            case "occupied":
                self.put(id)
            case "housekeeping":
                self.put(id)
                self.leave(id)
            case "contaminated":
                self.put(id)
                self.leave(id, contaminated=True)
            case "closed" | "isolated":
                self.mark(id, state)
        assert self.bed(id).state == state


def occupant(who: str, **more: Any) -> Occupant:
    """Somebody who is admitted."""
    return Occupant(**{"patient_id": who, "admission_id": f"admission of {who}", **more})


def need(**more: Any) -> Need:
    """A grown-up woman's, unless said otherwise."""
    return Need(**{"gender": "female", "age_group": "adult", "age": 40, **more})


def names(events: list[Any]) -> list[str]:
    """What happened."""
    return [type(event).__name__ for event in events]


__all__ = ["NOW", "Asked", "names", "need", "occupant"]

"""A ward as the steps of a command so far would leave it. It decides nothing but that nobody lies in two beds.

A plan keeps one for each ward that it changes: ``take`` of ``decide`` brings it a step further, or refuses, and
``ward`` with ``changed`` are what the functions of ``choosing`` are asked with.
"""

from __future__ import annotations

from msgspec.structs import replace

from engine.actors.ward.events import WardEvent
from engine.actors.ward.refusals import AlreadyInBed
from engine.actors.ward.state import Bed, Stay, Ward, WardProfile
from engine.errors import NotFound


class Draft:
    """``ward`` with its profile as it will be, ``changed``: its beds that are changed (``None``: gone), and the events
    that say so."""

    __slots__ = ("changed", "events", "stays", "time", "ward")

    def __init__(self, state: Ward, time: int) -> None:
        self.ward = state
        self.time = time
        self.events: list[WardEvent] = []
        self.changed: dict[str, Bed | None] = {}
        self.stays: dict[str, tuple[Stay, ...]] = {}

    def profile(self, event: WardEvent, profile: WardProfile) -> None:
        """The ward is as the event says; its beds and their indexes are the same."""
        self.ward = replace(self.ward, profile=profile, version=self.ward.version + 1)
        self.events.append(event)

    def find(self, bed_id: str) -> Bed:
        """The bed as it will be, or ``NotFound``."""
        bed = self.changed[bed_id] if bed_id in self.changed else self.ward.beds.get(bed_id)
        if bed is None:
            raise NotFound("there is no such bed", field="bed_id", bed_id=bed_id)
        return bed

    def note(self, event: WardEvent, bed: Bed) -> None:
        """The bed is as the event says."""
        self.changed[bed.id] = bed
        self.events.append(event)

    def over(self, bed_id: str, stay: Stay) -> None:
        """Somebody left the bed."""
        self.stays[bed_id] = (*self.past(bed_id), stay)

    def past(self, bed_id: str) -> tuple[Stay, ...]:
        """Stays that are over, oldest first."""
        return self.stays.get(bed_id) or self.ward.stays.get(bed_id, ())

    def count(self) -> int:
        """How many beds there will be."""
        beds = self.ward.beds
        return len(beds) + sum((bed is not None) - (id in beds) for id, bed in self.changed.items())

    def labelled(self, label: str) -> str:
        """Which bed will have this label; ``""``: none."""
        for id, bed in self.changed.items():
            if bed is not None and bed.profile.label == label:
                return id
        other = self.ward.labels.get(label, "")
        return "" if other in self.changed else other

    def theirs(self, patient_id: str) -> list[Bed]:
        """The beds in which a patient will lie, or that will be kept for him or her."""
        stays = (self.ward.beds[id] for id in self.ward.theirs.get(patient_id, ()) if id not in self.changed)
        changed = (bed for bed in self.changed.values() if bed is not None)
        return [*stays, *(bed for bed in changed if bed.occupant and bed.occupant.patient_id == patient_id)]

    def nobody_in_two_beds(self) -> None:
        """R6, of all that was changed: it does not matter whether who moves leaves first or comes first."""
        for bed in self.changed.values():
            if bed is None or bed.occupant is None or bed.state != "occupied":
                continue
            patient_id = bed.occupant.patient_id
            for other in self.theirs(patient_id):
                if other.state == "occupied" and other.id != bed.id:
                    raise AlreadyInBed(
                        "the patient lies in another bed",
                        patient_id=patient_id,
                        ward_id=self.ward.id,
                        bed_id=other.id if bed.id not in self.ward.theirs.get(patient_id, ()) else bed.id,
                    )

"""A ward as the steps of a command so far would leave it. It decides nothing but that nobody lies in two beds."""

from __future__ import annotations

from engine.actors.ward.events import WardEvent
from engine.actors.ward.refusals import AlreadyInBed
from engine.actors.ward.state import Bed, Stay, Ward
from engine.errors import NotFound


class Draft:
    """The beds that are changed, and the events that say so."""

    __slots__ = ("changed", "events", "state", "stays", "time")

    def __init__(self, state: Ward, time: int) -> None:
        self.state = state
        self.time = time
        self.events: list[WardEvent] = []
        self.changed: dict[str, Bed | None] = {}
        self.stays: dict[str, tuple[Stay, ...]] = {}

    def find(self, bed_id: str) -> Bed:
        """The bed as it will be, or ``NotFound``."""
        bed = self.changed[bed_id] if bed_id in self.changed else self.state.beds.get(bed_id)
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
        return self.stays.get(bed_id) or self.state.stays.get(bed_id, ())

    def count(self) -> int:
        """How many beds there will be."""
        beds = self.state.beds
        return len(beds) + sum((bed is not None) - (id in beds) for id, bed in self.changed.items())

    def labelled(self, label: str) -> str:
        """Which bed will have this label; ``""``: none."""
        for id, bed in self.changed.items():
            if bed is not None and bed.profile.label == label:
                return id
        other = self.state.labels.get(label, "")
        return "" if other in self.changed else other

    def theirs(self, patient_id: str) -> list[Bed]:
        """The beds in which a patient will lie, or that will be kept for him or her."""
        stays = (self.state.beds[id] for id in self.state.theirs.get(patient_id, ()) if id not in self.changed)
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
                        ward_id=self.state.id,
                        bed_id=other.id if bed.id not in self.state.theirs.get(patient_id, ()) else bed.id,
                    )

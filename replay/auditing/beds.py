"""What a log says of beds: who lies where, and whether each step of a bed was one that is allowed.

It keeps what the events of wards say and asks neither a rule book nor a state.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from engine.actors.ward import events as ward
from engine.actors.ward.state import Bed, Occupant, WardProfile
from engine.needs import Need

_BUSY: Final = ("occupied", "reserved")

_STEPS: Final[dict[type[Any], tuple[tuple[str, ...], tuple[str, ...]]]] = {
    ward.BedReserved: (("unoccupied",), ("reserved",)),
    ward.BedReservationEnded: (("reserved",), ("unoccupied",)),
    ward.BedOccupied: (("unoccupied", "reserved"), ("occupied",)),
    ward.BedPassedOn: (("occupied",), ("occupied",)),
    ward.BedVacated: (("occupied",), ("housekeeping",)),
    ward.BedContaminated: (("housekeeping",), ("contaminated",)),
    ward.BedDecontaminated: (("contaminated",), ("housekeeping",)),
    ward.BedReady: (("housekeeping",), ("unoccupied",)),
    ward.BedClosed: (("unoccupied", "housekeeping", "contaminated", "isolated"), ("closed",)),
    ward.BedIsolated: (("unoccupied", "housekeeping", "contaminated", "closed"), ("isolated",)),
    ward.BedReopened: (("closed", "isolated"), ("unoccupied", "housekeeping", "contaminated")),
}
"""From which states an event leads to which."""


class Beds:
    """Told of every event of every ward, in order."""

    def __init__(self) -> None:
        self.beds: dict[str, Bed] = {}
        self.ward_of: dict[str, str] = {}
        self.wards: dict[str, WardProfile] = {}
        self.lying: dict[str, str] = {}
        """By bed: the admission."""
        self.bed_of: dict[str, set[str]] = {}
        """By admission: its beds; more than one is a fault."""
        self.patients: dict[str, set[str]] = {}
        """By patient: the beds in which he or she lies."""
        self._rooms: dict[tuple[str, str], set[str]] = {}
        self._left: dict[str, tuple[int, str]] = {}
        self._unclean: set[str] = set()
        """Beds that somebody left and nobody has cleaned."""

    def event(self, ward_id: str, event: Any) -> Iterator[str]:
        """What happened in a ward; gives what is wrong with it."""
        if isinstance(event, ward.WardOpened | ward.WardChanged):
            self.wards[ward_id] = event.profile
        elif isinstance(event, ward.BedRemoved):
            before = self.beds.pop(event.bed_id, None)
            if before is not None:
                self._rooms[ward_id, before.profile.room].discard(before.id)
            if before is not None and before.state in _BUSY:
                yield f"bed {before.id} was removed while it was {before.state}"
        elif not isinstance(event, ward.WardRetired):
            yield from self._bed(ward_id, event)

    def twice(self, touched: set[str]) -> Iterator[str]:
        """Of these patients, who lies in two beds."""
        for patient_id in touched:
            if len(beds := self.patients.get(patient_id, ())) > 1:
                yield f"patient {patient_id} lies in {len(beds)} beds: {', '.join(sorted(beds))}"

    def unfit(self, bed_id: str, need: Need, patient_id: str) -> str:
        """What the patient should not have been put into this bed for, as it and its room are now; ``""``: nothing."""
        bed, profile = self.beds[bed_id], self.wards[self.ward_of[bed_id]]
        if need.bed_type not in ("", bed.profile.type) or not set(need.equipment) <= set(bed.profile.equipment):
            return "is not of the type, or lacks equipment"
        if need.isolation and not bed.profile.isolation:
            return "is not fit for isolation"
        if profile.gender not in ("", need.gender):
            return "is in a ward for others"
        youngest, oldest = profile.min_age, profile.max_age
        if (youngest is not None and need.age < youngest) or (
            oldest is not None and (need.age < 0 or need.age > oldest)
        ):
            return "is in a ward for other ages"
        for other in self._mates(bed, patient_id):
            if other.isolation != need.isolation:
                return "is in a room with others who are isolated, or are not"
            if not profile.mixed_rooms and {need.gender, other.gender} not in ({"female"}, {"male"}):
                return "is in a room with women and men"
            if not profile.mixed_ages and {need.age_group, other.age_group} not in ({"adult"}, {"child"}):
                return "is in a room with children and adults"
        return ""

    def _mates(self, bed: Bed, patient_id: str) -> Iterator[Occupant]:
        room, ward_id = bed.profile.room, self.ward_of[bed.id]
        for id in self._rooms.get((ward_id, room), ()) if room else ():
            other = self.beds[id].occupant
            if id != bed.id and other is not None and other.patient_id != patient_id:
                yield other

    def _bed(self, ward_id: str, event: Any) -> Iterator[str]:
        now: Bed = event.bed
        before = self.beds.get(now.id)
        yield from self._step(before, now, event)
        if isinstance(event, ward.BedVacated | ward.BedPassedOn):
            self._left[now.id] = (event.end, event.admission_id)
            if self.lying.get(now.id) != event.admission_id:
                yield f"bed {now.id} was left by admission {event.admission_id}, which did not lie there"
        if isinstance(event, ward.BedOccupied | ward.BedPassedOn):
            yield from self._comes(now)
        if isinstance(event, ward.BedVacated):
            self._unclean.add(now.id)
        elif isinstance(event, ward.BedReady):
            self._unclean.discard(now.id)
        if now.state in ("unoccupied", *_BUSY) and now.id in self._unclean:
            yield f"bed {now.id} is {now.state}, and nobody has cleaned it"
        self._move(before, now)
        self.ward_of[now.id] = ward_id
        if before is not None:
            self._rooms[ward_id, before.profile.room].discard(now.id)
        self._rooms.setdefault((ward_id, now.profile.room), set()).add(now.id)

    def _step(self, before: Bed | None, now: Bed, event: Any) -> Iterator[str]:
        if isinstance(event, ward.BedAdded):
            if before is not None or now.state != "unoccupied":
                yield f"bed {now.id} was added a second time, or as {now.state}"
            return
        if before is None:
            yield f"{type(event).__name__} of bed {now.id}, which is not there"
            return
        allowed = _STEPS.get(type(event), ((before.state,), (before.state,)))
        if before.state not in allowed[0] or now.state not in allowed[1]:
            yield f"bed {now.id} went from {before.state} to {now.state} by {type(event).__name__}"

    def _comes(self, now: Bed) -> Iterator[str]:
        occupant = now.occupant
        if occupant is None:
            yield f"bed {now.id} is occupied by nobody"
            return
        before = self.beds.get(now.id)
        kept = before.occupant if before is not None and before.state == "reserved" else None
        if kept is not None and kept.patient_id != occupant.patient_id:
            yield f"bed {now.id} was kept for patient {kept.patient_id}, and {occupant.patient_id} lies there"
        left = self._left.get(now.id)
        if left is not None and occupant.since < left[0] and left[1] != occupant.admission_id:
            yield f"bed {now.id} has admission {occupant.admission_id} while admission {left[1]} lay there"

    def _move(self, before: Bed | None, now: Bed) -> None:
        if before is not None and before.state == "occupied" and before.occupant is not None:
            self.patients.get(before.occupant.patient_id, set()).discard(now.id)
            self.bed_of.get(before.occupant.admission_id, set()).discard(now.id)
            self.lying.pop(now.id, None)
        if now.state == "occupied" and now.occupant is not None:
            self.patients.setdefault(now.occupant.patient_id, set()).add(now.id)
            self.bed_of.setdefault(now.occupant.admission_id, set()).add(now.id)
            self.lying[now.id] = now.occupant.admission_id
        self.beds[now.id] = now

"""What the engine needs to keep a ward: invariants, next instant, snapshot, and how it and its beds are found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import msgspec

from engine.actors.ward.events import (
    BedAdded,
    BedOccupantRestated,
    BedOccupied,
    BedRemoved,
    BedReservationEnded,
    BedReserved,
    WardEvent,
    WardOpened,
)
from engine.actors.ward.indexes import rebuild
from engine.actors.ward.state import Bed, Stay, Ward, WardProfile

RESERVATIONS = "bed_reservations"
"""Directory table: by patient, the ward in which a bed is kept for him or her. A patient has one at a time."""


class StoredWard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A snapshot: what the indexes are made of."""

    id: str
    profile: WardProfile
    beds: list[Bed] = []
    stays: dict[str, tuple[Stay, ...]] = {}
    created_at: int = 0
    retired_at: int = 0
    turnovers: int = 0
    turnover_total: int = 0
    version: int = 0


def freeze(state: Ward) -> StoredWard:
    """The snapshot of a state."""
    return StoredWard(
        id=state.id,
        profile=state.profile,
        beds=list(state.beds.values()),
        stays=state.stays,
        created_at=state.created_at,
        retired_at=state.retired_at,
        turnovers=state.turnovers,
        turnover_total=state.turnover_total,
        version=state.version,
    )


def thaw(stored: StoredWard) -> Ward:
    """The state of a snapshot, its indexes rebuilt."""
    state = Ward(
        stored.id,
        stored.profile,
        {bed.id: bed for bed in stored.beds},
        stored.stays,
        stored.created_at,
        stored.retired_at,
        stored.turnovers,
        stored.turnover_total,
        stored.version,
    )
    rebuild(state)
    return state


def check(state: Ward) -> None:
    """What always holds: the indexes are those that the beds alone give, and nobody lies in two beds."""
    fresh = Ward(state.id, beds=dict(state.beds))
    rebuild(fresh)
    for name in ("free", "rooms", "counts", "theirs", "labels", "lapses"):
        assert getattr(state, name) == getattr(fresh, name), f"the index {name} is wrong"
    assert len(state.labels) == len(state.beds), "R2: two beds have one label"
    assert not state.retired_at or not state.beds, "R1: a closed ward has beds"
    lying: Counter[str] = Counter()
    for id, bed in state.beds.items():
        assert bed.id == id, "a bed is kept under another id"
        assert (bed.occupant is not None) == (bed.state in ("occupied", "reserved")), "R4: a state, and who is there"
        assert bool(bed.reserved_until) == (bed.state == "reserved"), "R5: a reservation has an end, and nothing else"
        assert not bed.unclean or bed.state in ("closed", "isolated"), "R4: only what is out of use goes back"
        if bed.state == "occupied" and bed.occupant is not None:
            lying[bed.occupant.patient_id] += 1
            assert bed.occupant.admission_id, "R6: who lies there is admitted"
            assert bed.since == bed.occupant.since, "R4: since when somebody lies there"
            past = state.stays.get(id, ())
            mine = bed.occupant.admission_id
            assert all(one.end <= bed.since for one in past if one.admission_id != mine), "R7: two at a time"
    assert all(count == 1 for count in lying.values()), "R6: a patient lies in two beds"
    for stays in state.stays.values():
        assert all(one.start <= one.end for one in stays), "R7: a stay ends before it begins"
        for one, next in pairwise(stays):
            assert one.end <= next.start or one.admission_id == next.admission_id, "R7: two stays overlap"


def due(state: Ward) -> int | None:
    """R5: when the next reservation lapses (µs)."""
    return state.lapses[0][0] if state.lapses else None


def files(state: Ward) -> Iterable[tuple[str, str]]:
    """All ids by which it is found now."""
    if state.version:
        yield "wards", state.id
    for id, bed in state.beds.items():
        yield "beds", id
        if bed.state == "reserved" and bed.occupant is not None:
            yield RESERVATIONS, bed.occupant.patient_id


def filed(event: WardEvent) -> Iterable[tuple[str, str, bool]]:
    """How one event changed that."""
    match event:
        case WardOpened():
            return (("wards", event.id, True),)
        case BedAdded():
            return (("beds", event.bed.id, True),)
        case BedRemoved():
            return (("beds", event.bed_id, False),)
        case BedReservationEnded():
            return ((RESERVATIONS, event.patient_id, False),)
        case BedReserved() if event.bed.occupant is not None:
            return ((RESERVATIONS, event.bed.occupant.patient_id, True),)
        case BedOccupied() if event.kept and event.bed.occupant is not None:
            return ((RESERVATIONS, event.bed.occupant.patient_id, False),)
        case BedOccupantRestated() if event.was and event.bed.state == "reserved" and event.bed.occupant is not None:
            return ((RESERVATIONS, event.was, False), (RESERVATIONS, event.bed.occupant.patient_id, True))
        case _:
            return ()

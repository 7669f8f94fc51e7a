"""What events do to a ward. Decides nothing and never refuses."""

from __future__ import annotations

from typing import assert_never

from engine.actors.ward.events import (
    BedAdded,
    BedChanged,
    BedClosed,
    BedContaminated,
    BedDecontaminated,
    BedIsolated,
    BedOccupantRestated,
    BedOccupied,
    BedPassedOn,
    BedReady,
    BedRemoved,
    BedReopened,
    BedReservationEnded,
    BedReserved,
    BedVacated,
    WardChanged,
    WardEvent,
    WardOpened,
    WardRetired,
)
from engine.actors.ward.indexes import put_in, take_out
from engine.actors.ward.state import STAYS, Bed, Stay, Ward


def evolve(state: Ward, event: WardEvent) -> None:
    """The state after an event. ``version`` counts changes of the ward itself; each bed has its own."""
    match event:
        case BedVacated() | BedPassedOn():
            stay = Stay(event.start, event.end, event.admission_id)
            state.stays[event.bed.id] = (*state.stays.get(event.bed.id, ()), stay)[-STAYS:]
            _replace(state, event.bed)
        case BedReady():
            if event.turnover:
                state.turnovers += 1
                state.turnover_total += event.turnover
            _replace(state, event.bed)
        case (
            BedChanged()
            | BedReserved()
            | BedReservationEnded()
            | BedOccupied()
            | BedOccupantRestated()
            | BedContaminated()
            | BedDecontaminated()
            | BedClosed()
            | BedIsolated()
            | BedReopened()
        ):
            _replace(state, event.bed)
        case BedAdded():
            put_in(state, event.bed)
        case BedRemoved():
            take_out(state, state.beds[event.bed_id])
            del state.beds[event.bed_id]
            state.stays.pop(event.bed_id, None)
        case WardOpened():
            state.profile = event.profile
            state.created_at = event.time
            state.version = 1
        case WardChanged():
            state.profile = event.profile
            state.version += 1
        case WardRetired():
            state.retired_at = event.time
            state.version += 1
        case _:
            assert_never(event)


def _replace(state: Ward, bed: Bed) -> None:
    take_out(state, state.beds[bed.id])
    put_in(state, bed)

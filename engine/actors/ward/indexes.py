"""Which beds of a ward are free, by what they are and by who is in their room; kept by ``evolve``.

A bed is taken out of the indexes as it was and put in as it is. Where that changes what those in its room are, the
free beds of the room change their line, too: a bed costs O(log n), and O(beds of its room) at most.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import Final

from engine.actors.ward.state import Bed, Mates, Room, Ward, like, mate, place_of

NOBODY: Final[Mates] = frozenset()


def put_in(state: Ward, bed: Bed) -> None:
    """The bed is one of the ward's now, as it is."""
    state.beds[bed.id] = bed
    state.labels[bed.profile.label] = bed.id
    state.counts[bed.state] = state.counts.get(bed.state, 0) + 1
    room = state.rooms.get(place := place_of(bed))
    if room is None:
        room = state.rooms[place] = Room(set(), {})
    room.beds.add(bed.id)
    occupant = bed.occupant
    if occupant is not None:
        state.theirs.setdefault(occupant.patient_id, set()).add(bed.id)
        if bed.state == "reserved":
            insort(state.lapses, (bed.reserved_until, bed.id))
        one = mate(occupant)
        room.people[one] = room.people.get(one, 0) + 1
        _regroup(state, room)
    elif bed.state == "unoccupied":
        _line_up(state, bed, room.mates)


def take_out(state: Ward, bed: Bed) -> None:
    """The bed as it was is in no index any more; it stays among the beds, at its place, until it is replaced."""
    del state.labels[bed.profile.label]
    state.counts[bed.state] -= 1
    if not state.counts[bed.state]:
        del state.counts[bed.state]
    room = state.rooms[place := place_of(bed)]
    room.beds.discard(bed.id)
    occupant = bed.occupant
    if occupant is not None:
        theirs = state.theirs[occupant.patient_id]
        theirs.discard(bed.id)
        if not theirs:
            del state.theirs[occupant.patient_id]
        if bed.state == "reserved":
            del state.lapses[bisect_left(state.lapses, (bed.reserved_until, bed.id))]
        one = mate(occupant)
        room.people[one] -= 1
        if not room.people[one]:
            del room.people[one]
        _regroup(state, room)
    elif bed.state == "unoccupied":
        _leave_line(state, bed, room.mates)
    if not room.beds:
        del state.rooms[place]


def rebuild(state: Ward) -> None:
    """All indexes anew from the beds."""
    state.free, state.rooms, state.counts = {}, {}, {}
    state.theirs, state.labels, state.lapses = {}, {}, []
    for bed in list(state.beds.values()):
        put_in(state, bed)


def _regroup(state: Ward, room: Room) -> None:
    """What those in the room are may have changed; then its free beds stand in another line."""
    before = room.mates
    if before == room.people.keys():
        return
    room.mates = frozenset(room.people)
    for id in room.beds:
        bed = state.beds[id]
        if bed.state == "unoccupied":
            _leave_line(state, bed, before)
            _line_up(state, bed, room.mates)


def _line_up(state: Ward, bed: Bed, mates: Mates) -> None:
    insort(state.free.setdefault(like(bed), {}).setdefault(mates, []), bed.id)


def _leave_line(state: Ward, bed: Bed, mates: Mates) -> None:
    lines = state.free[kind := like(bed)]
    line = lines[mates]
    del line[bisect_left(line, bed.id)]
    if not line:
        del lines[mates]
        if not lines:
            del state.free[kind]

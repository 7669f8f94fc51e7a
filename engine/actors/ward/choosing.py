"""Which bed of a ward a patient gets, and why a bed cannot be had. Nothing here changes a state.

The best bed comes from the lines in which the ward keeps its free beds: one look at each kind of bed and each make-up
of a room, however many beds there are. A decision that has changed beds already says so with ``changed``, beds of this
ward as they will be (``None``: gone); their rooms are looked through bed by bed.

What fits (``_lacks``, ``_disagree``) and what comes first (``_rank``) is said once, for lines and for single beds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, Literal, NamedTuple

from msgspec.structs import replace

from engine.actors.ward.refusals import BedKept, BedUnfit, IllegalStep, RoomMates, WardGone
from engine.actors.ward.state import (
    Bed,
    BedState,
    Like,
    Mate,
    Mates,
    Occupant,
    Place,
    Ward,
    WardProfile,
    like,
    mate,
    place_of,
)
from engine.decider import FreeText
from engine.errors import NotFound, Rejected
from engine.needs import Need

Changed = Mapping[str, Bed | None]

_NOTHING: Final[Changed] = {}

Rank = tuple[bool, bool, int, bool]
"""Not reserved for the patient, fit for isolation without need, equipment beyond the wish, alone in the room: the
least comes first."""


class Offer(NamedTuple):
    """The best bed of a ward. Offers of several wards can be compared: the least comes first."""

    rank: Rank
    ward_id: str
    bed_id: str
    bed: Bed


def best_bed(
    ward: Ward, need: Need, patient_id: str, time: int, changed: Changed = _NOTHING, but: Collection[str] = ()
) -> Bed | None:
    """The bed that the patient gets in this ward; ``None``: none fits. ``but``: beds that are not to be."""
    offer = best_offer(ward, need, patient_id, time, changed, but)
    return None if offer is None else offer.bed


def best_offer(
    ward: Ward, need: Need, patient_id: str, time: int, changed: Changed = _NOTHING, but: Collection[str] = ()
) -> Offer | None:
    """The best bed with its rank, to compare it with those of other wards."""
    if not_taken(ward, need):
        return None
    rooms = _rooms_as_they_will_be(ward, patient_id, changed)
    best = _first_in_line(ward, need, but, rooms)
    for beds in rooms.values():
        mates = _mates(beds, patient_id)
        if _disagree(ward.profile, need, mates):
            continue
        for bed in beds:
            if bed.id in but or not to_be_had(bed, patient_id, time) or _lacks(like(bed), need):
                continue
            rank = _rank(like(bed), need, alone=not mates, new=bed.state == "unoccupied")
            offer = Offer(rank, ward.id, bed.id, bed)
            if best is None or offer < best:
                best = offer
    return best


def unfit(ward: Ward, bed: Bed, need: Need, patient_id: str, time: int, changed: Changed = _NOTHING) -> Rejected | None:
    """Why the patient cannot have this bed of the ward; ``None``: can.

    ``RoomMates`` with ``why`` ``gender`` or ``age`` comes last, when nothing else is in the way: who decides by hand
    may go past it, and past nothing else.
    """
    if ward.retired_at:
        return WardGone("the ward is closed", ward_id=ward.id)
    bed_now = changed[bed.id] if bed.id in changed else ward.beds.get(bed.id)
    if bed_now is None:
        return NotFound("there is no such bed", field="bed_id", bed_id=bed.id)
    if not to_be_had(bed_now, patient_id, time):
        return not_free(bed_now)
    why = not_taken(ward, need) or _lacks(like(bed_now), need)
    if why:
        return BedUnfit("the bed is not what the patient needs", bed_id=bed.id, ward_id=ward.id, why=why)
    room_now = _room_as_it_will_be(ward, place_of(bed_now), changed)
    why = _disagree(ward.profile, need, _mates(room_now, patient_id))
    if why:
        room = bed_now.profile.room
        return RoomMates("those in the room do not agree with the patient", bed_id=bed.id, room=room, why=why)
    return None


def not_free(bed: Bed) -> Rejected:
    """That somebody cannot be put into a bed which is in this state."""
    if bed.state == "reserved":
        until = bed.reserved_until
        return BedKept("the bed is kept for somebody else", bed_id=bed.id, reserved_until=until)
    return IllegalStep(f"the bed is {bed.state}", bed_id=bed.id, from_state=bed.state, to_state="occupied")


def free_beds(ward: Ward, need: Need, changed: Changed = _NOTHING) -> int:
    """How many unoccupied beds of the ward fit, whoever they are kept for left aside."""
    if not_taken(ward, need):
        return 0
    rooms = _rooms_as_they_will_be(ward, "", changed)
    count = 0
    for _, mates, line in _lines(ward, need):
        if not _disagree(ward.profile, need, mates):
            count += sum(place_of(ward.beds[id]) not in rooms for id in line) if rooms else len(line)
    for beds in rooms.values():
        if not _disagree(ward.profile, need, _mates(beds)):
            count += sum(bed.state == "unoccupied" and not _lacks(like(bed), need) for bed in beds)
    return count


def occupied(bed: Bed, occupant: Occupant, time: int) -> Bed:
    """The bed with somebody in it; ``occupant.since`` 0: since now."""
    lying = occupant if occupant.since else replace(occupant, since=time)
    return Bed(
        id=bed.id, profile=bed.profile, state="occupied", since=lying.since, occupant=lying, version=bed.version + 1
    )


def vacated(bed: Bed, time: int, *, contaminated: bool = False) -> Bed:
    """The bed that somebody left at ``time``: never free before it is cleaned."""
    return in_state(bed, "contaminated" if contaminated else "housekeeping", time)


def in_state(bed: Bed, state: BedState, since: int, reason: FreeText | None = None) -> Bed:
    """The bed in a state in which nobody has it; out of use, it remembers whether it was clean."""
    return Bed(
        id=bed.id,
        profile=bed.profile,
        state=state,
        since=since,
        reason=reason,
        unclean=_unclean(bed) if state in ("closed", "isolated") else "",
        version=bed.version + 1,
    )


def _unclean(bed: Bed) -> Literal["", "housekeeping", "contaminated"]:
    return bed.state if bed.state == "housekeeping" or bed.state == "contaminated" else bed.unclean


# One bed in one room


def not_taken(ward: Ward, need: Need) -> str:
    """Why nobody with this need comes to the ward; ``""``: may come."""
    profile = ward.profile
    if ward.retired_at or need.ward_id not in ("", ward.id):
        return "ward"
    if profile.gender and need.gender != profile.gender:
        return "gender"
    least, most = profile.min_age, profile.max_age
    if least is None and most is None:
        return ""
    # Of whom nobody knows the age a ward that asks for one cannot be sure.
    if need.age < 0 or (least is not None and need.age < least) or (most is not None and need.age > most):
        return "age"
    return ""


def to_be_had(bed: Bed, patient_id: str, time: int) -> bool:
    """Whether somebody can be put into a bed of this state: R4, R5."""
    return bed.state == "unoccupied" or _kept(bed, patient_id, time)


def _kept(bed: Bed, patient_id: str, time: int) -> bool:
    """Whether it is kept for this patient still."""
    occupant = bed.occupant
    mine = bed.state == "reserved" and occupant is not None and occupant.patient_id == patient_id
    return mine and bed.reserved_until > time


def _lacks(kind: Like, need: Need) -> str:
    """What such a bed has not; ``""``: nothing."""
    type, isolation, equipment = kind
    if need.bed_type and type != need.bed_type:
        return "type"
    if need.isolation and not isolation:
        return "isolation"
    if need.equipment and not all(wish in equipment for wish in need.equipment):
        return "equipment"
    return ""


def _disagree(profile: WardProfile, need: Need, mates: Iterable[Mate]) -> str:
    """What those in the room do not agree in with the patient: isolation before what may be overridden."""
    why = ""
    for gender, age_group, isolation in mates:
        if isolation != need.isolation:
            return "isolation"
        if not profile.mixed_rooms and (gender != need.gender or gender not in ("female", "male")):
            why = "gender"
        elif not profile.mixed_ages and not why and (age_group != need.age_group or not age_group):
            why = "age"
    return why


def _rank(kind: Like, need: Need, *, alone: bool, new: bool = True) -> Rank:
    _, isolation, equipment = kind
    beyond = sum(one not in need.equipment for one in equipment) if need.equipment else len(equipment)
    return (new, isolation and not need.isolation, beyond, alone)


# Lines, and the rooms that are not as the lines have them


def _lines(ward: Ward, need: Need) -> Iterator[tuple[Like, Mates, list[str]]]:
    for kind, lines in ward.free.items():
        if not _lacks(kind, need):
            for mates, line in lines.items():
                yield kind, mates, line


def _first_in_line(ward: Ward, need: Need, but: Collection[str], not_in: Collection[Place]) -> Offer | None:
    """One look at each line that could still win: a surge asks every ward of the house, a thousand times."""
    best: Offer | None = None
    for kind, lines in ward.free.items():
        if _lacks(kind, need):
            continue
        in_use = _rank(kind, need, alone=False)
        alone = (*in_use[:3], True)
        for mates, line in lines.items():
            rank = in_use if mates else alone
            if best is not None and best.rank < rank:
                continue
            if mates and _disagree(ward.profile, need, mates):
                continue
            for id in line:
                bed = ward.beds[id]
                if id in but or (not_in and place_of(bed) in not_in):
                    continue
                if best is None or (rank, id) < (best.rank, best.bed_id):
                    best = Offer(rank, ward.id, id, bed)
                break
    return best


def _rooms_as_they_will_be(ward: Ward, patient_id: str, changed: Changed) -> dict[Place, list[Bed]]:
    """Rooms of beds that are changed, and those in which the patient is a mate: nobody is his or her own."""
    if not changed and patient_id not in ward.theirs:
        return {}
    places = {place_of(ward.beds[id]) for id in ward.theirs.get(patient_id, ())}
    for id, bed in changed.items():
        if id in ward.beds:
            places.add(place_of(ward.beds[id]))
        if bed is not None:
            places.add(place_of(bed))
    rooms = {place: _standing(ward, place, changed) for place in places}
    for bed in changed.values():
        if bed is not None:
            rooms[place_of(bed)].append(bed)
    return rooms


def _room_as_it_will_be(ward: Ward, place: Place, changed: Changed) -> list[Bed]:
    beds = (bed for bed in changed.values() if bed is not None)
    return [*_standing(ward, place, changed), *(bed for bed in beds if place_of(bed) == place)]


def _standing(ward: Ward, place: Place, changed: Changed) -> list[Bed]:
    """The beds of a room that stay as they are."""
    room = ward.rooms.get(place)
    return [] if room is None else [ward.beds[id] for id in room.beds if id not in changed]


def _mates(beds: Iterable[Bed], patient_id: str = "") -> Mates:
    """What those in a room are, the patient left out."""
    people = (bed.occupant for bed in beds)
    return frozenset(mate(one) for one in people if one is not None and one.patient_id != patient_id)

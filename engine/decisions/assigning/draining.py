"""Who is served when something frees up: those who wait, in order, in the same decision.

R1  In order of acuity, then of waiting, then of the admission's age; a line whose first cannot be served is out.
R2  For whom a bed is kept stands in a line with others and may be served before them; he or she is looked at alone.
R3  At most so many are served in one decision; then the intake wakes itself at once, and goes on.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from engine.actors.intake.commands import Continue
from engine.actors.intake.state import Intake, Turn, turn_of
from engine.actors.ward.state import Bed, Ward
from engine.decider import Members
from engine.decisions.assigning.changes import Changes, WardChange
from engine.decisions.assigning.choosing import Missing, Search, Wish
from engine.decisions.assigning.serving import serve
from engine.decisions.finding import Deciding


def drain(changes: Changes, search: Search, at_once: int) -> Deciding[int]:
    """How many were served."""
    intake = yield from changes.the_intake()
    alone = yield from _alone(changes, intake)
    # Where no bed at all is free nobody who waits for one is looked at, but for whom one is kept.
    beds = yield from search.any_bed()
    lines = [line for what, line in intake.lines.items() if beds or not what[2]]
    # (turn, which line, place in it); a line of its own for everybody who is looked at alone.
    heads = [(line[0], number, 0) for number, line in enumerate(lines)]
    heads += [(turn, -1, 0) for turn in alone]
    heapify(heads)
    served = 0
    more = False
    while heads:
        turn, number, place = heappop(heads)
        admission_id = turn[2]
        fresh = admission_id in changes.waiting
        if number >= 0 and (fresh or turn in alone):
            _next(heads, lines, number, place)  # gone from this line, or looked at alone
            continue
        if fresh and changes.waiting[admission_id] is None:
            continue
        if served == at_once:
            more = True
            break
        waiter = changes.waiting[admission_id] if fresh else intake.waiting[admission_id]
        assert waiter is not None, "who is served already was left out above"
        if waiter.bed and number >= 0 and not (yield from search.any_bed()):
            continue
        wish = Wish(
            waiter.admission_id,
            waiter.patient_id,
            waiter.acuity,
            waiter.need,
            waiter.roles,
            waiter.bed,
            waiter.ward_id,
        )
        found = yield from search.look(wish)
        if isinstance(found, Missing):
            continue
        one = yield from changes.admission(admission_id)
        yield from serve(changes, one, wish, found, "backlog")
        served += 1
        if number >= 0:
            _next(heads, lines, number, place)
    due = changes.time + 1 if more else 0
    if due or intake.due:
        changes.intake.append(Continue(due))
    return served


def _next(heads: list[tuple[Turn, int, int]], lines: list[list[Turn]], number: int, place: int) -> None:
    if place + 1 < len(lines[number]):
        heappush(heads, (lines[number][place + 1], number, place + 1))


def _alone(changes: Changes, intake: Intake) -> Deciding[set[Turn]]:
    """R2, and who waits otherwise than before this decision."""
    found = {turn_of(waiter) for waiter in changes.waiting.values() if waiter is not None}
    keys: list[str] = yield Members("wards")
    ids = {key.partition(":")[2]: None for key in keys}
    for ward_id in {**ids, **dict.fromkeys(changes.wards)}:
        there = yield from changes.ward(ward_id)
        for bed in _kept(there):
            occupant = bed.occupant
            admission_id = intake.open.get(occupant.patient_id) if occupant is not None else None
            waiter = intake.waiting.get(admission_id) if admission_id is not None else None
            if waiter is not None and admission_id not in changes.waiting:
                found.add(turn_of(waiter))
    return found


def _kept(there: WardChange | Ward | None) -> list[Bed]:
    """The beds of a ward that are kept for somebody."""
    if there is None:
        return []
    if not isinstance(there, WardChange):
        return [there.beds[id] for _, id in there.lapses]
    draft = there.draft
    changed = [bed for bed in draft.changed.values() if bed is not None and bed.state == "reserved"]
    return [*(draft.ward.beds[id] for _, id in draft.ward.lapses if id not in draft.changed), *changed]

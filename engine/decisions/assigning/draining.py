"""Who is served when something frees up: those who wait, in order, in the same decision.

R1  In order of acuity, then of waiting, then of the admission's age; a line whose first cannot be served is out.
R2  For whom a bed is kept stands in a line with others and may be served before them; he or she is looked at alone.
R3  At most so many are served in one decision; then the intake wakes itself at once, and goes on.
R4  Who waits for another reason than before is told so, a few at a time.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Final

from engine.actors.intake.commands import Continue
from engine.actors.intake.state import Intake, Turn, Waiter, turn_of
from engine.actors.ward.state import Bed, Ward
from engine.decider import Members
from engine.decisions.assigning.changes import Changes, WardChange
from engine.decisions.assigning.choosing import Missing, Search, Wish
from engine.decisions.assigning.serving import serve, wait_on
from engine.decisions.finding import Deciding

TOLD_AT_ONCE: Final = 25
"""R4: each is an actor more in the entry."""


def drain(changes: Changes, search: Search, at_once: int) -> Deciding[int]:
    """How many were served."""
    intake = yield from changes.the_intake()
    alone = yield from _alone(changes, intake)
    # Where no bed at all is free nobody who waits for one is looked at, but for whom one is kept.
    beds = yield from search.any_bed()
    lines = list(intake.lines.values())
    in_vain: dict[int, Missing | None] = {
        number: None for number, what in enumerate(intake.lines) if what[2] and not beds
    }
    # (turn, which line, place in it); a line of its own for everybody who is looked at alone.
    heads = [(line[0], number, 0) for number, line in enumerate(lines) if number not in in_vain]
    heads += [(turn, -1, 0) for turn in alone]
    heapify(heads)
    served = 0
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
            changes.more = True
            break
        waiter = changes.waiting[admission_id] if fresh else intake.waiting[admission_id]
        assert waiter is not None, "who is served already was left out above"
        if waiter.bed and number >= 0 and not (yield from search.any_bed()):
            in_vain[number] = None
            continue
        wish = _wish(waiter)
        found = yield from search.look(wish)
        if isinstance(found, Missing):
            in_vain[number] = found
            continue
        one = yield from changes.admission(admission_id)
        yield from serve(changes, one, wish, found, "backlog")
        served += 1
        if number >= 0:
            _next(heads, lines, number, place)
    in_vain.pop(-1, None)
    yield from _tell(changes, search, intake, [(lines[number], found) for number, found in in_vain.items()])
    due = changes.time + 1 if changes.more else 0
    if due or intake.due:
        changes.intake.append(Continue(due))
    return served


def _tell(
    changes: Changes, search: Search, intake: Intake, in_vain: list[tuple[list[Turn], Missing | None]]
) -> Deciding[None]:
    """R4. ``None``: no bed was free at all; for want of staff, too, is found out where that was the reason."""
    told = 0
    for line, missing in in_vain:
        # From the last to the first: as long as the first has another reason the line is not done.
        first = intake.waiting[line[0][2]]
        if missing is None:
            if first.reason in ("no_bed", "timeout"):
                continue
            missing = yield from search.without_bed(_wish(first))
        if first.reason in (missing.reason, "timeout"):
            continue
        for turn in reversed(line):
            waiter = intake.waiting[turn[2]]
            if turn[2] in changes.waiting or waiter.reason in (missing.reason, "timeout"):
                continue
            if told == TOLD_AT_ONCE:
                return
            told += 1
            one = yield from changes.admission(turn[2])
            yield from wait_on(changes, one, missing, counted=False, retry_at=one.retry_at, otherwise=False)


def _wish(waiter: Waiter) -> Wish:
    return Wish(
        waiter.admission_id,
        waiter.patient_id,
        waiter.acuity,
        waiter.need,
        waiter.roles,
        waiter.bed,
        waiter.ward_id,
    )


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

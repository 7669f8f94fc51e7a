"""What stands in a baseline's tables after a load, and whether it may.

Asked of the database itself, not of the stack; the tables hold constraints, but a run does not rest on them.
"""

from __future__ import annotations

from perf.baselines.plan import Running, slot_ids
from perf.baselines.postgres import ask
from perf.figures import Incorrect

_COUNTS = """
SELECT slots.id, capacity, count(tokens.id), count(*) FILTER (WHERE tokens.status = 'CONFIRMED'),
       count(DISTINCT number), slots.booked, slots.waiting
  FROM slots LEFT JOIN tokens ON slot_id = slots.id
 GROUP BY slots.id
"""

_TWICE = """
SELECT patient_id, count(*) FROM tokens WHERE status IN ('CONFIRMED', 'WAITING')
 GROUP BY patient_id, day HAVING count(*) > 1
"""


async def counted(running: Running) -> dict[str, int]:
    """Seats taken by slot; ``Incorrect`` for a seat too many, a number or a patient twice, or a wrong count."""
    booked: dict[str, int] = {}
    counting = set(slot_ids(running.plan))
    for slot, *figures in await ask(running.database, _COUNTS):
        capacity, tokens, confirmed, numbers, says_booked, says_waiting = map(int, figures)
        if confirmed > capacity:
            raise Incorrect(f"{running.name}: {confirmed} have a seat in slot {slot}, which has {capacity}")
        if numbers != tokens:
            raise Incorrect(f"{running.name}: {tokens} tokens in slot {slot} have {numbers} different numbers")
        if (says_booked, says_waiting) != (confirmed, tokens - confirmed):
            raise Incorrect(f"{running.name}: slot {slot} counts {says_booked} and {says_waiting} who wait, wrongly")
        if slot in counting:
            booked[slot] = confirmed
    if twice := await ask(running.database, _TWICE):
        raise Incorrect(f"{running.name}: patient {twice[0][0]} has {twice[0][1]} tokens on one day")
    return booked

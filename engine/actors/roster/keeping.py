"""What the engine needs to keep the roster: its invariants and its snapshot."""

from __future__ import annotations

import msgspec

from engine.actors.roster.evolve import put_in
from engine.actors.roster.state import Roster


def freeze(state: Roster) -> Roster:
    """The snapshot of a state: the same without its indexes."""
    return msgspec.structs.replace(state, pools={}, ending=[])


def thaw(stored: Roster) -> Roster:
    """The state of a snapshot, its indexes rebuilt."""
    stored.pools, stored.ending = {}, []
    for one in stored.members.values():
        put_in(stored, one)
    return stored


def check(state: Roster) -> None:
    """What always holds."""
    for id, one in state.members.items():
        assert one.staff_id == id, "a member is listed under another id"
        assert one.over >= 0, "nobody can be short of patients"
        assert len(one.patients) <= one.max_load + one.over, "R3: more patients than the maximum, and nobody said so"
        assert len(set(one.patients)) == len(one.patients), "R6: a member has an admission twice"
    again = thaw(msgspec.structs.replace(state))
    assert again.pools == state.pools, "the index of who can be had is wrong"
    assert again.ending == state.ending, "the index of when duties end is wrong"

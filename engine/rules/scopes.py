"""Of whom a rule speaks: its scope as functions, the doctors looked at once for a question, the rooms one by one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from engine.rules.kinds import RuleSpec, Scope
from engine.rules.subject import RoomProfile

Holds = Callable[[RoomProfile], bool]
"""Whether a rule speaks of this room."""


def in_force(spec: RuleSpec, day: date) -> bool:
    """Whether the rule is enabled and effective on this local day."""
    return (
        spec.enabled
        and (spec.effective_from is None or spec.effective_from <= day)
        and (spec.effective_to is None or day <= spec.effective_to)
    )


def speaks_of_doctor(scope: Scope) -> Callable[[str], bool]:
    """Whether a rule speaks of this doctor."""
    doctors = frozenset(scope.doctor_ids)
    return lambda doctor_id: not doctors or doctor_id in doctors


def rooms_of(scope: Scope) -> Holds | None:
    """Whether a rule speaks of a room; ``None``: of all rooms. One criterion, the usual case, costs one look."""
    ids, types, tags = frozenset(scope.room_ids), frozenset(scope.room_types), frozenset(scope.tags)
    match bool(ids), bool(types), bool(tags):
        case False, False, False:
            return None
        case True, False, False:
            return lambda room: room.id in ids
        case False, True, False:
            return lambda room: room.type in types
        case False, False, True:
            return lambda room: not tags.isdisjoint(room.tags)
    return lambda room: (
        (not ids or room.id in ids)
        and (not types or room.type in types)
        and (not tags or not tags.isdisjoint(room.tags))
    )

"""What the log keeps of a command that was refused: enough to decide it again, and nothing that names a person.

R1  Of a command without text about persons, all.
R2  Of any other, all but its text (fields that are or hold ``Private``) and what else tells who a person is: a login
    or a specialty beside a name. What was given and is left out is named, so that nobody takes it for absent. What an
    accepted command shows of somebody known by id alone (an acuity, a category) stays.
R3  An entry of a refusal has at most ``LARGEST`` bytes; of a larger command, or one with a number or a date for which
    the log has no form, only the ids are kept.
"""

from __future__ import annotations

from typing import Any, Final, get_args

import msgspec
from msgspec import UNSET

from engine.decider import Private
from engine.decisions import DECISIONS

LARGEST: Final = 64 * 1024
"""Bytes of a refusal's entry: anybody may be refused, as often as he likes."""

_TELLING: Final = frozenset({"principal", "specialization", "specialty"})
"""R2: fields that are no text of their own, but say who is meant where a name stands beside them."""


def kept_of(command: Any) -> tuple[Any, tuple[str, ...]]:
    """R1, R2: what is kept of a command, and the names of those fields that were given and are left out."""
    kept = _KEPT[type(command)]
    if kept is None:
        return command, ()
    plain, left_out = kept
    values = {name: value for name, default in plain if (value := getattr(command, name)) is not default}
    return values, tuple([name for name, default in left_out if getattr(command, name) is not default])


def ids_of(command: Any) -> dict[str, str]:
    """R3: the ids in a command; all that the engine gives are ASCII."""
    return {
        field: value
        for field in command.__struct_fields__
        if (field.endswith("_id") or field == "doctor")
        and isinstance(value := getattr(command, field), str)
        and value.isascii()
    }


def holds_text(kind: Any) -> bool:
    """Whether values of this type may hold text about a person, at any depth."""
    return _holds(kind, set())


def _holds(kind: Any, seen: set[Any]) -> bool:
    if isinstance(kind, type) and issubclass(kind, Private):
        return True
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if kind in seen:
            return False
        seen.add(kind)
        return any(_holds(field.type, seen) for field in msgspec.structs.fields(kind))
    return any(_holds(part, seen) for part in get_args(kind))


_Fields = tuple[tuple[str, Any], ...]


def _plan(kind: type[Any]) -> tuple[_Fields, _Fields] | None:
    if not holds_text(kind):
        return None
    kept: list[tuple[str, Any]] = []
    left_out: list[tuple[str, Any]] = []
    for field in msgspec.structs.fields(kind):
        row = (field.name, UNSET if field.default is msgspec.NODEFAULT else field.default)
        (left_out if holds_text(field.type) or field.name in _TELLING else kept).append(row)
    return tuple(kept), tuple(left_out)


_KEPT: Final = {kind: _plan(kind) for kind in DECISIONS}

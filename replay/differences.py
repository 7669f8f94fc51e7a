"""What is different between two plain values: field by field, lists of things with ids by their ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

MISSING: Final = "(nothing)"
"""Stands where one of the two has nothing."""


class Difference(msgspec.Struct, frozen=True):
    """A place, by names and ids joined with dots, and what stands there in each; ``(nothing)`` where nothing does."""

    at: str
    before: Any
    after: Any


def differences(before: Any, after: Any, at: str = "") -> Iterator[Difference]:
    """Every place at which two plain values differ, the smallest that tells it."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys((*before, *after)):
            yield from differences(before.get(name, MISSING), after.get(name, MISSING), f"{at}.{name}" if at else name)
    elif (
        isinstance(before, Sequence) and isinstance(after, Sequence) and not {type(before), type(after)} & {str, bytes}
    ):
        old, new = _by_id(before), _by_id(after)
        if old is not None and new is not None:
            yield from differences(old, new, at)
        elif before != after:
            yield Difference(at, before, after)
    elif before != after:
        yield Difference(at, before, after)


def _by_id(items: Sequence[Any]) -> dict[str, Any] | None:
    """Things by their ids, where all of them have one of their own."""
    if not all(isinstance(item, Mapping) and isinstance(item.get("id"), str) for item in items):
        return None
    found = {item["id"]: item for item in items}
    return found if len(found) == len(items) else None

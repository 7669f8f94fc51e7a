"""A whole log decided again: every command over the states that it met, and each result held against the log's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from engine.eventlog.entry import checked
from replay.deciding.again import Again, Redeciding
from replay.walking import READ, Source, Walk

SHOWN: Final = 20
"""Entries of each sort that are named."""


class Counted(msgspec.Struct):
    """What became of one command's entries. ``other_rules``: decided otherwise by the rules of another version."""

    decided: int = 0
    same: int = 0
    refused: int = 0
    different: int = 0
    other_rules: int = 0
    not_judged: int = 0


class Named(msgspec.Struct, frozen=True):
    """One entry that is not the same, and why."""

    position: int
    name: str
    rulebook: int
    why: tuple[str, ...]


class Redecided(msgspec.Struct):
    """What a hospital's log came to. ``entries`` were decided again, from ``first`` to ``last``."""

    hospital: str
    first: int
    last: int
    entries: int = 0
    by_command: dict[str, Counted] = {}
    different: list[Named] = []
    other_rules: list[Named] = []
    not_judged: list[Named] = []
    fault: str = ""
    """Why it ended before ``last``: what is in the log cannot have happened to the states before it."""

    @property
    def sound(self) -> bool:
        """Whether every decision that can be judged by its own rules came out as the log says."""
        return not self.different and not self.fault

    def count(self, again: Again) -> None:
        """Add one decision."""
        entry = again.entry
        row = self.by_command.setdefault(entry.name, Counted())
        self.entries += 1
        row.decided += 1
        row.refused += entry.refusal is not None
        row.same += again.same
        if again.same:
            return
        why = again.differences
        if again.unreadable:
            row.not_judged += 1
            found, why = self.not_judged, (again.unreadable,)
        elif again.of_version:
            row.other_rules += 1
            found = self.other_rules
        else:
            row.different += 1
            found = self.different
        if len(found) < SHOWN:
            found.append(Named(entry.position, entry.name, entry.rulebook, why[:SHOWN]))


async def redecide(
    source: Source,
    hospital: str,
    first: int = 1,
    last: int | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> Redecided:
    """Decide the entries ``first..last`` again (to the present end by default); ``advance(n)`` after every ``n``."""
    head = await source.head(hospital)
    last = head if last is None else min(last, head)
    found = Redecided(hospital, first, last)
    walk = Walk(source, hospital)
    await walk.go(min(first - 1, last), advance)
    again = Redeciding(walk)
    while walk.book.head < last:
        records = await source.read(hospital, walk.book.head + 1, min(READ, last - walk.book.head))
        if not records:
            break
        await again.fetch(record for _, record in records)
        for position, record in records:
            data = checked(record)
            one = await again.again(walk.book.codec.decode(data))
            try:
                walk.book.fold(position, record)
            except Exception as fault:  # rule books never refuse an event that they have given themselves
                found.fault = f"position {position} cannot be folded: {type(fault).__name__}: {fault}"
                found.count(one)
                return found
            if one.same:
                await again.answered(one, data)
            found.count(one)
        advance(len(records))
    return found

"""What somebody looks for in a list of referrals, and how a row is known to be it.

An id or a reference leads there at once. A part of a name does not: no table has names, for they are sealed; so each
referral of the list is looked at, in the list's own order, and what was found of a name is kept for the next one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from engine.actors.referral.tables import REFERENCES, all_table, patient_table
from engine.decider import Private
from engine.views.merging import Stretch, merged
from engine.views.reader import UUID_PATTERN, Reader
from engine.views.referral_rows import Names, referral_of

_ID: Final = re.compile(UUID_PATTERN)


class Wanted:
    """Which referrals of a list are wanted: those in all tables ``within``, the one called ``only``, what has ``text``.

    ``plain``: all of them.
    """

    def __init__(self, reader: Reader, within: Sequence[str], only: str = "", text: str = "") -> None:
        self.plain = not within and not only and not text
        self._reader = reader
        self._within = within
        self._only = only
        self._text = _Text(reader, text) if text else None

    def ids(
        self, tables: Sequence[str], stretch: Stretch, after: str | None, *, newest_first: bool
    ) -> Iterator[str]:  # fmt: skip
        """What has to be looked through: those of the list, or fewer."""
        if self._only:
            low, high = stretch
            ahead = after is None or (self._only < after if newest_first else self._only > after)
            return iter([self._only] if ahead and low < self._only and (not high or self._only < high) else [])
        source = [min(self._within, key=self._reader.count)] if self._within else tables
        return merged(self._reader, source, stretch, after, newest_first=newest_first)

    def has(self, id: str, tables: Sequence[str]) -> bool:
        """Whether this one is wanted, of a list of these tables."""
        if self._within or self._only:
            find = self._reader.find
            if not any(find(table, id) is not None for table in tables):
                return False
            if any(find(table, id) is None for table in self._within):
                return False
        return self._text is None or self._text[id]


class _Names(dict[str, bool]):
    """By id, whether the thing is called so; looked up once."""

    def __init__(self, text: str, name: Callable[[str], str]) -> None:
        self._text = text
        self._name = name

    def __missing__(self, id: str) -> bool:
        self[id] = found = self._text in self._name(id).casefold()
        return found


class _Text(dict[str, bool]):
    """By a referral's id, whether something of it is called so. Thousands are asked: a row must be a few look-ups."""

    def __init__(self, reader: Reader, text: str) -> None:
        names = Names(reader)
        self._reader = reader
        self._reference = text.upper()
        self._practitioners = _Names(text, lambda id: _plain(names.practitioner(id)))
        self._patients = _Names(text, lambda id: _plain(names.patient(id)))
        self._branches = _Names(text, lambda id: found.name if (found := names.branch(id)) is not None else "")
        self._tests = _Names(text, lambda id: found.name if (found := names.test(id)) is not None else "")

    def __missing__(self, id: str) -> bool:
        self[id] = found = self._found(id)
        return found

    def _found(self, id: str) -> bool:
        referral = referral_of(self._reader, id)
        if referral is None:
            return False
        if (
            self._practitioners[referral.practitioner_id]
            or self._branches[referral.branch_id]
            or self._patients[referral.patient_id]
            or self._reference in referral.reference
        ):
            return True
        tests = self._tests
        for test in referral.tests.values():  # noqa: SIM110 - a generator costs as much as all the rest
            if tests[test.test_id]:
                return True
        return False


def _plain(name: Private | None) -> str:
    return "" if name is None or name.erased else name.text


def searched(reader: Reader, search: str | None, within: Sequence[str]) -> Wanted:
    """What is meant by the text that somebody typed."""
    text = (search or "").strip()
    if not text:
        return Wanted(reader, within)
    key = reader.find(REFERENCES, text.upper())
    if key is not None:
        return Wanted(reader, within, only=key.partition(":")[2])
    id = text.lower()
    if _ID.match(id):
        if reader.find(all_table(), id) is None and reader.find("patients", id) is not None:
            return Wanted(reader, [*within, patient_table(id)])
        return Wanted(reader, within, only=id)
    return Wanted(reader, within, text=text.casefold())

"""Who looked at a patient, as a page of the interface, the latest look first."""

from __future__ import annotations

from typing import Final

import trio

from engine import calendar
from gateway.explorer.answers import Accesses, AccessRow
from replay.accesses import Access, Sought, accesses
from replay.walking import READ, Source

PATIENCE: Final = 1.0
"""Seconds after which a page ends as it is."""

MOST: Final = 500
"""Rows of a page at most."""


async def looks_at(source: Source, hospital: str, patient: str, start: int, until: int, limit: int) -> Accesses:
    """Up to ``limit`` looks at a patient between two positions, from the last one back."""
    found: list[AccessRow] = []
    end, limit = trio.current_time() + PATIENCE, min(limit, MOST)
    while until >= start:
        begin = max(start, until - READ + 1)
        some = [access async for access in accesses(source, hospital, Sought(patient), begin, until)]
        for access in reversed(some):
            found.append(_row(access))
            if len(found) == limit:
                return Accesses(found, str(access.position - 1) if access.position > start else None)
        until = begin - 1
        if trio.current_time() > end and until >= start:
            return Accesses(found, str(until))
    return Accesses(found, None)


def _row(access: Access) -> AccessRow:
    return AccessRow(
        position=access.position,
        at=calendar.moment(access.time),
        who=access.who.name,
        role=access.who.role,
        source=access.who.source,
        request_id=access.who.request_id,
        query=access.query,
        purpose=access.purpose or None,
        patients=len(access.patients),
    )

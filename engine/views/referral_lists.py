"""Lists of referrals: a technician's, a practitioner's, the whole house's; each with what it adds up to.

A list is the tables of its branches or of its practitioner, merged as they are read; what a page costs does not depend
on how many referrals there are. The summary is of everything that the filters leave, not of the page: the lengths of
tables. Only a search by a name has to look at referrals: at so many for a page (``SEARCHED``), and its summary says
whether it saw all of them. Names are opened for the rows of the page alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Annotated, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta

from engine import calendar
from engine.actors.referral.state import STATUSES, ReferralStatus
from engine.actors.referral.tables import (
    all_table,
    branch_table,
    ordered_table,
    pair_table,
    patient_table,
    practitioner_table,
)
from engine.views.merging import Stretch, counted, first_id
from engine.views.paging import ListQuery, Page, page, position
from engine.views.reader import Found, Id, Reader
from engine.views.referral_access import known_practitioner, known_technician, must_see_all, outside, sees_all
from engine.views.referral_rows import Names, ReferralRow
from engine.views.referral_search import searched

SEARCHED: Final = 2_000
"""Referrals that one page of a search looks at, and its summary; each may have names to be opened."""

Moment = Annotated[dt.datetime, Meta(tz=True)]
Sort = Literal["time", "-time"]
SortByDoctor = Literal["time", "-time", "doctor"]
Tables = list[str]
OfStatus = Callable[[ReferralStatus | None], Tables]


class ReferralFilters(ListQuery, frozen=True):
    """What narrows a list of referrals; ``from`` and ``to``: when they were made, the latter excluded.

    ``search``: an id of a referral or a patient, a reference, or a part of a name: of patient, practitioner, branch or
    test.
    """

    status: ReferralStatus | None = None
    from_: Moment | None = msgspec.field(default=None, name="from")
    to: Moment | None = None
    search: Annotated[str, Meta(max_length=200)] | None = None


class ListTechnicianReferrals(ReferralFilters, frozen=True):
    """Referrals at all branches of a technician; without ``technician_id`` of whoever asks.

    ``sort``: by time, the latest first (``-time``) or the oldest; or by the practitioner's name, then the latest first.
    """

    technician_id: Id | None = None
    branch_id: Id | None = None
    practitioner_id: Id | None = None
    sort: SortByDoctor = "-time"


class ListPractitionerReferrals(ReferralFilters, frozen=True):
    """Referrals that a practitioner has made; without ``practitioner_id`` whoever asks."""

    practitioner_id: Id | None = None
    branch_id: Id | None = None
    sort: Sort = "-time"


class ListReferrals(ReferralFilters, frozen=True):
    """Referrals of the whole hospital, for those who may see all of them."""

    patient_id: Id | None = None
    practitioner_id: Id | None = None
    branch_id: Id | None = None
    test_id: Id | None = None
    sort: Sort = "-time"


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """How many referrals the filters leave. ``exact``: false where a search left some unread, beyond so many."""

    total: int
    pending: int
    received: int
    completed: int
    cancelled: int
    declined: int
    expired: int
    exact: bool = True


class ReferralList(msgspec.Struct, frozen=True):
    """A page of referrals, and what the whole list adds up to."""

    items: list[ReferralRow]
    next_cursor: str | None
    summary: Summary


class Place(NamedTuple):
    """Where a row stands: in a list by practitioner his id, and the referral's."""

    practitioner_id: str
    id: str


class Block(NamedTuple):
    """A part of a list that comes whole before the next: all of it, or one practitioner's."""

    practitioner_id: str
    tables: Tables


def list_technician_referrals(reader: Reader, query: ListTechnicianReferrals) -> Found:
    """A page of what came to a technician's branches."""
    branches = _branches(reader, query)
    practitioner = query.practitioner_id

    def tables(status: ReferralStatus | None) -> Tables:
        if practitioner is not None:
            return [pair_table(branch, practitioner, status) for branch in branches]
        return [branch_table(branch, status) for branch in branches]

    if query.sort != "doctor" or practitioner is not None:
        return _listed(reader, query, tables, [Block("", tables(query.status))], newest_first=query.sort != "time")
    blocks = [
        Block(one, [pair_table(branch, one, query.status) for branch in branches])
        for one in Names(reader).practitioners_in_order(branches)
    ]
    return _listed(reader, query, tables, blocks, newest_first=True)


def list_practitioner_referrals(reader: Reader, query: ListPractitionerReferrals) -> Found:
    """A page of what a practitioner has asked for."""
    id, branch = known_practitioner(reader, query.practitioner_id).id, query.branch_id

    def tables(status: ReferralStatus | None) -> Tables:
        return [practitioner_table(id, status) if branch is None else pair_table(branch, id, status)]

    return _listed(reader, query, tables, [Block("", tables(query.status))], newest_first=query.sort != "time")


def list_referrals(reader: Reader, query: ListReferrals) -> Found:
    """A page of what anybody has asked for."""
    must_see_all(reader)
    branch, practitioner = query.branch_id, query.practitioner_id

    def tables(status: ReferralStatus | None) -> Tables:
        if branch is not None and practitioner is not None:
            return [pair_table(branch, practitioner, status)]
        if branch is not None:
            return [branch_table(branch, status)]
        return [all_table(status) if practitioner is None else practitioner_table(practitioner, status)]

    within = [patient_table(query.patient_id)] if query.patient_id is not None else []
    within += [ordered_table(query.test_id)] if query.test_id is not None else []
    blocks = [Block("", tables(query.status))]
    return _listed(reader, query, tables, blocks, within, newest_first=query.sort != "time")


def _branches(reader: Reader, query: ListTechnicianReferrals) -> tuple[str, ...]:
    if query.technician_id is None and query.branch_id is not None and sees_all(reader):
        return (query.branch_id,)
    branches = known_technician(reader, query.technician_id).profile.branch_ids
    if query.branch_id is None:
        return branches
    if query.branch_id not in branches:
        raise outside("this is no branch of this technician")
    return (query.branch_id,)


def _listed(
    reader: Reader, query: ReferralFilters, tables: OfStatus, blocks: list[Block], within: Tables | None = None, *,
    newest_first: bool,
) -> Found:  # fmt: skip
    """A page of these blocks, of which every row stands in all tables ``within``; ``tables``: those that they part."""
    after = position(query, Place)
    stretch = _stretch(query)
    wanted = searched(reader, query.search, within or [])

    def rows(after: Place | None, blocks: list[Block]) -> Iterator[tuple[Place, str | None]]:
        for block in blocks:
            begin = after.id if after is not None and after.practitioner_id == block.practitioner_id else None
            for id in wanted.ids(block.tables, stretch, begin, newest_first=newest_first):
                yield Place(block.practitioner_id, id), id if wanted.has(id, block.tables) else None

    names = Names(reader)
    left = blocks
    if after is not None and after.practitioner_id:
        left = [block for block in blocks if names.standing(block.practitioner_id) >= names.standing(after[0])]
    found: Page[ReferralRow] = page(query, rows(after, left), names.row, most=SEARCHED)
    if wanted.plain:
        summary = _by_tables(reader, query, tables, stretch)
    else:
        summary = _by_walk(reader, (id for _, id in rows(None, [Block("", tables(query.status))])))
    return Found(ReferralList(found.items, found.next_cursor, summary))


def _stretch(query: ReferralFilters) -> Stretch:
    low = first_id(calendar.instant(query.from_, "from")) if query.from_ is not None else ""
    return Stretch(low, first_id(calendar.instant(query.to, "to")) if query.to is not None else "")


def _by_tables(reader: Reader, query: ReferralFilters, tables: OfStatus, stretch: Stretch) -> Summary:
    wanted = STATUSES if query.status is None else (query.status,)
    return _summary({status: counted(reader, tables(status), stretch) for status in wanted})


def _by_walk(reader: Reader, rows: Iterator[str | None]) -> Summary:
    """Of the first so many rows, whatever the page."""
    counts: dict[ReferralStatus, int] = {}
    for scanned, id in enumerate(rows):
        if scanned == SEARCHED:
            return _summary(counts, exact=False)
        status = id and next((one for one in STATUSES if reader.find(all_table(one), id) is not None), None)
        if status:
            counts[status] = counts.get(status, 0) + 1
    return _summary(counts)


def _summary(counts: dict[ReferralStatus, int], *, exact: bool = True) -> Summary:
    return Summary(
        total=sum(counts.values()),
        exact=exact,
        **{status.lower(): counts.get(status, 0) for status in STATUSES},
    )

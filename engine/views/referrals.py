"""One referral, for those who may read it; what a list of them adds up to, for those who watch; a branch's durations.

A result stands only in the first. What watchers start from says ids and states, as the messages behind it do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final, Literal, cast

import msgspec

from engine import calendar
from engine.actors.lab_day import LabDay, LabStep, lab_day_key
from engine.actors.practitioner import practitioner_key
from engine.actors.referral.state import STATUSES, Referral, ReferralStatus, TestStatus
from engine.actors.referral.tables import branch_table, practitioner_table
from engine.actors.referral.view import referral_view
from engine.actors.service_day import percentile
from engine.decider import HOUR, Value
from engine.errors import Invalid, NotFound
from engine.views.facilities import branch_of, test_of
from engine.views.reader import Found, Id, Reader
from engine.views.referral_access import check_readable, outside, own_technician, sees_all
from engine.views.referral_rows import referral_of
from engine.views.states import the_hospital

MAX_DAYS: Final = 31
"""Of one question for durations: each is a state to look at."""


class GetReferral(Value, frozen=True):
    """One referral with its tests, results and history."""

    referral_id: Id


class GetReferralProgress(Value, frozen=True):
    """How far a referral is: what those start from who follow it."""

    referral_id: Id


class GetReferralCounts(Value, frozen=True):
    """How many referrals of each status a branch or a practitioner has: what those start from who follow them."""

    of: Literal["branch", "practitioner"]
    id: Id


class GetTurnaround(Value, frozen=True):
    """How long a branch's tests and referrals took, of local days ``from_date`` to ``to_date``; today without them."""

    branch_id: Id
    from_date: dt.date | None = None
    to_date: dt.date | None = None


class ProgressOfTest(msgspec.Struct, frozen=True):
    """A test of a referral, by its status."""

    id: str
    status: TestStatus


class ReferralProgress(msgspec.Struct, frozen=True):
    """A referral, by its status and those of its tests."""

    referral_id: str
    status: ReferralStatus
    branch_id: str
    practitioner_id: str
    tests: list[ProgressOfTest]
    version: int


class ReferralCounts(msgspec.Struct, frozen=True):
    """How many referrals there are, of each status."""

    of: Literal["branch", "practitioner"]
    id: str
    total: int
    counts: dict[ReferralStatus, int]


class Durations(msgspec.Struct, frozen=True):
    """Of so many, in hours; ``None`` where there are none."""

    count: int
    average_hours: float | None
    p50_hours: float | None
    p95_hours: float | None


class DurationsOfTest(msgspec.Struct, frozen=True):
    """Of one test of the catalog, from the referral to the result."""

    test_id: str
    name: str | None
    count: int
    average_hours: float


class TurnaroundView(msgspec.Struct, frozen=True, kw_only=True):
    """A branch's days. ``tests``: from the referral to the result; ``bench``: from receiving the sample to the result;
    ``referrals``: from the referral to all of its results. An amendment moves none. ``open``: those of now."""

    branch_id: str
    from_date: str
    to_date: str
    counts: dict[LabStep, int]
    tests: Durations
    bench: Durations
    referrals: Durations
    by_test: list[DurationsOfTest]
    open: dict[ReferralStatus, int]


def get_referral(reader: Reader, query: GetReferral) -> Found:
    """A referral, or ``NotFound``; ``OutOfReach`` for whoever has nothing to do with it."""
    referral = _known(reader, query.referral_id)
    check_readable(reader, referral)
    return Found(referral_view(referral), referral.version)


def get_referral_progress(reader: Reader, query: GetReferralProgress) -> Found:
    """How far it is, or ``NotFound``."""
    referral = _known(reader, query.referral_id)
    tests = [ProgressOfTest(test.id, test.status) for test in referral.tests.values()]
    shown = ReferralProgress(
        referral.id, referral.status, referral.branch_id, referral.practitioner_id, tests, referral.version
    )
    return Found(shown)


def get_referral_counts(reader: Reader, query: GetReferralCounts) -> Found:
    """The lengths of lists, or ``NotFound``."""
    at_branch = query.of == "branch"
    known = branch_of(reader, query.id) if at_branch else reader.look(practitioner_key(query.id))
    if known is None:
        raise NotFound(f"there is no such {query.of}", id=query.id)
    table = branch_table if at_branch else practitioner_table
    counts = {status: reader.count(table(query.id, status)) for status in STATUSES}
    return Found(ReferralCounts(query.of, query.id, sum(counts.values()), counts))


def get_turnaround(reader: Reader, query: GetTurnaround) -> Found:
    """The durations of a branch's days, or ``NotFound``."""
    if branch_of(reader, query.branch_id) is None:
        raise NotFound("there is no such branch", branch_id=query.branch_id)
    works = own_technician(reader)
    if not sees_all(reader) and (works is None or query.branch_id not in works.profile.branch_ids):
        raise outside("this is no branch of yours")
    first, last = _days(reader, query)
    days = [first]
    while days[-1] < last:
        days.append(calendar.shift(days[-1], 1))
    states = [state for day in days if (state := _lab_day(reader, query.branch_id, day)) is not None]
    counts: dict[LabStep, int] = {}
    by_test: dict[str, tuple[int, int]] = {}
    for state in states:
        for step, count in state.counts.items():
            counts[step] = counts.get(step, 0) + count
        for test_id, (count, took) in state.by_test.items():
            before = by_test.get(test_id, (0, 0))
            by_test[test_id] = (before[0] + count, before[1] + took)
    shown = TurnaroundView(
        branch_id=query.branch_id,
        from_date=first,
        to_date=last,
        counts=counts,
        tests=_durations([state.tests for state in states]),
        bench=_durations([state.bench for state in states]),
        referrals=_durations([state.referrals for state in states]),
        by_test=[_of_test(reader, test_id, *by_test[test_id]) for test_id in sorted(by_test)],
        open={status: reader.count(branch_table(query.branch_id, status)) for status in ("Pending", "Received")},
    )
    return Found(shown)


def _known(reader: Reader, referral_id: str) -> Referral:
    referral = referral_of(reader, referral_id)
    if referral is None:
        raise NotFound("there is no such referral", referral_id=referral_id)
    return referral


def _days(reader: Reader, query: GetTurnaround) -> tuple[str, str]:
    today = calendar.local_day(reader.time, the_hospital(reader).time_zone)
    first = calendar.checked(query.from_date, "from_date").isoformat() if query.from_date is not None else None
    last = calendar.checked(query.to_date, "to_date").isoformat() if query.to_date is not None else first or today
    first = first or last
    if last < first:
        raise Invalid("to_date is not before from_date", field="to_date")
    if calendar.shift(first, MAX_DAYS - 1) < last:
        raise Invalid(f"at most {MAX_DAYS} days", field="to_date")
    return first, last


def _lab_day(reader: Reader, branch_id: str, day: str) -> LabDay | None:
    return cast("LabDay | None", reader.look(lab_day_key(branch_id, day)))


def _durations(sorted_by_day: Sequence[Sequence[int]]) -> Durations:
    # Sorting what is sorted in runs merges them.
    took = sorted([one for day in sorted_by_day for one in day])
    if not took:
        return Durations(0, None, None, None)
    average = sum(took) / len(took)
    return Durations(len(took), _hours(average), _hours(percentile(took, 50)), _hours(percentile(took, 95)))


def _of_test(reader: Reader, test_id: str, count: int, took: int) -> DurationsOfTest:
    found = test_of(reader, test_id)
    return DurationsOfTest(test_id, found[1].name if found is not None else None, count, _hours(took / count))


def _hours(microseconds: float) -> float:
    return round(microseconds / HOUR, 2)

"""Admissions: lists, one of them, and who waits in the order in which they are served."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, cast

import msgspec

from engine.actors.admission.state import OPEN, Admission, Status, admission_key, table_of
from engine.actors.admission.view import AdmissionView, admission_view
from engine.actors.intake.state import INTAKE, Intake, Turn, turn_of
from engine.actors.roster.state import ROSTER, Roster
from engine.decider import Value
from engine.errors import NotFound
from engine.needs import Acuity, Reason
from engine.views.paging import ById, ListQuery, Page, filed, page, position
from engine.views.reader import Found, Id, Reader


class ListAdmissions(ListQuery, frozen=True):
    """Admissions in the order in which they were made; every filter narrows.

    ``ward_id``, ``staff_id``: who lies there, or is cared for by this member of the staff, at present.
    """

    status: Status | None = None
    ward_id: Id | None = None
    staff_id: Id | None = None
    patient_id: Id | None = None
    acuity: Acuity | None = None


class GetAdmission(Value, frozen=True):
    """One admission, also one that is over."""

    admission_id: Id


class GetBacklog(ListQuery, frozen=True):
    """Who waits, the first to be served first. ``ward_id``: who asked for this ward, or lies there already."""

    reason: Reason | None = None
    ward_id: Id | None = None


class BacklogView(msgspec.Struct, frozen=True):
    """``total`` and ``counts`` by reason are of all who wait, whatever the filters."""

    items: list[AdmissionView]
    next_cursor: str | None
    total: int
    counts: dict[str, int]


class Place(NamedTuple):
    """A position in the backlog: rank of the acuity, since when (µs), admission."""

    rank: int
    since: int
    id: str


def list_admissions(reader: Reader, query: ListAdmissions) -> Found:
    """A page of admissions."""
    after = position(query, ById)
    wanted = _filter(query)

    def rows() -> Iterator[tuple[ById, Admission | None]]:
        for id in _candidates(reader, query, after.id if after is not None else None):
            one = _admission(reader, id)
            yield ById(id), one if one is not None and wanted(one) else None

    found: Page[AdmissionView] = page(query, rows(), admission_view)
    return Found(found)


def get_admission(reader: Reader, query: GetAdmission) -> Found:
    """An admission, or ``NotFound``."""
    one = _admission(reader, query.admission_id)
    if one is None:
        raise NotFound("there is no such admission", admission_id=query.admission_id)
    return Found(admission_view(one), one.version)


def get_backlog(reader: Reader, query: GetBacklog) -> Found:
    """A page of the backlog."""
    after = position(query, Place)
    intake = _intake(reader)
    turns = sorted(_turns(intake, query, after))

    def rows() -> Iterator[tuple[Place, Admission | None]]:
        for turn in turns:
            yield Place(*turn), _admission(reader, turn[2])

    found: Page[AdmissionView] = page(query, rows(), admission_view)
    counts = dict(sorted(intake.reasons.items()))
    return Found(BacklogView(found.items, found.next_cursor, len(intake.waiting), counts))


def _turns(intake: Intake, query: GetBacklog, after: Turn | None) -> Iterator[Turn]:
    for waiter in intake.waiting.values():
        if query.reason not in (None, waiter.reason):
            continue
        if query.ward_id not in (None, waiter.ward_id or waiter.need.ward_id):
            continue
        turn = turn_of(waiter)
        if after is None or turn > after:
            yield turn


def _candidates(reader: Reader, query: ListAdmissions, after: str | None) -> Iterable[str]:
    """The ids looked at, in order: what has somebody, or is open, is found without those that are over."""
    known: Iterable[str] | None = None
    if query.staff_id is not None:
        roster = cast("Roster | None", reader.look(ROSTER))
        listed = roster.members.get(query.staff_id) if roster is not None else None
        known = listed.patients if listed is not None else ()
    elif query.ward_id is not None or query.status in OPEN:
        known = _intake(reader).open.values()
    if known is None:
        table = "admissions" if query.patient_id is None else table_of(query.patient_id)
        return filed(reader, table, after)
    return sorted(id for id in known if after is None or id > after)


def _filter(query: ListAdmissions) -> Callable[[Admission], bool]:
    def wanted(one: Admission) -> bool:
        return (
            query.status in (None, one.status)
            and query.ward_id in (None, one.carers.ward_id)
            and query.patient_id in (None, one.patient_id)
            and query.acuity in (None, one.acuity)
        )

    return wanted


def _admission(reader: Reader, admission_id: str) -> Admission | None:
    state = cast("Admission | None", reader.look(admission_key(admission_id)))
    return state if state is not None and state.version else None


def _intake(reader: Reader) -> Intake:
    state = cast("Intake | None", reader.look(INTAKE))
    return state if state is not None else Intake()

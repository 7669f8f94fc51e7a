"""Lists of staff and of their shifts, and the roster. What somebody's patients need stands in admissions, not here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, NamedTuple, cast

import msgspec
from msgspec import Meta

from engine import calendar
from engine.actors.roster.choosing import in_ward
from engine.actors.roster.state import ROSTER, Roster
from engine.actors.roster.view import RosterView, in_order, roster_counts, roster_row
from engine.actors.staff.state import Duty, Role, Shift, Staff, staff_key
from engine.actors.staff.view import ShiftView, StaffView, duty_now, shift_view, staff_view
from engine.decider import Value
from engine.errors import NotFound
from engine.rules.subject import Word
from engine.views.paging import ById, ListQuery, Page, filed, page, position
from engine.views.reader import Found, Id, Reader

Moment = Annotated[dt.datetime, Meta(tz=True)]


class ListStaff(ListQuery, frozen=True):
    """Staff in the order in which they were added; every filter narrows. ``ward_id``: may work there.

    Those who have left only with ``retired``.
    """

    role: Role | None = None
    ward_id: Id | None = None
    duty: Duty | None = None
    skill: Word | None = None
    retired: bool = False


class GetStaff(Value, frozen=True):
    """One member, also one who has left."""

    staff_id: Id


class ListShifts(ListQuery, frozen=True):
    """Shifts that share a moment with ``[from, to)``; of one member in order of time, of all in the order in which they
    were planned. Those over for more than a week are forgotten."""

    staff_id: Id | None = None
    from_: Moment | None = msgspec.field(default=None, name="from")
    to: Moment | None = None


class GetRoster(Value, frozen=True):
    """Who of the staff is on duty, on call and off now, with how many patients. ``ward_id``: may work there."""

    role: Role | None = None
    ward_id: Id | None = None


class ByStart(NamedTuple):
    """A position among one member's shifts; ``start`` in µs."""

    start: int
    id: str


def list_staff(reader: Reader, query: ListStaff) -> Found:
    """A page of staff."""
    after = position(query, ById)
    roster = _roster(reader)

    def shown(staff: Staff) -> StaffView:
        listed = roster.members.get(staff.id)
        return staff_view(staff, len(listed.patients) if listed is not None else 0, reader.time)

    def wanted(staff: Staff) -> bool:
        profile = staff.profile
        return (
            bool(staff.retired_at) == query.retired
            and query.role in (None, profile.role)
            and (query.ward_id is None or not profile.ward_ids or query.ward_id in profile.ward_ids)
            and (query.skill is None or query.skill in profile.skills)
            and (query.duty is None or query.duty == duty_now(staff, reader.time)[0])
        )

    def rows() -> Iterator[tuple[ById, Staff | None]]:
        for id in filed(reader, "staff", after.id if after is not None else None):
            staff = _staff(reader, id)
            yield ById(id), staff if staff is not None and wanted(staff) else None

    found: Page[StaffView] = page(query, rows(), shown)
    return Found(found)


def get_staff(reader: Reader, query: GetStaff) -> Found:
    """A member, or ``NotFound``."""
    staff = _known(reader, query.staff_id)
    listed = _roster(reader).members.get(staff.id)
    return Found(staff_view(staff, len(listed.patients) if listed is not None else 0, reader.time), staff.version)


def list_shifts(reader: Reader, query: ListShifts) -> Found:
    """A page of shifts."""
    start = calendar.instant(query.from_, "from") if query.from_ is not None else None
    end = calendar.instant(query.to, "to") if query.to is not None else None

    def wanted(shift: Shift) -> bool:
        return (start is None or shift.end > start) and (end is None or shift.start < end)

    def of_one(staff: Staff) -> Iterator[tuple[ByStart, tuple[str, Shift] | None]]:
        after = position(query, ByStart)
        for shift in staff.shifts:
            place = ByStart(shift.start, shift.id)
            if after is None or place > after:
                yield place, (staff.id, shift) if wanted(shift) else None

    def of_all() -> Iterator[tuple[ById, tuple[str, Shift] | None]]:
        after = position(query, ById)
        for id in filed(reader, "shifts", after.id if after is not None else None):
            found = _shift(reader, id)
            yield ById(id), found if found is not None and wanted(found[1]) else None

    rows = of_all() if query.staff_id is None else of_one(_known(reader, query.staff_id))
    found: Page[ShiftView] = page(query, rows, lambda one: shift_view(*one))
    return Found(found)


def get_roster(reader: Reader, query: GetRoster) -> Found:
    """The roster, those on duty first."""
    members = [
        one
        for one in _roster(reader).members.values()
        if one.available and query.role in (None, one.role) and in_ward(one, query.ward_id or "")
    ]
    rows = [
        roster_row(one, staff.profile.name, reader.time)
        for one in in_order(members, reader.time)
        if (staff := _staff(reader, one.staff_id)) is not None
    ]
    return Found(RosterView(rows, roster_counts(members, reader.time)))


def _roster(reader: Reader) -> Roster:
    roster = cast("Roster | None", reader.look(ROSTER))
    return roster if roster is not None else Roster()


def _staff(reader: Reader, staff_id: str) -> Staff | None:
    staff = cast("Staff | None", reader.look(staff_key(staff_id)))
    return staff if staff is not None and staff.version else None


def _known(reader: Reader, staff_id: str) -> Staff:
    staff = _staff(reader, staff_id)
    if staff is None:
        raise NotFound("there is no such member of the staff", staff_id=staff_id)
    return staff


def _shift(reader: Reader, shift_id: str) -> tuple[str, Shift] | None:
    key = reader.find("shifts", shift_id)
    staff = _staff(reader, key.partition(":")[2]) if key is not None else None
    for shift in staff.shifts if staff is not None else ():
        if shift.id == shift_id and staff is not None:
            return staff.id, shift
    return None

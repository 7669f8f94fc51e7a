"""What can be asked of the audit explorer: the questions behind ``/audit/…``. They are answered from the log.

Pure vocabulary. A moment is a position (digits), an RFC 3339 time, or a time on the hospital's clocks.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final

from msgspec import Meta, field

from engine.decider import Value
from engine.views.paging import ListQuery
from engine.views.reader import Id
from gateway.explorer import answers

Moment = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[0-9A-Za-z:.+-]+$")]
Actor = Annotated[str, Meta(min_length=1, max_length=160, pattern=r"^[0-9A-Za-z_:.@-]+$")]
Command = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[A-Za-z]+$")]
Position = Annotated[int, Meta(ge=1, le=2**53)]


class ListAuditDays(Value, frozen=True):
    """The local days in which the hospital's log has entries."""


class GetAuditDay(Value, frozen=True):
    """A day: entries per minute, and the doctors, slots, queues and rooms that there were."""

    date: dt.date


class GetAuditState(Value, frozen=True):
    """A slot, a queue or a room as it was at a moment, now without ``at``; exactly one of them is named.

    A time stands for all that had happened by then. ``counts=true`` adds how full the day's slots and queues were.
    """

    at: Moment | None = None
    slot: Id | None = None
    service: Id | None = None
    room: Id | None = None
    counts: bool = False


class ListAuditEntries(ListQuery, frozen=True, kw_only=True):
    """Entries in order of position; every filter narrows.

    ``actor`` is a key such as ``slot:…`` or what it begins with; ``about`` any id that the entry names;
    ``refused=true`` leaves refusals alone.
    """

    from_: Moment | None = field(default=None, name="from")
    to: Moment | None = None
    actor: Actor | None = None
    patient: Id | None = None
    about: Id | None = None
    command: Command | None = None
    who: Annotated[str, Meta(min_length=1, max_length=80)] | None = None
    refused: bool = False


class GetAuditEntry(Value, frozen=True):
    """One entry, with the command, its events, and why it was decided so."""

    position: Position


class ListPatientHistory(ListQuery, frozen=True, kw_only=True):
    """Every entry that names a patient, in order of position; 404 for one whom no entry names."""

    patient_id: Id


class ListAccesses(ListQuery, frozen=True, kw_only=True):
    """Who looked at a patient, the latest first; ``from`` and ``to``: when."""

    patient_id: Id
    from_: Moment | None = field(default=None, name="from")
    to: Moment | None = None


QUESTIONS: Final[dict[type[Any], Any]] = {
    ListAuditDays: answers.AuditDays,
    GetAuditDay: answers.AuditTimeline,
    GetAuditState: answers.AuditState,
    ListAuditEntries: answers.AuditEntries,
    GetAuditEntry: answers.AuditDecision,
    ListPatientHistory: answers.AuditEntries,
    ListAccesses: answers.Accesses,
}
"""Each question with the type of its answer."""

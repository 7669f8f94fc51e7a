"""What decisions ask of a service. None of these is stored: the public command is, and the events are.

``by`` is the principal who asks; ``happened_at`` (µs) is when a step was taken that is entered afterwards, 0: now.
Several at once go as ``Together``, each seeing what the ones before it left.
"""

from __future__ import annotations

from typing import Any

import msgspec

from engine.actors.service.state import Ended, Leg, Priority, ServiceSettings, ServiceStatus, Ticket
from engine.decider import FreeText


class Command(msgspec.Struct, frozen=True):
    """Base of what a service can be asked."""


class Together(Command, frozen=True):
    """Several steps, decided in order, all or none."""

    do: tuple[Any, ...]


class Open(Command, frozen=True):
    """Begin a service. ``next_close_at``: the end of its day by the clock (µs), 0: by hand."""

    id: str
    name: str
    prefix: str
    settings: ServiceSettings
    doctor_id: str = ""
    next_close_at: int = 0


class Change(Command, frozen=True):
    """Replace name and settings; refused (``counter_busy``) where a counter that serves somebody would vanish.

    ``next_close_at``: the end of its day by the clock (µs) under these settings, 0: by hand.
    """

    name: str
    settings: ServiceSettings
    if_version: int | None = None
    next_close_at: int = 0


class SetStatus(Command, frozen=True):
    """Pause, resume, close, open."""

    status: ServiceStatus
    reason: FreeText | None = None


class Join(Command, frozen=True):
    """Get in line. ``code``: the one that the ticket brings along (a token's, a transfer's); else the series gives it.

    ``day`` is the local day, ``minute`` the local minute of that day (for ``last_ticket_at``). ``bypass``: a check-in
    or a transfer back is taken even where capacity or the last ticket's time say no; ``closed`` refuses always.
    """

    ticket_id: str
    patient_id: str
    priority: Priority
    arrived_at: int
    day: str
    minute: int
    code: str = ""
    token_id: str = ""
    needs: tuple[str, ...] = ()
    legs: tuple[Leg, ...] = ()
    from_service: str = ""
    bypass: bool = False
    version: int = 1


class CallNext(Command, frozen=True):
    """Call whoever comes next to a counter; ``skip``: tickets that the decision has found cannot be called now."""

    counter: str
    by: str
    skip: tuple[str, ...] = ()


class CallTicket(Command, frozen=True):
    """Call this one out of turn; of the next in line no reason is asked.

    ``direct``: asked of the OPD token itself, which needs no reason and, with ``counter=""``, occupies no counter.
    """

    ticket_id: str
    counter: str
    by: str
    reason: FreeText | None = None
    direct: bool = False
    happened_at: int = 0


class Recall(Command, frozen=True):
    """Announce again. ``direct``: asked of the OPD token itself, however soon."""

    ticket_id: str
    by: str
    direct: bool = False


class NoAnswer(Command, frozen=True):
    """Nobody came: back in line, or, after ``max_calls``, ended as no-show."""

    ticket_id: str
    by: str


class Start(Command, frozen=True):
    """The consultation begins."""

    ticket_id: str
    by: str
    happened_at: int = 0


class End(Command, frozen=True):
    """Complete (from consulting), no-show (from called), cancel (not consulting).

    ``counter``: where the consultation must be, ``""`` for any. ``force``, with a reason: complete or no-show from
    any state, at any counter.
    """

    ticket_id: str
    status: Ended
    by: str
    counter: str = ""
    force: bool = False
    reason: FreeText | None = None
    happened_at: int = 0


class Park(Command, frozen=True):
    """Take a waiting or called ticket out of the line."""

    ticket_id: str
    by: str
    reason: FreeText | None = None


class Resume(Command, frozen=True):
    """Put it back, in front of its own priority."""

    ticket_id: str
    by: str


class Prioritize(Command, frozen=True):
    """Another priority."""

    ticket_id: str
    priority: Priority
    by: str
    reason: FreeText | None = None


class TransferOut(Command, frozen=True):
    """The ticket leaves for another service (which is asked to ``Join`` it)."""

    ticket_id: str
    to_service: str
    by: str
    reason: FreeText | None = None


class Undo(Command, frozen=True):
    """Take the last step of a live ticket back; by the one who took it, soon after."""

    ticket_id: str
    by: str
    undo_minutes: int


class Reopen(Command, frozen=True):
    """Take the end of a ticket back: ``ticket`` is as the service's day has it. The same rules as ``Undo``."""

    ticket: Ticket
    by: str
    undo_minutes: int


class ReplacePatient(Command, frozen=True):
    """Tickets of one record are another's from now on."""

    ticket_id: str
    patient_id: str


class EndDay(Command, frozen=True):
    """Close the day: who waits or is parked or called expires, or is carried over; consultations go on.

    ``next_close_at``: when it ends by itself again.
    """

    day: str
    next_close_at: int


class Wake(Command, frozen=True):
    """An instant that ``due`` named has come (or passed): lifts and alerts. The end of the day is ``EndDay``'s."""


ServiceCommand = (
    Together
    | Open
    | Change
    | SetStatus
    | Join
    | CallNext
    | CallTicket
    | Recall
    | NoAnswer
    | Start
    | End
    | Park
    | Resume
    | Prioritize
    | TransferOut
    | Undo
    | Reopen
    | ReplacePatient
    | EndDay
    | Wake
)

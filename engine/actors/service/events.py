"""What can have happened in a service. Names and fields are for ever; new fields carry defaults.

``at`` is the instant of the decision, ``by`` the principal who asked. What was decided (an order, a code, an
average) is written down, so that ``evolve`` has nothing to decide. ``waiting`` is how many wait afterwards.
"""

from __future__ import annotations

from engine.actors.service.state import Ended, Order, Priority, ServiceSettings, ServiceStatus, Ticket, TicketStep
from engine.decider import Event, FreeText


class ServiceOpened(Event, frozen=True):
    """``doctor_id``: the doctor whose queue this is, ``""`` of any other service."""

    id: str
    name: str
    prefix: str
    settings: ServiceSettings
    at: int
    doctor_id: str = ""
    next_close_at: int = 0


class ServiceChanged(Event, frozen=True):
    """Name and settings are replaced."""

    name: str
    settings: ServiceSettings
    at: int
    next_close_at: int = 0


class ServiceStatusChanged(Event, frozen=True):
    """Paused, resumed, closed or opened again."""

    status: ServiceStatus
    at: int
    reason: FreeText | None = None


class TicketJoined(Event, frozen=True):
    """A ticket is in line. ``number``: of this service's series, 0 where the code is a token's or was brought along.

    ``day``: the local day of the series; ``renumbered``: the series began anew with this ticket.
    """

    ticket: Ticket
    number: int
    day: str
    position: int
    waiting: int
    at: int
    renumbered: bool = False
    from_service: str = ""
    group: str = ""
    """The exclusive group of the service then."""


class TicketNear(Event, frozen=True):
    """The patient's turn is near: said once."""

    ticket_id: str
    code: str
    position: int
    at: int


class TicketCalled(Event, frozen=True):
    """A ticket was called to a counter. ``reason``: why out of turn. ``starts``: the call began the consultation."""

    ticket_id: str
    code: str
    counter: str
    calls: int
    waiting: int
    at: int
    by: str = ""
    reason: FreeText | None = None
    starts: bool = False
    alert_at: int = 0
    share: Priority | None = None
    """Whose share this call counts against, where calls are shared."""
    happened_at: int = 0


class TicketRecalled(Event, frozen=True):
    """Announced again."""

    ticket_id: str
    code: str
    counter: str
    calls: int
    at: int
    by: str = ""


class TicketUnanswered(Event, frozen=True):
    """Nobody came: back in line, ``position`` places from the front."""

    ticket_id: str
    code: str
    order: Order
    not_before: int
    position: int
    waiting: int
    at: int
    by: str = ""


class TicketStarted(Event, frozen=True):
    """The consultation began; ``alert_at``: when it has lasted too long."""

    ticket_id: str
    code: str
    counter: str
    alert_at: int
    at: int
    by: str = ""
    happened_at: int = 0


class TicketParked(Event, frozen=True):
    """Out of the line for a while; ``alert_at``: when that has been too long."""

    ticket_id: str
    code: str
    alert_at: int
    waiting: int
    at: int
    by: str = ""
    reason: FreeText | None = None


class TicketResumed(Event, frozen=True):
    """Back in line, in front of its own priority."""

    ticket_id: str
    code: str
    order: Order
    position: int
    waiting: int
    at: int
    by: str = ""


class TicketPrioritized(Event, frozen=True):
    """Another priority, with the arrival it had."""

    ticket_id: str
    code: str
    priority: Priority
    order: Order
    lift_at: int
    position: int
    at: int
    by: str = ""
    reason: FreeText | None = None


class TicketLifted(Event, frozen=True):
    """It waited longer than its priority's limit."""

    ticket_id: str
    code: str
    order: Order
    position: int
    at: int


class TicketEnded(Event, frozen=True):
    """Over, by a person's act (``by``), or expired at the end of the day. ``average`` as it is from now on (µs)."""

    ticket_id: str
    code: str
    status: Ended
    waiting: int
    at: int
    by: str = ""
    reason: FreeText | None = None
    average: int = 0
    deviation: int = 0
    counter: str = ""
    patient_id: str = ""
    group: str = ""
    happened_at: int = 0


class TicketTransferred(Event, frozen=True):
    """It left for another service, where it is in line under its id and code."""

    ticket_id: str
    code: str
    to_service: str
    waiting: int
    at: int
    by: str = ""
    reason: FreeText | None = None
    patient_id: str = ""
    group: str = ""


class TicketStepUndone(Event, frozen=True):
    """The last step was taken back; ``ticket`` is as it stands now. One that was over is alive again."""

    ticket: Ticket
    step: TicketStep
    position: int
    waiting: int
    at: int
    by: str = ""
    group: str = ""


class TicketPatientChanged(Event, frozen=True):
    """The patient's record was merged into another; ``was``: the one it had."""

    ticket_id: str
    patient_id: str
    at: int
    was: str = ""
    group: str = ""


class TicketStale(Event, frozen=True):
    """A consultation (or a parking) lasts too long. Nothing else happens; ``again_at``: when it is said once more."""

    ticket_id: str
    code: str
    counter: str
    status: str
    since: int
    again_at: int
    alerts: int
    at: int


class ServiceDayEnded(Event, frozen=True):
    """The day was closed; tickets that expire follow as ``TicketEnded``.

    ``next_close_at``: when it ends again (0: by hand).
    """

    day: str
    at: int
    next_close_at: int = 0


ServiceEvent = (
    ServiceOpened
    | ServiceChanged
    | ServiceStatusChanged
    | TicketJoined
    | TicketNear
    | TicketCalled
    | TicketRecalled
    | TicketUnanswered
    | TicketStarted
    | TicketParked
    | TicketResumed
    | TicketPrioritized
    | TicketLifted
    | TicketEnded
    | TicketTransferred
    | TicketStepUndone
    | TicketPatientChanged
    | TicketStale
    | ServiceDayEnded
)

"""Why a service says no."""

from __future__ import annotations

from engine.errors import InvalidTransition, Rejected


class ServiceExists(Rejected):
    """R1: it has been opened."""

    code = "service_exists"
    rule = "R1"


class QueueClosed(Rejected):
    """R2: nobody joins now. Facts ``service_id``, ``status``."""

    code = "queue_closed"
    rule = "R2"


class QueueFull(Rejected):
    """R2: as many wait as may."""

    code = "queue_full"
    rule = "R2"


class AlreadyInQueue(Rejected):
    """R3: the patient has a ticket here, or in a service of the same group. Facts ``ticket_id``, ``service_id``."""

    code = "already_in_queue"
    rule = "R3"


class QueuePaused(Rejected):
    """R5: nobody is called now."""

    code = "queue_paused"
    rule = "R5"


class CounterBusy(Rejected):
    """R5: the counter has a ticket called or in consultation. Facts ``counter``, ``ticket_id``."""

    code = "counter_busy"
    rule = "R5"


class CounterClosed(Rejected):
    """R5: there is no such counter, or it is closed."""

    code = "counter_closed"
    rule = "R5"


class TooSoon(Rejected):
    """R8: announced a moment ago. Fact ``from_time``."""

    code = "too_soon"
    rule = "R8"


class TicketTransition(InvalidTransition):
    """R6: facts ``from_state`` and ``to_state``."""

    rule = "R6"


class OtherCounter(Rejected):
    """R6: the consultation is at another counter. Facts ``ticket_id``, ``counter``."""

    code = "other_counter"
    rule = "R6"


class UndoRefused(Rejected):
    """R12: nothing to undo, too late, or somebody else's step. Facts ``ticket_id``, ``step``."""

    code = "undo_refused"
    rule = "R12"

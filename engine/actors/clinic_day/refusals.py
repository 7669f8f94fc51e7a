"""Why a clinic's day says no. The rules they name are listed in the package's docstring."""

from __future__ import annotations

from typing import ClassVar

from engine.errors import InvalidTransition, Rejected


class HoldExpired(Rejected):
    """R2. The hold lapsed, or was given back; fact ``how`` says which."""

    code = "hold_expired"
    family = "gone"
    rule = "R2"


class IllegalStep(InvalidTransition):
    """R3. Facts ``from_state`` and ``to_state`` name both states."""

    rule: ClassVar[str] = "R3"


class TooEarly(Rejected):
    """R4. Fact ``from_time``: from when on it may be done."""

    code = "too_early"
    rule = "R4"


class NotWaiting(Rejected):
    """R6. The appointment has no open escalation."""

    code = "no_escalation"
    rule = "R6"


class NoTurnover(Rejected):
    """R7. No room is to be cleaned after the appointment, or its cleaning is over."""

    code = "no_turnover"
    rule = "R7"

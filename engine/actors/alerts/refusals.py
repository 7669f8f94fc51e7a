"""Why the alerts say no. The rules they name are listed in the package's docstring."""

from __future__ import annotations

from engine.errors import Rejected


class AlertClosedAlready(Rejected):
    """R2. Fact ``closed_at``: since when it is over."""

    code = "alert_closed"
    rule = "R2"


class OwnBreakGlass(Rejected):
    """R7. Somebody else has to look at it."""

    code = "own_break_glass"
    family = "forbidden"
    rule = "R7"

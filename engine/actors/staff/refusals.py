"""Why a member of the staff says no. The rules they name are listed in the package's docstring. Times are µs."""

from __future__ import annotations

from engine.errors import Rejected


class StaffGone(Rejected):
    """R1. The member has left: the record stays, and nothing of it changes. Fact ``staff_id``."""

    code = "staff_retired"
    rule = "R1"


class ShiftOverlap(Rejected):
    """R2. Facts ``shift_id``, ``start_time``, ``end_time`` of the shift in the way."""

    code = "shift_overlap"
    rule = "R2"


class RestTooShort(Rejected):
    """R3. Facts ``shift_id``, ``start_time``, ``end_time`` of the other shift; ``rest_minutes``, ``least_minutes``."""

    code = "rest_too_short"
    rule = "R3"


class TooManyShifts(Rejected):
    """R4. The member has as many shifts that are not over as may be planned. Fact ``limit``."""

    code = "too_many_shifts"
    rule = "R4"


class ShiftEnded(Rejected):
    """R5. The shift is over: what was stays as it was. Fact ``shift_id``."""

    code = "shift_ended"
    rule = "R5"


class TooManyLeaves(Rejected):
    """R6. The member has as many leaves that are not over as may be planned. Fact ``limit``."""

    code = "too_many_leaves"
    rule = "R6"


class LeaveEnded(Rejected):
    """R5. The leave is over: what was stays as it was. Fact ``leave_id``."""

    code = "leave_ended"
    rule = "R5"

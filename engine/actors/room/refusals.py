"""Why a room says no. The rules they name are listed in the package's docstring. Times in facts are µs."""

from __future__ import annotations

from engine.errors import Rejected


class RoomConflict(Rejected):
    """R1. Facts ``room_id``; ``appointment_id``, ``start_time``, ``end_time`` of what is in the way, and until when
    its setup and cleaning take the room: ``busy_from``, ``busy_to``."""

    code = "room_conflict"
    rule = "R1"


class RoomClosed(Rejected):
    """R2. Facts ``room_id``; ``closure_id``, ``kind``, ``start_time``, ``end_time`` of the closed time."""

    code = "room_closed"
    rule = "R2"


class RoomUnavailable(Rejected):
    """R3. The room is retired, or its profile says that it cannot be had. Fact ``room_id``."""

    code = "room_unavailable"
    rule = "R3"


class RoomExists(Rejected):
    """R4. It was opened before."""

    code = "room_exists"
    rule = "R4"


class RoomInUse(Rejected):
    """R6. Facts ``room_id``, and up to ten ``appointment_ids`` of what is not over."""

    code = "in_use"
    rule = "R6"


class ClosureOver(Rejected):
    """R7. The closure has ended or was taken back; what was stays as it was. Fact ``closure_id``."""

    code = "closure_over"
    rule = "R7"


class TooManyClosures(Rejected):
    """R8. The room has as many closures that are not over as it may have."""

    code = "too_many_closures"
    rule = "R8"


class RoomGone(Rejected):
    """R5. The room is retired: its history stays, and nothing of it changes. Fact ``room_id``."""

    code = "room_retired"
    rule = "R5"

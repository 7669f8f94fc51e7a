"""Why a clinic's appointment is refused where no actor's own rule book says so."""

from __future__ import annotations

from engine.errors import Rejected


class NoRoomAvailable(Rejected):
    """No room of the clinic can be had. Facts ``considered``, ``failed`` (rooms by reason) and ``alternatives``."""

    code = "no_room_available"

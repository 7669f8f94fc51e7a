"""Why a slot says no. The rules they name are listed in the package's docstring."""

from __future__ import annotations

from engine.errors import Rejected


class SlotNotOpen(Rejected):
    """R2. The slot was cancelled."""

    code = "slot_cancelled"
    rule = "R2"


class SlotOver(Rejected):
    """R2. The slot has ended."""

    code = "slot_closed"
    rule = "R2"


class SlotFull(Rejected):
    """R3. No seat is left."""

    code = "slot_full"
    rule = "R3"


class ChannelQuota(Rejected):
    """R4. The tier's places are given, or are no longer given."""

    code = "channel_quota"
    rule = "R4"


class TooEarly(Rejected):
    """R9, R11. Fact ``from_time``: when it may be done."""

    code = "too_early"
    rule = "R9"


class SlotOnPause(Rejected):
    """R12. The doctor stepped out."""

    code = "slot_paused"
    rule = "R12"


class UndoTooLate(Rejected):
    """R13. The step is too long ago, or something rests on it."""

    code = "undo_too_late"
    rule = "R13"


class NothingToUndo(Rejected):
    """R13. The token's last change is not a step that can be taken back."""

    code = "nothing_to_undo"
    rule = "R13"


class RescheduleLimit(Rejected):
    """R14. The token has been rescheduled as often as the hospital allows."""

    code = "reschedule_limit"
    rule = "R14"


class OfferExpired(Rejected):
    """R6. The offered seat went to the next."""

    code = "offer_expired"
    family = "gone"
    rule = "R6"


class HoldExpired(Rejected):
    """R16. The seat is no longer held."""

    code = "hold_expired"
    family = "gone"
    rule = "R16"


class CapacityBelowBooked(Rejected):
    """R17. More seats are taken than the new capacity has."""

    code = "capacity_below_booked"
    rule = "R17"


class SlotExists(Rejected):
    """R1. This slot has been opened."""

    code = "slot_exists"
    rule = "R1"

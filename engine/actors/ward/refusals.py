"""Why a ward says no. The rules they name are listed in the package's docstring. Times in facts are µs."""

from __future__ import annotations

from typing import ClassVar

from engine.errors import InvalidTransition, Rejected


class WardExists(Rejected):
    """R1. It was opened before."""

    code = "ward_exists"
    rule = "R1"


class WardGone(Rejected):
    """R1. The ward is closed for good: what was stays, and nothing of it changes. Fact ``ward_id``."""

    code = "ward_retired"
    rule = "R1"


class WardInUse(Rejected):
    """R1. Somebody lies there, or is expected. Facts ``ward_id``, and up to ten ``bed_ids``."""

    code = "in_use"
    rule = "R1"


class LabelTaken(Rejected):
    """R2. Another bed of the ward has the label. Facts ``ward_id``, ``bed_id`` of the other."""

    code = "label_taken"
    rule = "R2"


class TooManyBeds(Rejected):
    """R2. The ward has as many beds as a ward may have. Facts ``ward_id``, ``limit``."""

    code = "too_many_beds"
    rule = "R2"


class BedInUse(Rejected):
    """R3. Somebody lies in the bed, or it is kept for somebody. Facts ``bed_id``, ``state``."""

    code = "in_use"
    rule = "R3"


class IllegalStep(InvalidTransition):
    """R4. Facts ``bed_id``, ``from_state`` and ``to_state``."""

    rule: ClassVar[str] = "R4"


class BedKept(Rejected):
    """R5. The bed is kept for somebody else. Facts ``bed_id``, ``reserved_until``."""

    code = "bed_reserved"
    rule = "R5"


class AlreadyReserved(Rejected):
    """R5. A bed is kept for the patient already. Facts ``patient_id``, ``ward_id``, ``bed_id``."""

    code = "already_reserved"
    rule = "R5"


class AlreadyInBed(Rejected):
    """R6. The patient lies in another bed. Facts ``patient_id``, ``ward_id``, ``bed_id`` of that one."""

    code = "already_in_bed"
    rule = "R6"


class NotTheOccupant(Rejected):
    """R6. Another admission lies in the bed, or none does. Facts ``bed_id``, ``admission_id`` that was named."""

    code = "not_the_occupant"
    rule = "R6"


class BedOverlap(Rejected):
    """R7. Somebody else lay in the bed then. Facts ``bed_id``; ``start_time`` and ``end_time`` of that stay."""

    code = "bed_overlap"
    rule = "R7"


class BedUnfit(Rejected):
    """R8. What the patient needs the bed or its ward has not. Facts ``bed_id``, and ``why``: ``ward``, ``gender``,
    ``age``, ``type``, ``equipment`` or ``isolation``."""

    code = "bed_unfit"
    rule = "R8"


class RoomMates(Rejected):
    """R9. Those in the room do not agree with the patient. Facts ``bed_id``, ``room``, and ``why``: ``gender``,
    ``age`` or ``isolation``."""

    code = "room_mates"
    rule = "R9"

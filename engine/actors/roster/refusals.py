"""Why the roster says no. The rules they name are listed in the package's docstring."""

from __future__ import annotations

from engine.errors import Rejected


class StaffUnavailable(Rejected):
    """R1. Not approved, not active, or gone; nobody's word changes that. Fact ``staff_id``."""

    code = "staff_unavailable"
    rule = "R1"


class OffDuty(Rejected):
    """R2. Neither on duty nor on call now. Facts ``staff_id``, ``until`` (µs; 0: nobody knows)."""

    code = "off_duty"
    rule = "R2"


class OverMaximum(Rejected):
    """R3. Has as many patients as he or she may have. Facts ``staff_id``, ``load``, ``max_load``."""

    code = "over_maximum"
    rule = "R3"


class LacksSkill(Rejected):
    """R4. Facts ``staff_id``, ``skills``: those that are missing, in order."""

    code = "lacks_skill"
    rule = "R4"


class OtherWard(Rejected):
    """R5. Works in other wards only. Facts ``staff_id``, ``ward_id``."""

    code = "other_ward"
    rule = "R5"


class PatientTwice(Rejected):
    """R6. The member has this patient. Facts ``staff_id``, ``admission_id``."""

    code = "already_theirs"
    rule = "R6"


class NotTheirs(Rejected):
    """R6. The member does not have this patient. Facts ``staff_id``, ``admission_id``."""

    code = "not_theirs"
    rule = "R6"


class StaffInUse(Rejected):
    """R7. Has patients. Facts ``staff_id``, up to ten ``admission_ids``."""

    code = "in_use"
    rule = "R7"

"""Why a clinic says no."""

from __future__ import annotations

from engine.errors import Rejected


class ClinicRetired(Rejected):
    """R1: it is no longer used. Fact ``clinic_id``."""

    code = "clinic_retired"
    rule = "R1"


class ClinicInUse(Rejected):
    """R3: it has rooms. Fact ``rooms``: how many."""

    code = "in_use"
    rule = "R3"


class ClinicFull(Rejected):
    """R4: it has as many rooms as it may. Fact ``limit``."""

    code = "clinic_full"
    rule = "R4"


class TooManyRules(Rejected):
    """R5: the draft has as many rules as it may. Fact ``limit``."""

    code = "too_many_rules"
    rule = "R5"


class RulesTooLarge(Rejected):
    """R5: the draft names as many rooms, doctors and words as it may. Fact ``limit``."""

    code = "rules_too_large"
    rule = "R5"


class NoDraft(Rejected):
    """R7: nobody has drafted rules. Fact ``clinic_id``."""

    code = "no_draft"
    rule = "R7"

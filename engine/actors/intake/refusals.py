"""Why the intake says no. The rules they name are listed in the package's docstring."""

from __future__ import annotations

from engine.errors import Rejected


class AlreadyAdmitted(Rejected):
    """R1. Facts ``patient_id``, ``admission_id`` of the one that is open."""

    code = "already_admitted"
    rule = "R1"


class BothAdmitted(Rejected):
    """R1. Two records of one person have an open admission each. Fact ``admission_ids``."""

    code = "merge_conflict"
    rule = "R1"

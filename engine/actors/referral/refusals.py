"""Why a referral says no. The rules they name are listed in the package's docstring."""

from __future__ import annotations

from engine.errors import InvalidTransition, Rejected


class NoChange(Rejected):
    """It is so already. Fact ``status``, or what else is the same."""

    code = "no_change"
    rule = "R3"


class IllegalStep(InvalidTransition):
    """R3. Facts ``from_state`` and ``to_state``, ``referral_test_id``, and the ``legal`` steps from there."""

    rule = "R3"


class ReferralTransition(InvalidTransition):
    """R6, R7, R8. Facts ``from_state`` and ``to_state``."""

    rule = "R6"


class SampleInHand(Rejected):
    """R7. A test of it is in the branch's hands: it is completed or rejected first. Fact ``referral_test_ids``."""

    code = "sample_in_hand"
    rule = "R7"


class NoResult(Rejected):
    """R9. There is nothing yet to acknowledge, or to come back for."""

    code = "no_result"
    rule = "R9"

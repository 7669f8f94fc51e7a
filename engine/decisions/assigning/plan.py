"""A plan: what one decision changes on the roster, in wards, of admissions and at the intake.

The plan keeps what it has for each actor and asks the rule books' own functions as if it had happened, so that what it
foresees is what they agree to in the end; each actor is asked once, for all that the plan has for it.

R1  Doctor, nurse and bed: all of them, or none, and then the admission waits with the reason.
R2  Whatever frees something serves, in the same decision, who waits: by acuity, then by how long, class by class.
R3  At most ``AT_ONCE`` are served in one decision; the intake's own timer goes on with the others at once.
"""

from __future__ import annotations

from engine.actors.admission.state import Admission, How
from engine.actors.alerts.commands import Clear, Raise
from engine.actors.hospital import Hospital
from engine.actors.roster.commands import RosterStep
from engine.actors.ward.commands import WardStep
from engine.decider import At, FreeText
from engine.decisions.assigning.outcomes import HandedOver
from engine.decisions.finding import Deciding


class Plan:
    """What one decision changes; it sees its own pending changes, and asks nobody before ``propose``."""

    def __init__(self, hospital: Hospital, at: At, how: How = "automatic") -> None:
        raise NotImplementedError

    def roster(self, step: RosterStep) -> Deciding[None]:
        """A change of the roster as part of this plan: what follows is chosen as if it had happened.

        Refused at once where the roster would refuse it. ``drain`` afterwards serves who can be served now.
        """
        raise NotImplementedError

    def ward(self, ward_id: str, step: WardStep) -> Deciding[None]:
        """A change of a ward as part of this plan (any step; wards that do not exist yet included); refused at once."""
        raise NotImplementedError

    def raise_alert(self, step: Raise) -> None:
        """An alert, in the same entry."""
        raise NotImplementedError

    def clear_alert(self, step: Clear) -> None:
        """Nothing where none is open."""
        raise NotImplementedError

    def found(self, admission_id: str, if_version: int | None = None) -> Deciding[Admission]:
        """An admission as it will be; ``NotFound``, ``Stale``."""
        raise NotImplementedError

    def patients_of(self, staff_id: str) -> Deciding[tuple[str, ...]]:
        """The admissions that somebody has, as it will be."""
        raise NotImplementedError

    def hand_over(
        self,
        staff_id: str,
        to: str | None,
        admission_ids: tuple[str, ...] | None,
        why: str,
        reason: FreeText | None = None,
        note: FreeText | None = None,
        by: str = "",
    ) -> Deciding[HandedOver]:
        """Somebody's patients go to ``to``, or (``None``) each to the least loaded, the most urgent first.

        ``admission_ids`` ``None``: all. ``why``: ``deactivated`` | ``shift_end`` | ``handover``. For whom nobody is
        free waits for that role and keeps the rest. To a named one it is refused where he or she may not take it.
        """
        raise NotImplementedError

    def drain(self) -> Deciding[None]:
        """R2, R3. Every decision that may free something ends ``yield from plan.drain(); yield from plan.propose()``."""
        raise NotImplementedError

    def propose(self) -> Deciding[None]:
        """Ask every actor once, for all that the plan has for it."""
        raise NotImplementedError

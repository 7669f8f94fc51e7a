"""A plan: what one decision changes on the roster, in wards, of admissions and at the intake.

The plan keeps what it has for each actor and asks the rule books' own functions as if it had happened, so that what it
foresees is what they agree to in the end; each actor is asked once, for all that the plan has for it.

R1  Doctor, nurse and bed: all of them, or none, and then the admission waits with the reason.
R2  Whatever frees something serves, in the same decision, who waits: by acuity, then by how long, class by class.
R3  At most ``AT_ONCE`` are served in one decision; the intake's own timer goes on with the others at once.
R4  Who comes while others wait for the same is not looked for again: what they could not have is not there. Nobody
    passes by those who are to be served at once.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from engine.actors.admission.commands import Acknowledge, AdmissionStep, Admit, Lost
from engine.actors.admission.state import Admission, Assigned, How
from engine.actors.alerts.commands import Clear, Raise
from engine.actors.hospital import Hospital
from engine.actors.intake.commands import End, IntakeStep, Open
from engine.actors.roster.commands import RosterStep
from engine.actors.ward import RESERVATIONS
from engine.actors.ward.commands import Vacate, WardStep
from engine.actors.ward.draft import Draft
from engine.decider import At, Find, FreeText
from engine.decisions.assigning import by_hand, draining, handing, moving, proposing, serving
from engine.decisions.assigning.changes import Changes
from engine.decisions.assigning.choosing import Chosen, Missing, Search, Wish
from engine.decisions.assigning.handing import Words
from engine.decisions.assigning.outcomes import HandedOver, Moved
from engine.decisions.finding import Deciding
from engine.errors import Stale
from engine.needs import Acuity, Care, Need

__all__ = ["AT_ONCE", "HandedOver", "Moved", "Plan"]

AT_ONCE: Final = 100
"""Admissions served in one decision, half a millisecond each: a house in which everything frees up at once is not one
long pause for all."""


class Plan:
    """What one decision changes; it sees its own pending changes, and asks nobody before ``propose``."""

    __slots__ = ("_changes", "_search", "at", "hospital", "how", "time")

    def __init__(self, hospital: Hospital, at: At, how: How = "automatic") -> None:
        self.hospital = hospital
        self.at = at
        self.time = at.time
        self.how: How = how
        self._changes = Changes(hospital, at)
        self._search = Search(self._changes)

    def roster(self, step: RosterStep) -> Deciding[None]:
        """A change of the roster as part of this plan: what follows is chosen as if it had happened.

        Refused at once where the roster would refuse it. ``drain`` afterwards serves who can be served now.
        """
        return self._changes.on_roster(step)

    def ward(self, ward_id: str, step: WardStep) -> Deciding[None]:
        """A change of a ward as part of this plan (any step; wards that do not exist yet included); refused at once."""
        return self._changes.in_ward(ward_id, step)

    def drafted(self, ward_id: str) -> Deciding[Draft]:
        """A ward as it will be."""
        return self._changes.drafted(ward_id)

    def intake(self, step: IntakeStep) -> None:
        """A change of the intake that follows from nothing else here."""
        self._changes.intake.append(step)

    def admission(self, admission_id: str, step: AdmissionStep) -> Deciding[Admission]:
        """A change of an admission that concerns nobody else; the admission after it."""
        return self._changes.of_admission(admission_id, step)

    def raise_alert(self, step: Raise) -> None:
        """An alert, in the same entry."""
        self._changes.alerts.append(step)

    def clear_alert(self, step: Clear) -> None:
        """Nothing where none is open."""
        self._changes.alerts.append(step)

    def found(self, admission_id: str, if_version: int | None = None) -> Deciding[Admission]:
        """An admission as it will be; ``NotFound``, ``Stale``. It changes with the plan."""
        one = yield from self._changes.admission(admission_id)
        if if_version not in (None, one.version):
            raise Stale("the admission has changed", id=admission_id, version=one.version)
        return one

    def patients_of(self, staff_id: str) -> Deciding[tuple[str, ...]]:
        """The admissions that somebody has, as it will be."""
        listed = yield from self._changes.member(staff_id)
        return listed.patients if listed is not None else ()

    def admit(
        self, patient_id: str, acuity: Acuity, need: Need, admitted_at: int, note: FreeText | None = None
    ) -> Deciding[str]:
        """R1, R4: a new admission, with all that it needs or waiting; its id. ``AlreadyAdmitted`` at ``propose``."""
        changes, admission_id = self._changes, self.at.new_id(0)
        if (yield from changes.the_intake()).due:
            yield from self.drain()
        wish = Wish(admission_id, patient_id, acuity, need, bed=need.needs_bed)
        found = yield from self._first_look(wish)
        if isinstance(found, Missing):
            changes.new_admission(admission_id, Admit(patient_id, acuity, need, admitted_at, note, None, found.reason))
            waiter = serving.waiter_of(changes.admissions[admission_id].state)
            changes.waiting[admission_id] = waiter
            changes.intake.append(Open(admission_id, patient_id, waiter))
            return admission_id
        yield from serving.take(changes, wish, found)
        assigned = Assigned(at=self.time, how=self.how, carers=found.carers, choice=found.choice)
        changes.new_admission(admission_id, Admit(patient_id, acuity, need, admitted_at, note, assigned))
        changes.intake.append(Open(admission_id, patient_id))
        yield from serving.close_alert(changes, serving.TIMEOUT, patient_id)
        return admission_id

    def assign(self, admission_id: str, how: How | None = None) -> Deciding[Missing | None]:
        """R1: all that an admission that waits is missing; else nothing of it, and why."""
        one = yield from self._changes.admission(admission_id)
        wish = serving.wish_of(one)
        found = yield from self._search.look(wish)
        if isinstance(found, Missing):
            return found
        yield from serving.serve(self._changes, one, wish, found, how or self.how)
        return None

    def wait_on(
        self, admission_id: str, missing: Missing, *, counted: bool = False, retry_at: int = 0, otherwise: bool = False
    ) -> Deciding[Admission]:
        """An attempt in vain: the admission goes on waiting, for this reason; ``otherwise``: for other things."""
        changes = self._changes
        one = yield from changes.admission(admission_id)
        return (
            yield from serving.wait_on(changes, one, missing, counted=counted, retry_at=retry_at, otherwise=otherwise)
        )

    def line_up(self, one: Admission) -> None:
        """An admission that waits stands where it belongs now."""
        serving.enqueue(self._changes, one)

    def assign_by_hand(
        self,
        admission_id: str,
        staff: by_hand.Named,
        bed_id: str | None,
        reason: FreeText,
        *,
        force: bool = False,
        since: int = 0,
    ) -> Deciding[None]:
        """Who and what somebody names; what is not named is chosen. ``since``: in the bed since when (µs; 0: now)."""
        one = yield from self._changes.admission(admission_id)
        words = Words(reason, None, self.at.who)
        yield from by_hand.assign(self._changes, self._search, one, staff, bed_id, words, force=force, since=since)

    def hand_over(
        self,
        staff_id: str,
        to: str | None,
        admission_ids: tuple[str, ...] | None,
        why: Lost,
        reason: FreeText | None = None,
        note: FreeText | None = None,
        by: str = "",
    ) -> Deciding[HandedOver]:
        """Somebody's patients go to ``to``, or (``None``) each to the least loaded, the most urgent first.

        ``admission_ids`` ``None``: all. For whom nobody is free (``left``) stays where ``why`` is ``handover`` and the
        member is still on duty; else waits for that role and keeps the rest. To a named one it is refused where he or
        she may not take it.
        """
        words = Words(reason, note, by)
        return handing.hand_over(self._changes, self._search, staff_id, to, admission_ids, why, words)

    def reassign(
        self, admission_id: str, role: Care, to: str | None, reason: FreeText | None, note: FreeText | None
    ) -> Deciding[None]:
        """One carer of one patient: by name, or (``None``) the least loaded of the others."""
        one = yield from self._changes.admission(admission_id)
        words = Words(reason, note, self.at.who)
        yield from handing.reassign(self._changes, self._search, one, role, to, words)

    def acknowledge(self, admission_id: str) -> Deciding[Admission]:
        """Who took over says so."""
        return self._changes.of_admission(admission_id, Acknowledge())

    def move_bed(
        self, admission_id: str, ward_id: str | None, bed_id: str | None, reason: FreeText | None
    ) -> Deciding[None]:
        """Another bed, by choice or by name; the old one is to be cleaned."""
        one = yield from self._changes.admission(admission_id)
        words = Words(reason, None, self.at.who)
        yield from moving.move(self._changes, self._search, one, ward_id, bed_id, words)

    def leave_bed(self, admission_id: str) -> Deciding[None]:
        """The patient needs no bed any more, and keeps doctor and nurse."""
        changes = self._changes
        one = yield from changes.admission(admission_id)
        had = one.carers
        yield from changes.in_ward(had.ward_id, Vacate(had.bed_id, admission_id, self.time))
        yield from serving.settle(changes, one, replace(had, ward_id="", bed_id=""), "transfer", None, self.at.who)

    def swap_beds(self, admission_id: str, other_id: str, reason: FreeText | None) -> Deciding[None]:
        """Two patients change places."""
        one = yield from self._changes.admission(admission_id)
        other = yield from self._changes.admission(other_id)
        yield from moving.swap(self._changes, self._search, one, other, Words(reason, None, self.at.who))

    def leave(
        self, admission_id: str, step: AdmissionStep, left_at: int = 0, *, contaminated: bool = False
    ) -> Deciding[None]:
        """The admission is over by this step, and gives back what it has."""
        changes = self._changes
        one = yield from changes.admission(admission_id)
        had, patient_id = one.carers, one.patient_id
        yield from changes.of_admission(admission_id, step)
        yield from serving.give_back(changes, admission_id, had, left_at, contaminated=contaminated)
        changes.waiting[admission_id] = None
        changes.intake.append(End(admission_id, patient_id))
        yield from serving.close_alerts(changes, one)

    def drain(self) -> Deciding[None]:
        """R2, R3. What may free something ends ``yield from plan.drain(); yield from plan.propose()``."""
        changes = self._changes
        if changes.given or (yield from changes.the_intake()).due:
            yield from draining.drain(changes, self._search, AT_ONCE)

    def propose(self) -> Deciding[None]:
        """Ask every actor once, for all that the plan has for it."""
        return proposing.propose(self._changes)

    def _first_look(self, wish: Wish) -> Deciding[Chosen | Missing]:
        """R4."""
        changes = self._changes
        if changes.more:
            return Missing("no_staff")  # for a moment: the intake goes on at once, and serves in order
        intake = yield from changes.the_intake()
        line = intake.lines.get((wish.need, wish.roles, wish.bed, wish.ward_id))
        if line and not changes.given and not intake.due:
            reason = intake.waiting[line[0][2]].reason
            kept: str | None = yield Find(RESERVATIONS, wish.patient_id)
            if kept is None and reason != "timeout":
                return Missing(reason)
        return (yield from self._search.look(wish))

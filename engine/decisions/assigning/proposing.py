"""How a plan becomes proposals: one for each actor, compound where it has several things for it."""

from __future__ import annotations

from engine.actors.admission.commands import Together as AdmissionTogether
from engine.actors.admission.state import admission_key
from engine.actors.alerts.commands import Together as AlertsTogether
from engine.actors.alerts.state import ALERTS
from engine.actors.intake.commands import Together as IntakeTogether
from engine.actors.intake.state import INTAKE
from engine.actors.roster.commands import Together as RosterTogether
from engine.actors.roster.state import ROSTER
from engine.actors.ward.commands import Together as WardTogether
from engine.actors.ward.state import ward_key
from engine.decider import Propose
from engine.decisions.assigning.changes import Changes
from engine.decisions.assigning.serving import SHIFT_OVER, close_alert
from engine.decisions.finding import Deciding


def propose(changes: Changes) -> Deciding[None]:
    """The wards and the roster first: what they refuse is what the caller asked for."""
    for staff_id in changes.emptied():
        yield from close_alert(changes, SHIFT_OVER, staff_id)
    for ward_id, ward in changes.wards.items():
        steps = ward.steps
        yield Propose(ward_key(ward_id), steps[0] if len(steps) == 1 else WardTogether(tuple(steps)))
    if changes.roster:
        members = changes.roster
        yield Propose(ROSTER, members[0] if len(members) == 1 else RosterTogether(tuple(members)))
    for admission_id, admission in changes.admissions.items():
        own = admission.steps
        yield Propose(admission_key(admission_id), own[0] if len(own) == 1 else AdmissionTogether(tuple(own)))
    if changes.intake:
        line = changes.intake
        yield Propose(INTAKE, line[0] if len(line) == 1 else IntakeTogether(tuple(line)))
    if changes.alerts:
        alerts = changes.alerts
        yield Propose(ALERTS, alerts[0] if len(alerts) == 1 else AlertsTogether(tuple(alerts)))

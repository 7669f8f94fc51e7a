"""How an event changes a clinic."""

from __future__ import annotations

from typing import assert_never

import msgspec

from engine.actors.clinic.events import (
    ClinicChanged,
    ClinicEvent,
    ClinicOpened,
    ClinicRetired,
    DraftDiscarded,
    RoomDelisted,
    RoomListed,
    RuleDrafted,
    RuleDropped,
    RuleFailed,
    RulesActivated,
    RulesDrafted,
)
from engine.actors.clinic.policies import rules_in_force
from engine.actors.clinic.state import KEPT_VERSIONS, Clinic, RuleVersion
from engine.rules.inherent import asks_for_patient


def evolve(state: Clinic, event: ClinicEvent) -> None:
    """The state after an event."""
    if isinstance(event, RuleFailed):
        state.rule_errors += event.rooms
        state.failed_at = event.time
        return
    state.version += 1
    match event:
        case ClinicOpened():
            state.name, state.settings, state.created_at = event.name, event.settings, event.time
        case ClinicChanged():
            state.name, state.settings = event.name, event.settings
        case ClinicRetired():
            state.retired = True
        case RoomListed(profile=profile):
            state.rooms[profile.id] = profile
            (state.by_patient.add if asks_for_patient(profile) else state.by_patient.discard)(profile.id)
        case RoomDelisted(room_id=room_id):
            state.rooms.pop(room_id, None)
            state.by_patient.discard(room_id)
        case RulesDrafted():
            state.draft = {rule.id: rule for rule in rules_in_force(state)}
        case RuleDrafted(rule=rule):
            assert state.draft is not None, "a rule without a draft"
            if rule.id not in state.draft:
                state.rule_ids.append(rule.id)
            state.draft[rule.id] = rule
        case RuleDropped(rule_id=rule_id):
            assert state.draft is not None, "a rule without a draft"
            state.draft.pop(rule_id, None)
        case DraftDiscarded():
            state.draft = None
        case RulesActivated():
            _activate(state, event)
        case _:
            assert_never(event)


def _activate(state: Clinic, event: RulesActivated) -> None:
    if state.versions:
        state.versions[-1] = msgspec.structs.replace(state.versions[-1], archived_at=event.time)
    state.versions.append(
        RuleVersion(
            number=event.number,
            rules=event.rules,
            count=len(event.rules),
            activated_at=event.time,
            activated_by=event.by,
        )
    )
    if len(state.versions) > KEPT_VERSIONS:
        oldest = -KEPT_VERSIONS - 1
        state.versions[oldest] = msgspec.structs.replace(state.versions[oldest], rules=())
    state.active = event.number
    if event.from_draft:
        state.draft = None
    state.policies.clear()

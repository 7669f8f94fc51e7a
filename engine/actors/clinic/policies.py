"""Which rules of a clinic hold: those in force, those of a version, the draft; and what they come to on a day."""

from __future__ import annotations

from datetime import date

from engine.actors.clinic.refusals import NoDraft
from engine.actors.clinic.state import KEPT_VERSIONS, Clinic, RuleVersion
from engine.errors import NotFound
from engine.rules.compiling import Policy
from engine.rules.kinds import Rule


def policy_on(clinic: Clinic, day: date | str) -> Policy | None:
    """What is in force on a local day, compiled; ``None`` while the clinic has no rules in force."""
    if not clinic.active:
        return None
    on = date.fromisoformat(day) if isinstance(day, str) else day
    return clinic.policies.get(clinic.id, clinic.active, clinic.versions[-1].rules, on)


def wants_patient(clinic: Clinic, policy: Policy | None) -> bool:
    """Whether a choice depends on the patient's gender or age, so that somebody has to look into the record."""
    return clinic.wants_patient or (policy is not None and policy.wants_patient)


def cache_counts(clinic: Clinic) -> tuple[int, int]:
    """How often a compiled policy was there when it was asked for, and how often it was not."""
    return clinic.policies.hits, clinic.policies.misses


def rules_in_force(clinic: Clinic) -> tuple[Rule, ...]:
    """The rules of the version in force."""
    return clinic.versions[-1].rules if clinic.versions else ()


def editable_rules(clinic: Clinic) -> dict[str, Rule]:
    """What an edit changes: the draft, or what it would begin from."""
    return clinic.draft if clinic.draft is not None else {rule.id: rule for rule in rules_in_force(clinic)}


def drafted(clinic: Clinic) -> dict[str, Rule]:
    """The rules of the draft, by id; ``NoDraft`` where nobody edits."""
    if clinic.draft is None:
        raise NoDraft("there is no draft of rules", clinic_id=clinic.id)
    return clinic.draft


def version_of(clinic: Clinic, number: int) -> RuleVersion:
    """The version of this number; ``NotFound`` where there never was one, or its rules stand in the log alone."""
    if not 1 <= number <= clinic.active:
        raise NotFound("there is no such version of the rules", version=number)
    if number <= clinic.active - KEPT_VERSIONS:
        raise NotFound(f"only the last {KEPT_VERSIONS} versions can be looked at or used again", version=number)
    return clinic.versions[number - 1]

"""A clinic and its rules as answered."""

from __future__ import annotations

from datetime import datetime

import msgspec

from engine import calendar
from engine.actors.clinic.policies import cache_counts
from engine.actors.clinic.state import Clinic, ClinicSettings, RuleStatus, RuleVersion
from engine.rules.kinds import AnyRule, Rule


class PolicyCacheView(msgspec.Struct, frozen=True):
    """Since the clinic is in memory: how often compiled rules were there when they were asked for.

    ``failures``: rooms that a rule could not look at, for requests that were refused and for evaluations, too.
    """

    hits: int
    misses: int
    hit_rate: float | None
    failures: int


class ClinicView(msgspec.Struct, frozen=True):
    """A clinic as answered; times in UTC. ``rule_version`` 0: no rules are in force.

    ``rule_errors``: rooms that a rule could not look at, ever, as the log has it.
    """

    id: str
    name: str
    settings: ClinicSettings
    rooms: int
    rule_version: int
    has_draft: bool
    policy_cache: PolicyCacheView
    rule_errors: int
    retired: bool
    created_at: datetime
    version: int


class RuleView(msgspec.Struct, frozen=True):
    """A rule as answered. ``rule_version``: of the rules it is in, null for the draft; ``version``: the clinic's."""

    id: str
    clinic_id: str
    status: RuleStatus
    rule_version: int | None
    rule: AnyRule
    version: int


class RuleVersionView(msgspec.Struct, frozen=True):
    """A version of a clinic's rules; times in UTC. ``rules``: how many; ``version``: the clinic's."""

    clinic_id: str
    rule_version: int
    status: RuleStatus
    rules: int
    activated_at: datetime
    activated_by: str
    archived_at: datetime | None
    version: int


def clinic_view(state: Clinic) -> ClinicView:
    """The clinic as answered."""
    hits, misses = cache_counts(state)
    asked = hits + misses
    return ClinicView(
        id=state.id,
        name=state.name,
        settings=state.settings,
        rooms=len(state.rooms),
        rule_version=state.active,
        has_draft=state.draft is not None,
        policy_cache=PolicyCacheView(hits, misses, round(hits / asked, 4) if asked else None, state.policies.failures),
        rule_errors=state.rule_errors,
        retired=state.retired,
        created_at=calendar.moment(state.created_at),
        version=state.version,
    )


def version_view(state: Clinic, version: RuleVersion) -> RuleVersionView:
    """A version as answered."""
    return RuleVersionView(
        clinic_id=state.id,
        rule_version=version.number,
        status=_status(version),
        rules=version.count,
        activated_at=calendar.moment(version.activated_at),
        activated_by=version.activated_by,
        archived_at=calendar.moment(version.archived_at) if version.archived_at else None,
        version=state.version,
    )


def rule_view(state: Clinic, rule: Rule, version: RuleVersion | None) -> RuleView:
    """A rule of a version, or of the draft, as answered."""
    return RuleView(
        id=rule.id,
        clinic_id=state.id,
        status="draft" if version is None else _status(version),
        rule_version=None if version is None else version.number,
        rule=rule.spec,
        version=state.version,
    )


def rule_found(state: Clinic, rule_id: str) -> RuleView | None:
    """A rule as it stands: in the draft, else in force, else in the newest version that had it."""
    if state.draft is not None and rule_id in state.draft:
        return rule_view(state, state.draft[rule_id], None)
    for version in reversed(state.versions):
        for rule in version.rules:
            if rule.id == rule_id:
                return rule_view(state, rule, version)
    return None


def _status(version: RuleVersion) -> RuleStatus:
    return "archived" if version.archived_at else "active"

"""Rules of a clinic: drafted one by one, put in force together, or an earlier version again.

R1  A rule that names doctors names doctors of this hospital, as long as they are in service when it is written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta

from engine.actors.clinic.commands import Activate, DiscardDraft, DraftRule, DropRule
from engine.actors.clinic.state import Clinic, clinic_key
from engine.actors.clinic.view import RuleVersionView, RuleView, rule_found, version_view
from engine.actors.doctor import Doctor, doctor_key
from engine.actors.hospital import Id
from engine.decider import At, Deciding, Decision, Done, Find, Look, Propose, Value
from engine.decisions import finding
from engine.decisions.clinics import as_it_is, the_clinic
from engine.errors import Invalid, NotFound
from engine.rules.kinds import AnyRule, DoctorsOnly


class AddRule(Value, frozen=True):
    """Put a new rule in the clinic's draft, which begins with it if there is none."""

    clinic_id: Id
    rule: AnyRule


class ChangeRule(Value, frozen=True):
    """Replace a rule in the clinic's draft, which begins with it if there is none; ``if_version`` is the clinic's."""

    rule_id: Id
    rule: AnyRule
    if_version: int | None = None


class RemoveRule(Value, frozen=True):
    """Take a rule out of the clinic's draft, which begins without it if there is none."""

    rule_id: Id
    if_version: int | None = None


class ActivateRules(Value, frozen=True):
    """Put the draft in force, or the rules of an earlier version again."""

    clinic_id: Id
    version: Annotated[int, Meta(ge=1)] | None = None


class DiscardRuleDraft(Value, frozen=True):
    """Forget the draft."""

    clinic_id: Id


def add(command: AddRule, at: At) -> Deciding:
    """A rule of the draft."""
    clinic = yield from the_clinic(command.clinic_id)
    yield from _known_doctors(command.rule)
    rule_id = at.new_id(0)
    yield Propose(clinic_key(clinic.id), DraftRule(rule_id, command.rule, new=True))
    return _rule(clinic.id, rule_id, "created")


def change(command: ChangeRule, at: At) -> Deciding:
    """The same rule, otherwise."""
    clinic = yield from _clinic_of(command.rule_id)
    yield from _known_doctors(command.rule)
    draft = DraftRule(command.rule_id, command.rule, new=False, if_version=command.if_version)
    yield Propose(clinic_key(clinic.id), draft)
    return _rule(clinic.id, command.rule_id)


def remove(command: RemoveRule, at: At) -> Deciding:
    """No rule of the draft any more."""
    clinic = yield from _clinic_of(command.rule_id)
    yield Propose(clinic_key(clinic.id), DropRule(command.rule_id, command.if_version))
    return Done(outcome="removed")


def activate(command: ActivateRules, at: At) -> Deciding:
    """All at once."""
    clinic = yield from the_clinic(command.clinic_id)
    key = clinic_key(clinic.id)
    yield Propose(key, Activate(at.who, command.version))

    def answer(look: Callable[[str], Any]) -> RuleVersionView:
        state: Clinic = look(key)
        return version_view(state, state.versions[-1])

    return Done(answer)


def discard(command: DiscardRuleDraft, at: At) -> Deciding:
    """What is in force stays."""
    clinic = yield from the_clinic(command.clinic_id)
    yield Propose(clinic_key(clinic.id), DiscardDraft())
    return as_it_is(clinic.id)


def _clinic_of(rule_id: str) -> finding.Deciding[Clinic]:
    key: str | None = yield Find("rules", rule_id)
    if key is None:
        raise NotFound("there is no such rule", rule_id=rule_id)
    return (yield from the_clinic(key.partition(":")[2]))


def _known_doctors(spec: AnyRule) -> finding.Deciding[None]:
    """R1."""
    named = [("rule.scope.doctor_ids", spec.scope.doctor_ids)]
    if isinstance(spec, DoctorsOnly):
        named.append(("rule.doctors", spec.doctors))
    for field, ids in named:
        for index, doctor_id in enumerate(ids):
            doctor: Doctor | None = yield Look(doctor_key(doctor_id))
            if doctor is None or not doctor.version or doctor.retired_at:
                raise Invalid("this is no doctor in service", field=f"{field}[{index}]", doctor_id=doctor_id)


def _rule(clinic_id: str, rule_id: str, outcome: str = "ok") -> Done:
    def answer(look: Callable[[str], Any]) -> RuleView:
        found = rule_found(look(clinic_key(clinic_id)), rule_id)
        assert found is not None, "a rule that was just written"
        return found

    return Done(answer, outcome)


def _home(command: AddRule | ActivateRules | DiscardRuleDraft, find: Callable[[str, str], str | None]) -> str | None:
    return find("clinics", command.clinic_id)


def _home_of_rule(command: ChangeRule | RemoveRule, find: Callable[[str, str], str | None]) -> str | None:
    return find("rules", command.rule_id)


ADD_RULE = Decision(command=AddRule, run=add, home=_home)
CHANGE_RULE = Decision(command=ChangeRule, run=change, home=_home_of_rule)
REMOVE_RULE = Decision(command=RemoveRule, run=remove, home=_home_of_rule)
ACTIVATE_RULES = Decision(command=ActivateRules, run=activate, home=_home)
DISCARD_RULE_DRAFT = Decision(command=DiscardRuleDraft, run=discard, home=_home)

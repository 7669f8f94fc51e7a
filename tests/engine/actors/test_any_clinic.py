"""Any sequence of edits leaves a clinic's rules as a model of three lines has them: draft, versions, what is found."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.actors.clinic import CLINIC
from engine.actors.clinic.commands import Activate, DiscardDraft, DraftRule, DropRule, OpenClinic
from engine.actors.clinic.policies import policy_on
from engine.actors.clinic.state import ClinicSettings
from engine.actors.clinic.view import rule_found
from engine.errors import Rejected
from engine.rules.kinds import LeastBusy
from tests.engine.actors.asked import Actor

WEIGHTS = st.integers(1, 3)
Rules = dict[str, int]
"""Weight by id: all that tells one rule from another here."""


class AnyClinic(RuleBasedStateMachine):
    """One clinic, a handful of rules, and what they should be."""

    @initialize()
    def begin(self) -> None:
        self.actor = Actor(CLINIC, "c1")
        self.actor.ask(OpenClinic("Heart", ClinicSettings()))
        self.draft: Rules | None = None
        self.versions: list[Rules] = []
        self.ever: set[str] = set()

    def editable(self) -> Rules:
        return dict(self.draft if self.draft is not None else self.versions[-1] if self.versions else {})

    def refused(self, command: Any) -> None:
        with pytest.raises(Rejected):
            self.actor.ask(command)

    @rule(weight=WEIGHTS)
    def add(self, weight: int) -> None:
        id = f"rule-{len(self.ever)}"
        self.actor.ask(DraftRule(id, _spec(weight), new=True))
        self.draft = {**self.editable(), id: weight}
        self.ever.add(id)

    @rule(number=st.integers(0, 6), weight=WEIGHTS)
    def change(self, number: int, weight: int) -> None:
        id, rules = f"rule-{number}", self.editable()
        command = DraftRule(id, _spec(weight), new=False)
        if id not in rules:
            self.refused(command)
            return
        self.actor.ask(command)
        if rules[id] != weight:
            self.draft = {**rules, id: weight}

    @rule(number=st.integers(0, 6))
    def drop(self, number: int) -> None:
        id, rules = f"rule-{number}", self.editable()
        if id not in rules:
            self.refused(DropRule(id))
            return
        self.actor.ask(DropRule(id))
        del rules[id]
        self.draft = rules

    @rule()
    def discard(self) -> None:
        if self.draft is None:
            self.refused(DiscardDraft())
            return
        self.actor.ask(DiscardDraft())
        self.draft = None

    @rule()
    def activate(self) -> None:
        if self.draft is None:
            self.refused(Activate("admin"))
            return
        self.actor.ask(Activate("admin"))
        self.versions.append(self.draft)
        self.draft = None

    @rule(number=st.integers(1, 6))
    def return_to(self, number: int) -> None:
        if number > len(self.versions):
            self.refused(Activate("admin", version=number))
            return
        self.actor.ask(Activate("admin", version=number))
        if number != len(self.versions):
            self.versions.append(self.versions[number - 1])

    @invariant()
    def it_is_as_it_should_be(self) -> None:
        state = self.actor.state
        assert (None if state.draft is None else _plain(state.draft.values())) == self.draft
        assert [_plain(version.rules) for version in state.versions] == self.versions
        assert state.active == len(self.versions)
        assert self.actor.filed == {("clinics", "c1"), *(("rules", id) for id in self.ever)}

    @invariant()
    def what_is_compiled_is_what_is_in_force(self) -> None:
        policy = policy_on(self.actor.state, "2026-02-02")
        if not self.versions:
            assert policy is None
            return
        assert policy is not None
        assert policy.number == len(self.versions)
        assert {soft.rule_id for soft in policy.soft} == set(self.versions[-1])

    @invariant()
    def each_rule_is_shown_as_it_stands(self) -> None:
        for id in self.ever:
            places = [self.draft or {}, *reversed(self.versions)]
            newest = next((rules[id] for rules in places if id in rules), None)
            found = rule_found(self.actor.state, id)
            assert (None if found is None else found.rule) == (None if newest is None else _spec(newest))


def _spec(weight: int) -> LeastBusy:
    return LeastBusy(name="least busy", weight=weight)


def _plain(rules: Any) -> Rules:
    return {rule.id: rule.spec.weight for rule in rules}


AnyClinic.TestCase.settings = settings(max_examples=60, stateful_step_count=25)
TestAnyClinic = AnyClinic.TestCase

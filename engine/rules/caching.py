"""Compiled policies, kept while they can be used again.

Rules of a version differ from day to day only at the dates on which one begins or ends, so a policy is kept for the
stretch of days between two such dates. A version never changes; another one in force makes the kept ones useless.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date

from engine.rules.compiling import Policy, compile_rules
from engine.rules.kinds import Rule

MAX_POLICIES = 256
"""Policies kept; the one that came first goes first."""


class PolicyCache:
    """Policies by clinic, version and which rules are effective. Of no consequence but for time: equal to any other."""

    __slots__ = ("_cuts", "_failures", "_policies", "hits", "misses")
    __hash__ = None  # type: ignore[assignment]  # equal to all others, so no key of anything

    def __init__(self) -> None:
        self.hits = 0
        self.misses = 0
        self._cuts: dict[tuple[str, int], list[int]] = {}
        self._policies: dict[tuple[str, int, int], Policy] = {}
        self._failures = 0
        """Of policies that are not kept any more."""

    def get(self, clinic_id: str, number: int, rules: Sequence[Rule], day: date) -> Policy:
        """The policy of a version on a local day, compiled unless it is kept."""
        cuts = self._cuts.get((clinic_id, number))
        if cuts is None:
            cuts = self._cuts[clinic_id, number] = _cuts(rules)
        key = (clinic_id, number, bisect_right(cuts, day.toordinal()))
        policy = self._policies.get(key)
        if policy is not None:
            self.hits += 1
            return policy
        self.misses += 1
        if len(self._policies) >= MAX_POLICIES:
            self._forget_first()
        policy = self._policies[key] = compile_rules(number, rules, day)
        return policy

    @property
    def failures(self) -> int:
        """Rooms that a rule could not look at."""
        return self._failures + sum(policy.failures for policy in self._policies.values())

    def clear(self) -> None:
        """Keep nothing: another version is in force. The counts go on."""
        self._failures = self.failures
        self._cuts.clear()
        self._policies.clear()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PolicyCache)

    def __len__(self) -> int:
        return len(self._policies)

    def _forget_first(self) -> None:
        first = next(iter(self._policies))
        self._failures += self._policies.pop(first).failures
        if all(key[:2] != first[:2] for key in self._policies):
            self._cuts.pop(first[:2], None)


def _cuts(rules: Sequence[Rule]) -> list[int]:
    """The days (ordinals) from which on other rules are effective than the day before."""
    days: set[int] = set()
    for rule in rules:
        if rule.spec.enabled:
            if rule.spec.effective_from is not None:
                days.add(rule.spec.effective_from.toordinal())
            if rule.spec.effective_to is not None:
                days.add(rule.spec.effective_to.toordinal() + 1)
    return sorted(days)

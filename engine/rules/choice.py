"""Which room is the best one: tests exclude, rules give points, and the order is the same for the same question.

Nobody is asked here who could say no afterwards: the room itself has the last word, and ``Choice.ranked`` says whom
to ask next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Never

import msgspec

from engine.rules.compiling import Policy
from engine.rules.hard import Meets
from engine.rules.inherent import inherent_tests
from engine.rules.soft import Points
from engine.rules.subject import Ranked, RoomProfile, RoomUse, Subject, Term

EXPLAINED = 4
"""Rooms of a choice whose points are given rule by rule: the chosen one and the next three."""

RULE_ERROR = "rule_error"
NO_RULES = Policy(0)


class Candidate(NamedTuple):
    """A room, and how it stands at the wanted time."""

    profile: RoomProfile
    use: RoomUse


class RuleError(NamedTuple):
    """A rule that could not be evaluated: for how many rooms, the first of them, and the kind of error."""

    rule_id: str
    rooms: int
    first_room: str
    error: str


class Choice(msgspec.Struct, frozen=True):
    """Rooms that can be had, best first, and why the others cannot: each counts under its first reason.

    ``failed`` is by rule id, or a name of ``engine.rules.inherent``, or ``rule_error``.
    """

    ranked: list[Ranked]
    failed: dict[str, int]
    errors: tuple[RuleError, ...]
    considered: int


class Verdict(msgspec.Struct, frozen=True):
    """One room looked at for everything: all reasons against it, all terms, also those that are nothing."""

    room_id: str
    failed: tuple[str, ...]
    terms: tuple[Term, ...]
    total: int
    score: int
    errors: tuple[RuleError, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether it can be had, as far as rules know."""
        return not self.failed


def choose(policy: Policy | None, subject: Subject, candidates: Iterable[Candidate], keep: int | None = None) -> Choice:
    """All rooms that pass, by points and then by id; with ``keep`` no more than the first so many.

    A rule that raises excludes the room: nobody gets a room that a rule could not look at.
    """
    policy = policy or NO_RULES
    hard, soft = _bind(policy, subject)
    passed: list[tuple[int, str, Candidate]] = []
    failed: dict[str, int] = {}
    errors: dict[tuple[str, str], RuleError] = {}
    considered = 0
    for candidate in candidates:
        profile, use = candidate
        considered += 1
        rule_id = ""
        try:
            for rule_id, meets in hard:
                if not meets(profile, use):
                    failed[rule_id] = failed.get(rule_id, 0) + 1
                    break
            else:
                total = 0
                for rule_id, points in soft:  # noqa: B007 - where one raises, its id is noted below
                    total += points(profile, use)
                # Points turned round, so that a plain sort puts the best first and equal ones in order of id.
                passed.append((-total, profile.id, candidate))
        except Exception as error:
            failed[RULE_ERROR] = failed.get(RULE_ERROR, 0) + 1
            policy.failures += 1
            _note(errors, rule_id, profile.id, error)
    passed.sort()
    ranked = [
        Ranked(room_id, -total, score_of(-total), _terms(soft, candidate) if place < EXPLAINED else ())
        for place, (total, room_id, candidate) in enumerate(passed[:keep])
    ]
    return Choice(ranked, failed, tuple(errors.values()), considered)


def judge(policy: Policy | None, subject: Subject, candidate: Candidate) -> Verdict:
    """One room with all that speaks against it and for it."""
    (verdict,) = judge_each(policy, subject, (candidate,))
    return verdict


def judge_each(policy: Policy | None, subject: Subject, candidates: Iterable[Candidate]) -> Iterator[Verdict]:
    """The same of several rooms."""
    policy = policy or NO_RULES
    hard, soft = _bind(policy, subject)
    speaking = dict(soft)
    every = [(rule_id, speaking.get(rule_id)) for rule_id, _ in policy.soft]
    for candidate in candidates:
        verdict = _verdict(hard, every, candidate)
        policy.failures += bool(verdict.errors)
        yield verdict


def _verdict(hard: list[tuple[str, Meets]], soft: list[tuple[str, Points | None]], candidate: Candidate) -> Verdict:
    profile, use = candidate
    failed: list[str] = []
    terms: list[Term] = []
    errors: dict[tuple[str, str], RuleError] = {}
    for reason, meets in hard:
        try:
            if not meets(profile, use):
                failed.append(reason)
        except Exception as error:
            _note(errors, reason, profile.id, error)
    for rule_id, points in soft:
        try:
            # What is no number fails here, within reach of the except.
            terms.append(Term(rule_id, 0 + points(profile, use) if points is not None else 0))
        except Exception as error:
            _note(errors, rule_id, profile.id, error)
    if errors:
        failed.append(RULE_ERROR)
    total = sum(term.points for term in terms)
    return Verdict(profile.id, tuple(failed), tuple(terms), total, score_of(total), tuple(errors.values()))


def score_of(total: int) -> int:
    """Thousandths of a point as a score from 0 to 100; 50 is neither liked nor disliked. Rounded down."""
    return min(100, max(0, 50 + total // 1_000))


def _bind(policy: Policy, subject: Subject) -> tuple[list[tuple[str, Meets]], list[tuple[str, Points]]]:
    """The tests and terms of this question; rules that cannot say anything to it are left out."""
    tests = inherent_tests(subject)
    for hard in policy.hard:
        try:
            meets = hard.bind(subject)
        except Exception as error:
            meets = _raising(error)
        if meets is not None:
            tests.append((hard.rule_id, meets))
    terms: list[tuple[str, Points]] = []
    for soft in policy.soft:
        try:
            points = soft.bind(subject)
        except Exception as error:
            points = _raising(error)
        if points is not None:
            terms.append((soft.rule_id, points))
    return tests, terms


def _raising(error: Exception) -> Callable[[RoomProfile, RoomUse], Never]:
    """A rule that failed before it saw a room fails for each of them."""

    def fail(room: RoomProfile, use: RoomUse) -> Never:
        raise error.with_traceback(None)

    return fail


def _note(errors: dict[tuple[str, str], RuleError], rule_id: str, room_id: str, error: Exception) -> None:
    kind = type(error).__name__
    known = errors.get((rule_id, kind))
    errors[rule_id, kind] = (
        RuleError(rule_id, 1, room_id, kind) if known is None else known._replace(rooms=known.rooms + 1)
    )


def _terms(soft: list[tuple[str, Points]], candidate: Candidate) -> tuple[Term, ...]:
    """What the soft rules gave a room that passed; those that gave nothing are left out."""
    given = ((rule_id, points(candidate.profile, candidate.use)) for rule_id, points in soft)
    return tuple(Term(rule_id, points) for rule_id, points in given if points)

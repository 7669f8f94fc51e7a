"""What an explanation consists of: plain values, ready for JSON, and the lines in which people read them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from replay.explaining.rulebook import RuleText
from replay.showing import said, told

WIDTH = 12


class Candidate(msgspec.Struct, omit_defaults=True):
    """Somebody or something that a choice looked at. ``points``: by rule, in points; ``why_not``: all that spoke
    against it, of one that was not chosen."""

    id: str
    name: str = ""
    chosen: bool = False
    facts: dict[str, Any] = {}
    points: dict[str, float] = {}
    score: float | None = None
    why_not: list[str] = []


class Section(msgspec.Struct, omit_defaults=True):
    """Why one thing came out as it did. ``winner``: what the rules give when they decide again, ``decided``: what the
    log says; both are ids, or a word such as a status. ``more``: candidates beyond those listed."""

    kind: str
    title: str
    subject: str = ""
    winner: str = ""
    decided: str = ""
    said: list[str] = []
    candidates: list[Candidate] = []
    more: int = 0


class Met(msgspec.Struct, omit_defaults=True):
    """An actor whose state the decision met, as far as it is a few figures and words."""

    actor: str
    version: int = 0
    facts: dict[str, Any] = {}


class Refused(msgspec.Struct, omit_defaults=True):
    """Why nothing happened. ``facts``: what the rule compared."""

    code: str
    rule: str = ""
    meaning: str = ""
    detail: str = ""
    text: str = ""
    book: str = ""
    facts: dict[str, Any] = {}


class Told(msgspec.Struct, omit_defaults=True):
    """One entry, explained: ``entry`` is as ``matron-replay log`` shows it."""

    position: int
    entry: dict[str, Any]
    lines: list[str]
    rulebook: int
    policy: dict[str, Any]
    rules: list[RuleText]
    met: list[Met]
    sections: list[Section]
    refusal: Refused | None = None
    same: bool = True
    differences: list[str] = []
    unreadable: str = ""
    blind: list[str] = []
    """Choices of the decision that this program failed to look at."""


class Explanation(msgspec.Struct, omit_defaults=True):
    """Why: one entry, or all that touched somebody or something."""

    hospital: str
    zone: str
    about: str
    what: str
    """``entry``, ``token``, ``appointment`` …: what ``about`` is the number or id of."""
    told: list[Told]
    left_out: int = 0
    """Entries that touched it, beyond those told."""

    @property
    def same(self) -> bool:
        """Whether all decisions that can be judged come out the same when they are taken again."""
        return all(one.same or one.unreadable for one in self.told)

    def lines(self) -> Iterator[str]:
        """For people at a terminal."""
        if self.what != "entry":
            yield f"{self.what} {self.about} in {self.hospital}: {len(self.told) + self.left_out} entries touched it"
        for one in self.told:
            yield ""
            yield from _told(one, self.zone)
        if self.left_out:
            yield f"… and {self.left_out} entries more: explain their positions, or say --limit"


def _told(one: Told, zone: str) -> Iterator[str]:
    yield from one.lines
    yield _line(
        "rules", f"rule book version {one.rulebook}; the policy then: {told(one.policy, zone) or 'the default'}"
    )
    if one.refusal is not None:
        yield from _refused(one.refusal, zone)
    for section in one.sections:
        yield from _section(section, zone)
    for rule in one.rules:
        yield _line(rule.rule or "does", f"{rule.text}  [{rule.book.removeprefix('engine.')}]")
    for met in one.met:
        yield _line("met", f"{met.actor} v{met.version} {told(met.facts, zone)}".rstrip())
    for choice in one.blind:
        yield _line("blind", choice)
    if one.unreadable:
        yield _line("again", f"cannot be judged: {one.unreadable}")
    else:
        yield _line("again", "decided again, it comes out the same" if one.same else "decided again, it is OTHERWISE:")
    for difference in one.differences:
        yield _line("", difference)


def _refused(refusal: Refused, zone: str) -> Iterator[str]:
    yield _line("refused", f"{refusal.code}: {refusal.detail or refusal.meaning}")
    if refusal.text:
        yield _line(refusal.rule, f"{refusal.text}  [{refusal.book.removeprefix('engine.')}]")
    if refusal.facts:
        yield _line("compared", told(refusal.facts, zone))


def _section(section: Section, zone: str) -> Iterator[str]:
    yield _line(section.kind, f"{section.title}  ({section.subject})" if section.subject else section.title)
    for line in section.said:
        yield _line("", line)
    for one in section.candidates:
        mark = "->" if one.chosen else "  "
        score = "" if one.score is None else f" {one.score:g}"
        points = "".join(f" {rule}:{points:+g}" for rule, points in one.points.items())
        against = f"  no: {'; '.join(one.why_not)}" if one.why_not else ""
        facts = f"  {told(one.facts, zone)}" if one.facts else ""
        yield _line("", f"{mark} {one.name or one.id}{score}{points}{facts}{against}")
    if section.more:
        yield _line("", f"   … and {section.more} more")


def _line(head: str, text: str) -> str:
    return f"{head:>{WIDTH}}  {text}"


__all__ = ["Candidate", "Explanation", "Met", "Refused", "Section", "Told", "said"]

"""The rules of clinics: those in force, the draft, and the versions before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta

from engine.actors.clinic.policies import drafted, version_of
from engine.actors.clinic.state import Clinic, RuleVersion
from engine.actors.clinic.view import RuleVersionView, RuleView, rule_found, rule_view, version_view
from engine.decider import Value
from engine.errors import NotFound
from engine.rules.kinds import Rule
from engine.views.paging import ListQuery, Page, page, position
from engine.views.reader import Found, Id, Reader
from engine.views.room_states import known_clinic

WhichRules = Annotated[int, Meta(ge=1)] | Literal["draft"]
"""The number of a version, or the draft."""


class ListRules(ListQuery, frozen=True, kw_only=True):
    """A clinic's rules in the order in which they are asked: those in force, then the draft's; or one ``version``."""

    clinic_id: Id
    version: WhichRules | None = None


class GetRule(Value, frozen=True):
    """A rule as it stands: in the draft, else in force, else in the newest version that had it."""

    rule_id: Id


class ListRuleVersions(ListQuery, frozen=True, kw_only=True):
    """The versions of a clinic's rules, the newest first."""

    clinic_id: Id


class Row(NamedTuple):
    """A rule, and the version whose it is; ``None`` for the draft."""

    rule: Rule
    version: RuleVersion | None


class Place(NamedTuple):
    """In the order of a list: what is in force goes before the draft."""

    drafted: bool
    priority: int
    rule_id: str


def list_rules(reader: Reader, query: ListRules) -> Found:
    """A page of rules; ``NotFound`` for an unknown clinic or version, ``NoDraft`` where there is none."""
    clinic = known_clinic(reader, query.clinic_id)
    after = position(query, Place)
    rows = {
        Place(row.version is None, row.rule.spec.priority, row.rule.id): row for row in _rules(clinic, query.version)
    }
    found: Page[RuleView] = page(
        query,
        ((place, rows[place]) for place in sorted(rows) if after is None or place > after),
        lambda row: rule_view(clinic, row.rule, row.version),
    )
    return Found(found)


def get_rule(reader: Reader, query: GetRule) -> Found:
    """A rule, or ``NotFound``; its version is the clinic's."""
    key = reader.find("rules", query.rule_id)
    if key is not None:
        clinic = known_clinic(reader, key.partition(":")[2])
        found = rule_found(clinic, query.rule_id)
        if found is not None:
            return Found(found, clinic.version)
    raise NotFound("there is no such rule in a version that can be looked at", rule_id=query.rule_id)


def list_rule_versions(reader: Reader, query: ListRuleVersions) -> Found:
    """A page of versions."""
    clinic = known_clinic(reader, query.clinic_id)
    after = position(query, tuple[int])

    def rows() -> Iterator[tuple[tuple[int], RuleVersion]]:
        newest = clinic.active if after is None else after[0] - 1
        for number in range(newest, 0, -1):
            yield (number,), clinic.versions[number - 1]

    found: Page[RuleVersionView] = page(query, rows(), lambda version: version_view(clinic, version))
    return Found(found)


def _rules(clinic: Clinic, which: WhichRules | None) -> Iterator[Row]:
    if which == "draft":
        yield from (Row(rule, None) for rule in drafted(clinic).values())
        return
    if which is not None:
        version = version_of(clinic, which)
        yield from (Row(rule, version) for rule in version.rules)
        return
    if clinic.versions:
        version = clinic.versions[-1]
        yield from (Row(rule, version) for rule in version.rules)
    if clinic.draft is not None:
        yield from (Row(rule, None) for rule in clinic.draft.values())

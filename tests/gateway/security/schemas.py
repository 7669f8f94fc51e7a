"""Calls that Schemathesis makes out of the OpenAPI document, aimed as all others are: with ids of everywhere.

Positive ones are as the document has them, negative ones are not. Knows the document, and nothing of how it is made.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from gateway.routes import BASE, TABLE, Row
from tests.gateway.security.houses import House
from tests.gateway.security.shots import Shot, Shots

ROWS: Final = {(row.method, f"{BASE}{row.path}/"): row for row in TABLE}


class Case(NamedTuple):
    """A call with ids that mean nothing yet."""

    row: Row | None
    method: str
    path: str
    query: dict[str, Any]
    body: Any


def cases_of(document: dict[str, Any], mode: str, examples: int) -> list[Case]:
    """So many calls of each operation."""
    made: list[Case] = []
    for found in schemathesis.openapi.from_dict(json.loads(json.dumps(document))).get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()

        @settings(
            max_examples=examples, phases=[Phase.generate], deadline=None, database=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(operation.as_strategy(GenerationMode(mode)))
        def gather(case: Any) -> None:
            body = case.body if _is_json(case.body) else ...
            row = ROWS.get((case.method, case.path))
            made.append(Case(row, case.method, case.path, dict(case.query or {}), body))

        with suppress(Unsatisfiable):  # where there is nothing that could be wrong
            gather()
    return made


class SchemaShots(Shots):
    """The same cases again and again, each time aimed elsewhere."""

    def __init__(self, seed: int, mine: House, theirs: House, cases: list[Case]) -> None:
        super().__init__(seed, mine, theirs)
        self._cases = cases

    def one(self) -> Shot:
        """The next of them, by chance."""
        case = self.rng.choice(self._cases)
        query = {name: self.aimed(value, name) for name, value in case.query.items()}
        if "cursor" in query:
            query["cursor"] = self.cursor()
        body = case.body if case.body is ... else self.aimed(case.body)
        return Shot(case.row, case.method, self.path(case.path) + as_query(query), self.headers(), body)


def as_query(query: dict[str, Any]) -> str:
    """A query string."""
    return f"?{urlencode(query, doseq=True, errors='replace')}" if query else ""


def _is_json(value: Any) -> bool:
    return isinstance(value, dict | list | str | int | float | bool | None)

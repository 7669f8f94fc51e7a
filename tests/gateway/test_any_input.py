"""Whatever is sent, the answer is one of those that the documentation names, and never a fault of ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from gateway.app import command_and_query_types
from gateway.problems import Problem
from gateway.routes import TABLE
from gateway.shapes import Shape, parameters
from gateway.wire import decode
from tests.gateway.surface import UNKNOWN

TYPES = command_and_query_types()
WRITES = [row for row in TABLE if row.writes or row.asks]
READS = [row for row in TABLE if not (row.writes or row.asks)]
DEPTH = 32

words = some.text(max_size=8) | some.sampled_from(
    sorted({name for row in TABLE for name in TYPES[row.name].__struct_fields__})
)
leaves = (
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats()
    | some.text(max_size=12)
    | some.sampled_from([UNKNOWN, "ONLINE", "2026-02-01T09:00:00Z", "2026-02-01", "", "\ud800", "9999-12-31T23:59:59Z"])
)
values = some.recursive(
    leaves, lambda inner: some.lists(inner, max_size=3) | some.dictionaries(words, inner, max_size=4)
)


def read(reading: Callable[[], Any]) -> Any:
    """What was read, or the problem that it was."""
    try:
        return reading()
    except Problem as problem:
        msgspec.json.encode(problem.document("r"))  # it can be said
        return problem


@given(some.binary(max_size=60))
def test_any_bytes_are_json_or_a_problem(body: bytes) -> None:
    found = read(lambda: decode(body, DEPTH))
    assert not isinstance(found, Problem) or found.status in (400, 422)


@given(values)
def test_whatever_json_can_say_is_read_or_a_problem(value: Any) -> None:
    found = read(lambda: decode(json.dumps(value).encode(), DEPTH))
    assert not isinstance(found, Problem) or found.code in {"malformed_json", "validation_failed"}


@settings(max_examples=300)
@given(some.sampled_from(WRITES), some.dictionaries(words, values, max_size=6))
def test_any_body_is_a_command_or_a_problem_that_names_the_fields(row: Any, body: dict[str, Any]) -> None:
    shape = Shape(TYPES[row.name], row.ids)
    path = dict.fromkeys(row.ids, UNKNOWN)
    found = read(lambda: shape.from_body(decode(json.dumps(body).encode(), DEPTH), path))
    if isinstance(found, Problem):
        assert found.status in (400, 422)
        assert found.code != "validation_failed" or found.errors
    else:
        assert type(found) is TYPES[row.name]


@settings(max_examples=300)
@given(some.sampled_from(READS), some.lists(some.tuples(words, some.text(max_size=8)), max_size=4))
def test_any_parameters_are_a_query_or_a_problem(row: Any, pairs: list[tuple[str, str]]) -> None:
    shape = Shape(TYPES[row.name], row.ids)
    path = {name: "1" if name == "position" else UNKNOWN for name in row.ids}
    query = urlencode(pairs, errors="surrogatepass").encode()
    found = read(lambda: shape.from_parameters(parameters(query), path))
    if isinstance(found, Problem):
        assert found.status == 422
    else:
        assert type(found) is TYPES[row.name]


@pytest.mark.parametrize("depth", [1, DEPTH])
def test_just_as_deep_as_the_limit_is_read_and_one_deeper_is_not(depth: int) -> None:
    assert decode(b"[" * depth + b"]" * depth, depth) is not None
    with pytest.raises(Problem) as refused:
        decode(b"[" * (depth + 1) + b"]" * (depth + 1), depth)
    assert refused.value.code == "too_deep"

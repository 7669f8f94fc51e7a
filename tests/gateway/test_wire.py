"""Bodies are read by two decoders, and which of them it was nobody can tell."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway import wire
from gateway.problems import Problem

DEPTH = 6

blanks = some.sampled_from(["", "", " ", "\n\t", "\r\n"])
strings = some.sampled_from(
    ['"a"', '"b"', '"a b"', '"ab"', '"\\u0061"', '"\\n"', '"é"', '"\\u00e9"', '"\\/"', '"{"', '"\\""']
)
numbers = some.sampled_from(
    ["0", "-0", "1.0", "1.50", "1e2", "1e999", "-7", "123456789012345", "1234567890123456", "-1234567890123456",
     "12345678901234567", "0.1234567890123456789", "9" * 400]
)  # fmt: skip
leaves = strings | numbers | some.sampled_from(["true", "null", "NaN", '"\\ud800"', '"2026-11-22T08:00:00Z"'])


def arrays(inner: some.SearchStrategy[str]) -> some.SearchStrategy[str]:
    return some.builds(
        lambda parts, blank: f"[{blank}{f',{blank}'.join(parts)}{blank}]", some.lists(inner, max_size=3), blanks
    )


def objects(inner: some.SearchStrategy[str]) -> some.SearchStrategy[str]:
    pairs = some.builds(lambda key, blank, value: f"{key}{blank}:{blank}{value}", strings, blanks, inner)
    return some.builds(
        lambda parts, blank: f"{{{blank}{f'{blank},'.join(parts)}}}", some.lists(pairs, max_size=4), blanks
    )


texts = some.recursive(leaves, lambda inner: arrays(inner) | objects(inner), max_leaves=12)


def outcome(read: Any, body: bytes) -> Any:
    """What was read, with the types of all its parts; or the problem that it was."""
    try:
        return shown(read(body, DEPTH))
    except Problem as problem:
        return problem.code, problem.detail, problem.errors


def shown(value: Any) -> Any:
    if isinstance(value, dict):
        return [(key, shown(part)) for key, part in value.items()]
    if isinstance(value, list):
        return [shown(part) for part in value]
    plain = value is None or isinstance(value, str | int | float)
    return type(value), repr(value) if plain else ""


@given(blanks, texts, blanks)
def test_whatever_comes_is_read_as_the_strict_decoder_reads_it(before: str, text: str, after: str) -> None:
    body = f"{before}{text}{after}".encode()
    assert outcome(wire.decode, body) == outcome(wire._decode_strictly, body)


@given(some.binary(max_size=40) | some.text(max_size=40).map(str.encode))
def test_what_is_no_json_is_the_same_problem(body: bytes) -> None:
    assert outcome(wire.decode, body) == outcome(wire._decode_strictly, body)


@given(texts)
def test_a_key_that_comes_twice_is_found_however_it_is_written(text: str) -> None:
    read = wire.decode(f'{{"a": 1, "x": {{"b":2}}, "\\u0061": {text}}}'.encode(), 99) if is_plain(text) else None
    assert read is None or isinstance(read["a"], wire.given_twice)
    read = wire.decode(f'{{"a":{text},"a":{text}}}'.encode(), 99) if is_plain(text) else None
    assert read is None or isinstance(read["a"], wire.given_twice)


def is_plain(text: str) -> bool:
    try:
        wire.decode(text.encode(), 99)
    except Problem:
        return False
    return True


@pytest.mark.parametrize("body", ['{"slot_id":"x","n":[1,2.5,null,true]}', '{"a": {"b": ["é", " "]}}\n'])
def test_what_clients_mostly_send_is_read_quickly(body: str) -> None:
    assert wire._decode_plain(body.encode()) == json.loads(body)


@pytest.mark.parametrize("levels", range(5))
def test_the_levels_of_a_value_are_counted(levels: int) -> None:
    value: Any = {"a": 1}
    for _ in range(levels):
        value = {"x": 0, "y": [value]}
    assert not wire.deeper(value, 2 * levels + 1)
    assert wire.deeper(value, 2 * levels)
    assert not wire.deeper(3, 0)
    assert wire.deeper([], 0)

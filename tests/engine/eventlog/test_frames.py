"""Frames: several records in one value, each as it would be alone."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LogCorrupt
from engine.eventlog.frames import MARK, MOST_BYTES, MOST_RECORDS, frames, records_of

RECORDS = st.lists(
    st.binary(max_size=300).map(lambda data: sha256(data).digest() + data) | st.integers(0, 90).map(bytes), max_size=40
)


@given(RECORDS)
def test_what_comes_out_is_what_went_in(records: list[bytes]):
    values = list(frames(records))
    assert [record for _, value in values for record in records_of(value)] == records
    assert [len(records_of(value)) for _, value in values] == [count for count, _ in values]


def test_a_record_alone_has_no_frame():
    record = sha256(b"a").digest() + b"a"
    assert list(frames([record])) == [(1, record)]


def test_no_frame_grows_beyond_its_bounds_and_a_huge_record_stands_alone():
    small, huge = bytes([1]) * 40, bytes([1]) * (MOST_BYTES + 1)
    assert [count for count, _ in frames([small] * (MOST_RECORDS + 3))] == [MOST_RECORDS, 3]
    assert [count for count, _ in frames([small, small, huge, small])] == [2, 1, 1]
    half = bytes([1]) * (MOST_BYTES // 2)
    assert [count for count, _ in frames([half, half, half])] == [2, 1]


@pytest.mark.parametrize(
    "damage",
    [
        lambda value: value[:18],
        lambda value: value[:25],
        lambda value: value[:-1],
        lambda value: value + b"x",
        lambda value: MARK + (0).to_bytes(4, "big"),
        lambda value: MARK + b"\xff\xff\xff\xff" + value[20:],
    ],
)
def test_a_frame_whose_lengths_do_not_add_up_is_corruption(damage):
    [(_, value)] = frames([bytes([1]) * 40, bytes([2]) * 50])
    with pytest.raises(LogCorrupt):
        records_of(damage(value))

"""Moments as people name them, on the clocks of the hospital, and where they are in a log."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import trio

from engine.errors import Invalid
from replay.moments import Instant, Position, moments_between, parse, position_of, zone_of
from replay.sources import open_source
from tests.replay.kept_log import fresh, rows

KOLKATA = "Asia/Kolkata"


def utc(text: str) -> Instant:
    """The instant of an RFC 3339 time."""
    return Instant(int(dt.datetime.fromisoformat(text).timestamp() * 1_000_000))


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("417", Position(417)),
        (" 1 ", Position(1)),
        ("2026-11-22T10:00:00Z", utc("2026-11-22T10:00:00Z")),
        ("2026-11-22T10:00:00.000001+01:00", Instant(utc("2026-11-22T09:00:00Z").time + 1)),
        ("2026-11-22T10:00", utc("2026-11-22T10:00:00+05:30")),
        ("2026-11-22 10:00:30", utc("2026-11-22T10:00:30+05:30")),
        ("2026-11-22", utc("2026-11-22T00:00:00+05:30")),
        ("10:00", utc("2026-11-21T10:00:00+05:30")),
        ("9:05", utc("2026-11-21T09:05:00+05:30")),
    ],
)
def test_a_moment_is_a_position_a_time_or_what_the_clocks_show(text: str, means: Position | Instant):
    assert parse(text, KOLKATA, "2026-11-21") == means


@pytest.mark.parametrize("text", ["", "yesterday", "-5", "10", "25:00", "2026-13-01", "2026-11-22T10:00:00+99:00", "٤"])
def test_what_names_no_moment_is_refused_or_is_a_position(text: str):
    if text == "10":
        assert parse(text, KOLKATA) == Position(10)
        return
    with pytest.raises(Invalid, match="names no moment"):
        parse(text, KOLKATA, "2026-11-21")


def test_a_time_that_the_clocks_skip_is_refused_and_one_shown_twice_is_the_first():
    with pytest.raises(Invalid, match="never showed"):
        parse("2026-03-29T02:30", "Europe/Berlin")
    assert parse("2026-10-25T02:30", "Europe/Berlin") == utc("2026-10-25T02:30:00+02:00")


def test_a_moment_is_found_in_a_log_by_its_time(tmp_path: Path):
    data = fresh(tmp_path / "data")
    entries = rows(data, "log")

    async def look() -> None:
        async with open_source(data) as source:
            assert await zone_of(source, "main") == KOLKATA
            for entry in entries:
                assert await position_of(source, "main", entry["time"]) == entry["position"]
            assert await position_of(source, "main", "2020-01-01") == 0
            assert await position_of(source, "main", "2190-01-01") == len(entries)
            assert await position_of(source, "main", "13:00") == 0  # before the first, on its day
            assert await position_of(source, "main", "23:59") == len(entries)
            with pytest.raises(Invalid, match="ends at position"):
                await position_of(source, "main", str(len(entries) + 1))
            assert await moments_between(source, "main", entries[2]["time"], "", KOLKATA) == (3, len(entries))
            assert await moments_between(source, "main", "", entries[2]["time"], KOLKATA) == (1, 3)

    trio.run(look)

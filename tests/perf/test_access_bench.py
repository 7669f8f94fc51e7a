"""The bench of the guard runs small, and tells figures only of requests that were let in."""

from __future__ import annotations

import pytest

from gateway.access.guard import Guard
from gateway.auth import Nobody
from gateway.problems import Problem
from perf.figures import Target
from perf.workloads import access
from tests.gateway.surface import As
from tests.perf.test_bench import TINY, named, quiet


@pytest.mark.long
async def test_what_the_guard_takes_is_measured_beside_a_booking(tmp_path, monkeypatch):
    monkeypatch.setattr(access, "TIMES", 50)
    rows = await access.measure(tmp_path, TINY, quiet)
    shares = [row for row in rows if row.unit == "%"]
    assert [row.target for row in shares] == [Target("most", 3)] * 3 + [None]
    assert all(len(row.values) == TINY.rounds and row.median > 0 for row in rows)
    assert {"an API key", "a token seen before", "a session", "rates alone"} <= set(named(rows))


async def test_the_guard_lets_each_kind_of_credential_in(tmp_path, monkeypatch):
    monkeypatch.setattr(access, "TIMES", 5)
    asked = access.prepared(tmp_path)
    assert tuple(asked) == access.KINDS
    assert all(access.decided(guard, headers) > 0 for guard, headers in asked.values())


async def test_a_request_that_is_refused_is_no_figure(monkeypatch):
    monkeypatch.setattr(access, "TIMES", 3)
    assert access.decided(Guard(Nobody()), []) > 0
    with pytest.raises(Problem):
        access.decided(Guard(As("board")), [])

"""``/health/load``: how hard the engine works, for staff who look after it."""

from __future__ import annotations

from gateway.routes import BASE
from tests.gateway.surface import As, ScriptedEngine, client_of, hospital

HISTOGRAM = {"count", "sum", "max", "buckets"}


async def test_two_readings_tell_what_happened_in_between():
    async with hospital(As("auditor", "clerk")) as client:
        before = (await client.get("/health/load")).json()
        assert (await client.post(f"{BASE}/patients/", json={"name": "Asha Rao"})).status_code == 201
        after = (await client.get("/health/load")).json()
        assert after["commits"]["entries"] - before["commits"]["entries"] == 1
        assert after["uptime"] > before["uptime"]
        for histogram in (after["commits"]["seconds"], after["loop_lag"], after["collector"]["pauses"]):
            assert set(histogram) == HISTOGRAM
            assert histogram["buckets"][-1] == [None, histogram["count"]]
        assert set(after["mailboxes"]) == {"open", "waiting", "longest", "refused"}
        assert set(after["process"]) == {"cpu", "rss", "anonymous", "threads", "read_bytes", "write_bytes"}
        assert after["stream"]["connected"] == 0


async def test_a_board_is_not_shown_how_hard_the_engine_works():
    async with client_of(ScriptedEngine(), As("board")) as client:
        assert (await client.get("/health/load")).status_code == 403

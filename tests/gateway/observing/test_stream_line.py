"""A stream in the access log: one line, once it is over."""

from __future__ import annotations

from pathlib import Path

from gateway.observing.access_file import AccessFile
from gateway.request_log import RequestLog
from gateway.routes import BASE
from tests.gateway.live import living_gateway, until
from tests.gateway.observing.test_access_log import lines


async def test_a_stream_is_one_line_once_it_is_over_with_the_bytes_it_sent(tmp_path: Path):
    path = tmp_path / "access.log"
    async with living_gateway(request_log=RequestLog(AccessFile(path))) as place:
        async with place.socket() as talk:
            heard = await talk.hear()
            assert lines(path) == []
        status, problem = await place.handshake("no-such-topic")
        await until(lambda: len(lines(path)) == 2)
    refused, told = sorted(lines(path), key=lambda line: str(line["status"]), reverse=True)
    assert (told["route"], told["status"], told["code"]) == (f"{BASE}/stream", 101, None)
    assert told["bytes"] > 100 < len(str(heard))
    assert told["ms"] > 0
    assert (refused["status"], refused["code"], refused["request_id"]) == (
        status,
        problem["code"],
        problem["request_id"],
    )

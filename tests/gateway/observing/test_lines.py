"""The lines of the whole process: which request each belongs to, also where the engine speaks of one."""

from __future__ import annotations

import json
import logging
from typing import Any, cast

import pytest
import trio

from engine.decider import PersonName
from engine.decisions.patients import RegisterPatient
from engine.errors import Unavailable
from engine.eventlog.entry import Principal
from engine.eventlog.memory_store import MemoryDisk
from gateway.observing.trace import current
from gateway.request_log import JsonLines
from gateway.routes import BASE
from tests.engine.living import living
from tests.gateway.observing.test_trace import RIGHT, TRACE
from tests.gateway.surface import ScriptedEngine, client_of

log = logging.getLogger("matron.test")


def told(caplog: pytest.LogCaptureFixture, logger: str) -> list[dict[str, Any]]:
    return [json.loads(JsonLines().format(record)) for record in caplog.records if record.name == logger]


class Formatting(logging.Handler):
    """Formats at once, as the handler of standard error does: a request is over when a test looks."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(JsonLines().format(record)))


@pytest.fixture
def heard() -> Any:
    handler = Formatting()
    log.addHandler(handler)
    yield handler.lines
    log.removeHandler(handler)


async def test_a_line_says_in_whose_request_it_was_written(heard: list[dict[str, Any]]):
    def speak(command: Any) -> Any:
        log.warning("something odd")
        raise Unavailable("overloaded", "not now")

    headers = {"traceparent": RIGHT, "X-Request-Id": "r-9"}
    async with client_of(ScriptedEngine(speak)) as client:
        await client.get(f"{BASE}/doctors/", headers=headers)
        log.warning("nobody's")
    first, second = heard
    assert (first["request_id"], first["trace_id"], len(first["span_id"])) == ("r-9", TRACE, 16)
    assert set(second) == {"time", "level", "logger", "message"}


async def test_a_task_that_outlives_its_request_does_not_speak_for_it(heard: list[dict[str, Any]]):
    class Earlier:
        request_id = "r-1"

        @property
        def trace(self) -> Any:
            raise AssertionError("its trace is not asked for")

    current.set(Earlier())
    log.warning("of another", extra={"request_id": "r-2"})
    current.set(None)
    assert heard[0]["request_id"] == "r-2"
    assert "trace_id" not in heard[0]


async def test_what_the_engine_says_of_a_bug_names_the_request(caplog: pytest.LogCaptureFixture):
    async with living(MemoryDisk()) as engine:
        book = engine.partitions["main"].book
        book.codec, codec = cast("Any", None), book.codec
        who = Principal("desk", "clerk", "", "r-3")
        with pytest.raises(Unavailable), trio.fail_after(5):
            await engine.ask("main", RegisterPatient(name=PersonName("Asha Marked")), who)
        book.codec = codec
    [line] = told(caplog, "matron.engine")[:1]
    assert (line["message"], line["request_id"]) == ("deciding RegisterPatient failed", "r-3")
    assert "Marked" not in json.dumps(line)


async def test_a_record_may_bring_members_of_its_own(heard: list[dict[str, Any]]):
    log.warning("so many", extra={"fields": {"count": 3}})
    assert heard[0]["count"] == 3
    await trio.lowlevel.checkpoint()

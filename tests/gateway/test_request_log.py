"""The lines of the log: JSON, one per request, and nobody's data in them."""

from __future__ import annotations

import json
import logging
import sys

from gateway.request_log import JsonLines, RequestLog
from tests.gateway.surface import UNKNOWN, ScriptedEngine, Spoken, client_of


async def test_a_request_is_one_line_without_anybody_s_data(caplog):
    caplog.set_level(logging.INFO, "matron.request")
    engine = ScriptedEngine()
    async with client_of(engine, request_log=RequestLog()) as client:
        await client.get(f"/api/v1/patients/{UNKNOWN}/?name=Jane")
        await client.post("/api/v1/patients/", json={"name": "Jane Doe"}, headers={"X-Request-Id": "r-1"})
        await client.get("/api/v1/no-such-path/Jane")
    lines = [json.loads(record.getMessage()) for record in caplog.records if record.name == "matron.request"]
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("GET", "/api/v1/patients/{patient_id}", 422),
        ("POST", "/api/v1/patients", 200),
        ("GET", None, 404),
    ]
    assert lines[1]["request_id"] == "r-1"
    assert lines[1]["principal"] == "developer"
    assert lines[1]["ms"] >= 0
    assert "Jane" not in json.dumps(lines)
    assert UNKNOWN not in json.dumps(lines)


async def test_a_client_that_left_is_in_the_log_too(caplog):
    caplog.set_level(logging.INFO, "matron.request")
    headers = {"Content-Type": "application/json"}
    spoken = Spoken("POST", "/api/v1/patients/", headers, [b"{"], then="http.disconnect", request_log=RequestLog())
    await spoken.run()
    (line,) = [json.loads(record.getMessage()) for record in caplog.records if record.name == "matron.request"]
    assert line["status"] == 499


def test_other_lines_are_json_as_well_with_their_traceback():
    try:
        raise ValueError("broken")
    except ValueError:
        record = logging.LogRecord("matron.engine", logging.ERROR, __file__, 1, "it %s", ("failed",), sys.exc_info())
    line = json.loads(JsonLines().format(record))
    assert (line["level"], line["logger"], line["message"]) == ("error", "matron.engine", "it failed")
    assert line["traceback"].endswith("\nValueError"), "a message of Python's own may quote somebody's name"
    assert line["time"].endswith("Z")


async def test_without_a_log_nothing_is_written(caplog):
    caplog.set_level(logging.INFO, "matron.request")
    async with client_of(ScriptedEngine()) as client:
        await client.get("/health/live")
    assert not [record for record in caplog.records if record.name == "matron.request"]

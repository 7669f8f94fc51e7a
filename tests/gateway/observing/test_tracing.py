"""Spans: of a request, of what it asks of the engine, of the parts of that; sent, and not made at all when off."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import h11
import httpx2
import pytest
import trio
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import format_span_id, format_trace_id

from engine.clock import SystemClock
from engine.decisions.hospital import AddHospital
from engine.eventlog.memory_store import MemoryStore
from engine.runtime import EngineSettings, open_engine
from engine.timing import SlowLimit
from gateway.app import create_app
from gateway.auth import Nobody
from gateway.health import Vitals
from gateway.observing.access_file import AccessFile
from gateway.observing.settings import TracingSettings
from gateway.observing.tracing import Tracing, TracingUnusable, open_tracing
from gateway.request_log import RequestLog
from gateway.routes import BASE
from tests.engine.living import CLERK
from tests.gateway.observing.test_access_log import lines
from tests.gateway.observing.test_trace import RIGHT, SPAN, TRACE
from tests.gateway.surface import UNKNOWN
from tests.gateway.ways import choose, reached

ALL = TracingSettings(sample=1.0)


@asynccontextmanager
async def traced(tracing: Tracing | None, log: RequestLog | None = None) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an engine whose requests are traced."""
    settings = EngineSettings(slow=SlowLimit(shares=True))
    async with open_engine(MemoryStore(), settings=settings) as engine:
        await engine.until_ready()
        await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), CLERK)
        async with reached(engine) as reach:
            app = create_app(reach, Nobody(), Vitals(engine).page, tracing=tracing, request_log=log)
            async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://matron") as client:
                yield client


@pytest.fixture(params=("together", "apart"))
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    choose(request.param)
    yield
    choose("together")


def named(spans: Sequence[ReadableSpan]) -> dict[str, ReadableSpan]:
    return {span.name: span for span in spans}


async def test_a_booking_is_a_request_that_asks_the_engine_which_waits_decides_and_commits(way: None, tmp_path: Path):
    exporter = InMemorySpanExporter()
    tracing = open_tracing(ALL, SystemClock(), exporter)
    assert tracing is not None
    async with traced(tracing, RequestLog(AccessFile(tmp_path / "log"))) as client:
        headers = {"traceparent": RIGHT, "X-Request-Id": "r-1"}
        await client.post(f"{BASE}/patients/", json={"name": "Asha Marked"}, headers=headers)
    await tracing.close()
    spans = named(exporter.get_finished_spans())
    assert set(spans) == {f"POST {BASE}/patients", "ask RegisterPatient", "wait", "decide", "commit"}
    request, asked = spans[f"POST {BASE}/patients"], spans["ask RegisterPatient"]
    assert {format_trace_id(span.context.trace_id) for span in spans.values()} == {TRACE}
    assert request.parent is not None
    assert format_span_id(request.parent.span_id) == SPAN
    assert asked.parent is not None
    assert asked.parent.span_id == request.context.span_id
    for part in ("wait", "decide", "commit"):
        parent = spans[part].parent
        assert parent is not None
        assert parent.span_id == asked.context.span_id
    assert spans["wait"].end_time == spans["decide"].start_time
    assert spans["decide"].end_time == spans["commit"].start_time
    assert dict(request.attributes or {}) == {
        "http.request.method": "POST", "http.route": f"{BASE}/patients", "http.response.status_code": 201,
    }  # fmt: skip
    assert dict(asked.attributes or {}) == {"matron.hospital": "main", "matron.outcome": "created"}
    [line] = lines(tmp_path / "log")
    assert (line["trace_id"], line["span_id"]) == (TRACE, format_span_id(request.context.span_id))


async def test_no_span_holds_an_id_of_anybody_or_what_was_said():
    exporter = InMemorySpanExporter()
    tracing = open_tracing(ALL, SystemClock(), exporter)
    assert tracing is not None
    async with traced(tracing) as client:
        made = (await client.post(f"{BASE}/patients/", json={"name": "Asha Marked", "phone": "5550199"})).json()
        await client.get(f"{BASE}/patients/{made['id']}?no=Marked")
        await client.get(f"{BASE}/patients/{made['id']}")
        assert (await client.get(f"{BASE}/patients/{UNKNOWN}")).status_code == 404
        commands = [{"method": "POST", "path": "/patients/", "body": {"name": "Bela Marked"}}] * 2
        await client.post(f"{BASE}/batch/", json={"commands": commands})
        await client.request("MARKED", "/no/such/Marked")
    await tracing.close()
    spans = exporter.get_finished_spans()
    told = json.dumps([json.loads(span.to_json()) for span in spans])
    assert "Marked" not in told
    assert "MARKED" not in told
    assert "5550199" not in told
    assert made["id"] not in told
    assert UNKNOWN not in told
    found = [(span.name, dict(span.attributes or {})) for span in spans]
    assert [each for name, each in found if name == "ask_batch"] == [{"matron.hospital": "main", "matron.commands": 2}]
    assert {each["error.type"] for _, each in found if "error.type" in each} == {"not_found", "validation_failed"}


async def test_a_caller_who_keeps_no_trace_is_not_traced_and_a_share_of_the_rest_is(tmp_path: Path):
    exporter = InMemorySpanExporter()
    tracing = open_tracing(TracingSettings(sample=0.0), SystemClock(), exporter)
    assert tracing is not None
    async with traced(tracing, RequestLog(AccessFile(tmp_path / "log"))) as client:
        await client.get("/health/live")
        await client.get("/health/live", headers={"traceparent": RIGHT})
        await client.get("/health/live", headers={"traceparent": RIGHT[:-2] + "00"})
    await tracing.close()
    assert [span.name for span in exporter.get_finished_spans()] == ["GET /health/live"]
    ids = [(line["trace_id"], line["span_id"]) for line in lines(tmp_path / "log")]
    assert len({span for _, span in ids}) == 3, "a request that is not traced has its ids in the log all the same"
    assert [trace for trace, _ in ids][1:] == [TRACE, TRACE]


class Receiver:
    """An OTLP receiver over HTTP: keeps what was sent to it."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, str], ExportTraceServiceRequest]] = []

    async def serve(self, task_status: trio.TaskStatus[int]) -> None:
        [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
        task_status.started(listener.socket.getsockname()[1])
        await trio.serve_listeners(self._answer, [listener])

    async def _answer(self, stream: trio.SocketStream) -> None:
        talk = h11.Connection(h11.SERVER)
        body, request = b"", None
        while True:
            event = talk.next_event()
            if event is h11.NEED_DATA:
                talk.receive_data(await stream.receive_some(65_536))
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            else:
                break
        if request is not None:
            headers = {name.decode(): value.decode() for name, value in request.headers}
            data = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
            self.heard.append((request.target.decode(), headers, ExportTraceServiceRequest.FromString(data)))
            answer = h11.Response(status_code=200, headers=[("content-length", "0"), ("connection", "close")])
            await stream.send_all((talk.send(answer) or b"") + (talk.send(h11.EndOfMessage()) or b""))
        await stream.aclose()


async def test_spans_reach_a_receiver_over_http_with_the_headers_of_a_file(tmp_path: Path):
    secret = tmp_path / "headers"
    secret.write_text("authorization: Bearer kept-in-a-file\n")
    secret.chmod(0o600)
    receiver = Receiver()
    async with trio.open_nursery() as nursery:
        port = await nursery.start(receiver.serve)
        endpoint = f"http://127.0.0.1:{port}/v1/traces"
        settings = TracingSettings(endpoint=endpoint, sample=1.0, service="ward-7", headers_file=str(secret))
        tracing = open_tracing(settings, SystemClock())
        assert tracing is not None
        async with traced(tracing) as client:
            await client.get("/health/ready")
        await tracing.close()
        nursery.cancel_scope.cancel()
    [(path, headers, sent)] = receiver.heard
    assert (path, headers["authorization"]) == ("/v1/traces", "Bearer kept-in-a-file")
    [resource] = sent.resource_spans
    assert {each.key: each.value.string_value for each in resource.resource.attributes}["service.name"] == "ward-7"
    assert [span.name for scope in resource.scope_spans for span in scope.spans] == ["GET /health/ready"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (TracingSettings(endpoint="127.0.0.1:4318"), "is a URL"),
        (TracingSettings(endpoint="http://127.0.0.1/", headers_file="/no/such/file"), "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_said_at_once(settings: TracingSettings, said: str):
    with pytest.raises(TracingUnusable, match=said):
        open_tracing(settings, SystemClock())


@pytest.mark.parametrize(("mode", "text", "said"), [(0o644, "a: b", "by others"), (0o600, "no header", "name: value")])
def test_a_file_of_headers_is_its_owner_s_and_has_some(tmp_path: Path, mode: int, text: str, said: str):
    secret = tmp_path / "headers"
    secret.write_text(text)
    secret.chmod(mode)
    with pytest.raises(TracingUnusable, match=said):
        open_tracing(TracingSettings(endpoint="http://127.0.0.1/", headers_file=str(secret)), SystemClock())


def test_without_an_endpoint_there_is_none():
    assert open_tracing(TracingSettings(), SystemClock()) is None


def test_without_an_endpoint_nothing_of_it_is_imported():
    program = "import sys, gateway.observing.opening; print(*(name for name in sys.modules if 'telemetry' in name))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"\n"

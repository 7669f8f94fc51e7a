"""One patient about whom everything is marked: what is written of him or her turns up where it should, and only there.

Not in the log lines of a server at its most talkative, not in metrics or on pages about health, not on boards and
tickets, not in reports, and in no problem document: those name fields, never what was in them.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import msgspec
import pytest
import trio
from click.testing import CliRunner

from engine.decisions.hospital import AddHospital
from engine.eventlog.memory_store import MemoryStore
from engine.runtime import open_engine
from gateway.app import command_and_query_types
from gateway.request_log import JsonLines, RequestLog
from gateway.routes import BASE, TABLE, Row
from gateway.routes.row import BOARD
from replay.__main__ import main as matron_replay
from tests.gateway.security.calls import Answer
from tests.gateway.security.houses import House
from tests.gateway.security.shots import Shots
from tests.gateway.surface import SYSTEM, UNKNOWN, ScriptedEngine, client_of
from tests.journeys.marked_life import BIRTHS, DAY, MARK, Life
from tests.serving import Server

TYPES = command_and_query_types()
JSON = dict[str, Any]

TALKATIVE = ("--log-level", "debug", "--request-log")
SLOW = {"MATRON_LOGS_SLOW_MS": "0.001"}
"""Everything is slow, and so in the log of what is."""

TYPED = "Zqtyped"
"""What somebody types where it does not belong."""

COUNTS = (
    "/reports/daily",
    "/assignments/figures",
    "/services/{service_id}/statistics",
    "/branches/{branch_id}/turnaround",
)
"""Rows that only count."""


class Looker:
    """Somebody who asks a server for everything there is, and keeps what came."""

    def __init__(self, server: Server) -> None:
        self.client = httpx2.Client(base_url=server.url, timeout=20)
        self.answers: list[Answer] = []

    def ask(self, method: str, target: str, body: Any = None, **headers: str) -> Answer:
        got = self.client.request(method, target, json=body, headers=headers)
        self.answers.append(Answer(got.status_code, list(got.headers.raw), got.content))
        return self.answers[-1]

    def items(self, path: str) -> list[JSON]:
        return list(self.ask("GET", f"{BASE}{path}").json["items"])


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Life, Looker]]:
    """A server at its most talkative, in which somebody has been through everything."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SLOW.items():
            patch.setenv(name, value)
        server = Server(tmp_path_factory.mktemp("marked") / "data", *TALKATIVE)
        server.start()
    try:
        life, looker = Life(server.url), Looker(server)
        life.live()
        assert MARK in looker.ask("GET", f"{BASE}/patients/{life.patient}").body.decode()
        yield server, life, looker
        life.close()
        looker.client.close()
    finally:
        server.close()


def unmarked(what: str, text: bytes | str, *more: str) -> None:
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    found = [mark for mark in (MARK, *BIRTHS, *more) if mark in text]
    assert not found, f"{what} has {found}: …{text[max(0, text.find(found[0]) - 300) :][:600]}"


def found_ids(looker: Looker) -> dict[str, str]:
    """An id of each kind, by the name that paths give it."""
    ids = {"position": "1", "letter_id": "1.1", "link": f"{UNKNOWN}.{'0' * 32}"}
    for row in TABLE:
        name = row.path.split("/")[1]
        if row.method == "GET" and row.path.count("/") == 1 and not row.ids:
            got = looker.ask("GET", f"{BASE}{row.path}")
            if got.status == 200 and b'"items"' in got.body and got.json["items"]:
                first = got.json["items"][-1]
                kind = "test_type_id" if name == "test-types" else name.removesuffix("s").replace("-", "_") + "_id"
                ids.setdefault(
                    {"branche_id": "branch_id", "facilitie_id": "facility_id"}.get(kind, kind), str(first.get("id"))
                )
    return ids


def paths(rows: list[Row], ids: dict[str, str]) -> Iterator[tuple[str, str]]:
    for row in rows:
        target = "/".join(ids.get(part[1:-1], UNKNOWN) if part[:1] == "{" else part for part in row.path.split("/"))
        yield row.path, f"{BASE}{target}"


def test_what_a_board_may_read_and_what_only_counts_has_nothing_of_a_patient(lived):
    _, life, looker = lived
    ids = found_ids(looker)
    rows = [row for row in TABLE if row.method == "GET" and (BOARD in row.roles or row.public or row.path in COUNTS)]
    seen = 0
    for name, path in paths(rows, ids):
        for more in ("", f"?date={DAY}", "?format=csv"):
            got = looker.ask("GET", path + more)
            seen += got.status == 200
            unmarked(name, got.everything, life.patient)
    assert seen >= len(rows)


def test_boards_tickets_and_pages_have_nothing_of_a_patient(lived):
    _, life, looker = lived
    ids = found_ids(looker)
    service = looker.ask("POST", f"{BASE}/services", {"name": "Marks", "prefix": "MK", "settings": {}}).json["id"]
    ticket = looker.ask("POST", f"{BASE}/services/{service}/tickets", {"patient_id": life.patient}).json
    assert ticket["patient_id"] == life.patient
    shown = [f"/board/{service}", f"/t/{ticket['link']}", f"/t/{ticket['link']}/qr.svg", "/alerts", "/audit", "/",
             f"/clinics/{ids['clinic_id']}/board", f"/wards/{ids['ward_id']}/board", f"{BASE}/services/{service}/board",
             f"{BASE}/tickets/link/{ticket['link']}", f"{BASE}/clinics/{ids['clinic_id']}/day?date=2100-02-03",
             f"{BASE}/wards/{ids['ward_id']}/board"]  # fmt: skip
    for path in shown:
        got = looker.ask("GET", path)
        assert got.status in (200, 404), path
        unmarked(path, got.everything, life.patient)
    topics = [f"board:{service}", f"ticket:{ticket['link']}", f"clinic_day:{ids['clinic_id']}:2100-02-03",
              f"clinic_rooms:{ids['clinic_id']}", f"ward:{ids['ward_id']}", "wards", "services"]  # fmt: skip
    heard = b""
    with looker.client.stream("GET", f"{BASE}/stream", params={"topics": ",".join(topics)}) as stream:
        assert stream.status_code == 200
        for piece in stream.iter_bytes():
            if not heard:
                step = {"priority": "high", "reason": f"{MARK} reason"}
                assert looker.ask("POST", f"{BASE}/tickets/{ticket['id']}/priority", step).status == 200
            heard += piece
            if b'"deltas"' in heard and heard.count(b'"snapshot"') >= 4:
                break
    unmarked("the stream of boards", heard, life.patient)


def test_metrics_and_pages_about_health_have_nothing_of_a_patient(lived):
    _, life, looker = lived
    for path in ("/metrics", "/health/live", "/health/ready", "/health/load", "/health/notifications", "/health/audit",
                 "/health/detail", "/api/openapi.json"):  # fmt: skip
        unmarked(path, looker.ask("GET", path).everything, life.patient)


def test_what_is_wrong_with_the_input_is_said_without_the_input(lived):
    _, _, looker = lived
    refused = 0
    for row in TABLE:
        names = [
            field.encode_name for field in msgspec.structs.fields(TYPES[row.name]) if field.encode_name not in row.ids
        ]
        path = next(paths([row], {}))[1]
        said: list[tuple[str, Any]] = []
        if row.writes or row.asks:
            said += [(path, dict.fromkeys(names, shape)) for shape in (TYPED, [TYPED], {TYPED: TYPED}, {"kind": TYPED})]
            said += [(path, {name: {"kind": TYPED, "type": TYPED, "name": 5, "start_time": TYPED}}) for name in names]
        else:
            said += [(f"{path}?{name}={TYPED}", None) for name in names]
        for part in row.ids:
            said.append((BASE + row.path.replace(f"{{{part}}}", TYPED), {} if row.writes else None))
        for target, body in said:
            got = looker.ask(row.method, target, body)
            refused += got.status >= 400
            assert got.status < 500 or got.status in (503, 504), f"{row.method} {target} {body}: {got.body!r}"
            if got.code:
                fields = {error["field"] for error in got.json.get("errors", ())}
                told = {**got.json, "errors": [error["message"] for error in got.json.get("errors", ())]}
                told["detail"] = told["detail"].removeprefix(min(fields, default=""))
                assert all(TYPED not in field or TYPED in json.dumps(body) for field in fields)
                unmarked(
                    f"{row.method} {row.path} {body}", json.dumps(told).replace(f"unknown field {TYPED}", ""), TYPED
                )
    assert refused > 500
    for name in ("Idempotency-Key", "If-Match", "Hospital-Id", "Purpose-Of-Use", "Break-Glass", "Prefer", "Accept",
                 "Authorization", "X-API-Key", "Content-Type", "traceparent"):  # fmt: skip
        got = looker.ask("PUT", f"{BASE}/policy", {}, **{name: f"{TYPED} of somebody"})
        unmarked(name, got.everything, TYPED)


def test_no_problem_document_of_anybody_names_more_than_ids_and_fields(lived):
    _, life, looker = lived
    ids = found_ids(looker)
    house = House("main", ids | {"patient_id": life.patient}, looker.answers, ["key"])
    shots = Shots(7, house, house)
    refusals: set[str] = set()
    for _ in range(400):
        shot = shots.of_row(shots.rng.choice(TABLE))
        if shot.row is None or shot.row.name in ("ErasePatient", "EndDay"):
            continue
        got = looker.ask(shot.method, shot.target, None if shot.body is ... else shot.body, **dict(shot.headers))
        assert got.status < 500 or got.status in (503, 504), f"{shot} {got.body!r}"
        if got.code:
            refusals.add(got.code)
            unmarked(f"{shot}", got.everything)
    assert len(refusals) > 8


def test_the_log_lines_of_all_this_have_nothing_of_a_patient(lived):
    server, life, looker = lived
    assert looker.ask("GET", f"{BASE}/{TYPED}/{TYPED}?name={TYPED}").status == 404
    assert looker.ask(TYPED.upper(), f"{BASE}/patients").status == 405
    lines = server.said()
    loggers = {json.loads(line)["logger"] for line in lines.splitlines() if line.startswith("{")}
    assert {"matron.request", "matron.slow"} <= loggers
    assert lines.count("\n") > 1_000
    unmarked("the log", lines, life.patient, TYPED, TYPED.upper())


def test_neither_the_disk_nor_what_is_exported_from_it_has_anything_of_a_patient_in_the_open(lived, tmp_path):
    server, _, _ = lived
    export = ["export", "--data", str(server.data), "--hospital", "main", "--to", str(tmp_path / "log")]
    ran = CliRunner().invoke(matron_replay, export)
    assert ran.exit_code == 0, ran.output
    for folder in (server.data, tmp_path):
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert files
        for path in files:
            unmarked(str(path), path.read_bytes())


class Lines(logging.Handler):
    """Everything that is logged, as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonLines())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def heard_lines() -> Iterator[list[str]]:
    handler, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield handler.lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def chained() -> Exception:
    try:
        try:
            raise KeyError(f"{MARK} name")
        except KeyError as error:
            raise ValueError(f"{MARK} is no name") from error
    except ValueError as whole:
        return whole


BUGS = [
    KeyError(f"{MARK} name"),
    ValueError(f"invalid literal for int() with base 10: '{MARK}'"),
    msgspec.ValidationError(f"Invalid value '{MARK}' - at `$.kind`"),
    UnicodeEncodeError("ascii", f"{MARK} ü", 12, 13, "ordinal not in range"),
    AssertionError(f"{MARK} is nobody"),
    ExceptionGroup(f"{MARK}", [TypeError(f"{MARK}"), ExceptionGroup("", [KeyError(MARK)])]),
    chained(),
]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: type(bug).__name__)
async def test_a_bug_that_has_somebody_s_name_in_its_message_does_not_tell_it(bug):
    def broken(command: Any) -> Any:
        raise bug

    body = {"name": f"{MARK} name", "phone": f"{MARK} phone", "dob": BIRTHS[0]}
    with heard_lines() as lines:
        async with client_of(ScriptedEngine(broken), request_log=RequestLog()) as client:
            one = await client.post(f"{BASE}/patients", json=body)
            item = {"method": "POST", "path": "/patients", "body": body}
            many = await client.post(f"{BASE}/batch", json={"commands": [item]})
        assert (one.status_code, one.json()["code"], many.status_code) == (500, "internal_error", 200)
    said = "\n".join(lines)
    assert one.json()["request_id"] in said
    assert type(bug).__name__ in said
    assert "test_personal_data.py" in said, "where it broke is what an operator needs"
    unmarked("the log", said)
    unmarked("the answers", one.text + many.text)


async def test_a_store_that_breaks_tells_nothing_of_what_it_should_have_kept():
    broken = trio.Event()

    async def faults(step: str) -> None:
        if step == "meta" and broken.is_set():
            raise OSError(28, "No space left on device")

    body = {"name": f"{MARK} name", "phone": f"{MARK} phone", "dob": BIRTHS[0]}
    with heard_lines() as lines:
        async with open_engine(MemoryStore(faults=faults)) as engine:
            await engine.until_ready()
            await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), SYSTEM)
            async with client_of(engine, request_log=RequestLog()) as client:
                broken.set()
                lost = await client.post(f"{BASE}/patients", json=body)
                ready = await client.get("/health/ready")
    assert lost.status_code == 503
    assert any("a commit failed" in line for line in lines)
    unmarked("the log", "\n".join(lines))
    unmarked("the answers", lost.text + ready.text)

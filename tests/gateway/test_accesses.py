"""Every row of the interface that can show a patient's text leaves a look at exactly those patients; no other does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from trio.testing import MockClock

from engine.decider import Private
from engine.errors import Rejected
from engine.eventlog.entry import Principal, checked
from engine.eventlog.memory_store import MemoryDisk
from engine.reading import StateReader
from engine.recovery import Book
from engine.runtime import Engine, EngineSettings
from engine.views import QUERIES
from gateway.problems import Problem
from gateway.routes import TABLE, Row
from gateway.shapes import Shape
from tests.engine.living import TrioClock, living, read
from tests.golden.story import Corpus
from tests.golden.test_corpus import CORPORA

BY_NAME = {query.__name__: query for query in QUERIES}
PARTS = 6
WHO = Principal("reader", "admin", "10.0.0.9", "r-1")

SHOWS = frozenset(
    "ListPatients GetPatient ListAppointments GetAppointment GetSeries ListEscalations GetWardBeds ListAdmissions "
    "GetAdmission GetBacklog GetReferral ListReferrals ListPractitionerReferrals ListTechnicianReferrals ListAlerts "
    "GetAlert".split()
)
"""Answers that can carry text of a patient."""

NAMES = frozenset("ListTokens ListWaiting AvailableRooms EvaluateRules GetPatient ListAppointments ListAdmissions "
                  "ListReferrals".split())  # fmt: skip
"""Questions that can name one."""

TEXTLESS = frozenset({"GetBacklog", "GetSeries", "ListAlerts", "ListEscalations"})
"""Of those, the ones whose like of another row has text in the stories, and they themselves never do."""

READS = tuple(row for row in TABLE if row.method == "GET" and row.name in BY_NAME)


@pytest.fixture(scope="module")
def seen() -> set[str]:
    """Which rows answered, over all stories, and which of them showed somebody."""
    return set()


DAY = {"date": "2027-01-15", "start": "2027-01-15T10:00:00Z", "end": "2027-01-15T10:30:00Z"}
"""What some questions must say besides."""


def subjects(value: Any) -> Iterator[str]:
    """Whose text stands in a value: looked for by taking it apart, not by encoding it."""
    match value:
        case Private():
            yield value.subject or ""
        case msgspec.Struct():
            for name in value.__struct_fields__:
                yield from subjects(getattr(value, name))
        case dict():
            for each in value.values():
                yield from subjects(each)
        case list() | tuple() | set() | frozenset():
            for each in value:
                yield from subjects(each)


def questions(row: Row, known: list[str], book: Book) -> Iterator[Any]:
    """Every question of a row that can be made of the ids that there are."""
    shape = Shape(BY_NAME[row.name], row.ids)
    besides = {name: value for name, value in DAY.items() if name in shape.fields}
    named: list[dict[str, str]] = [{}]
    for kind in ("patient", "clinic", "slot", "practitioner", "technician"):
        if (field := f"{kind}_id") in shape.fields and field not in row.ids:
            named += [{field: id} for id in book.directory.ids(f"{kind}s", None, 3)]
    for id in known if row.ids else [""]:
        for given in named:
            for more in ({}, besides) if besides else ({},):
                try:
                    yield shape.from_parameters({**given, **more}, dict.fromkeys(row.ids, id))
                except Problem:
                    continue


def shown(engine: Engine, query: Any) -> set[str] | None:
    """Whom the answer to a query should be told to show; ``None`` where there is no answer."""
    partition = engine.partitions["main"]
    try:
        found = QUERIES[type(query)](StateReader(partition, engine.now(), WHO), query)
    except Rejected:
        return None
    named = getattr(query, "patient_id", None)
    return ({*subjects(found.body)} | ({named} if named else set())) - {""}


def moments() -> Iterator[tuple[Corpus, int]]:
    """Each story at several places: who waits or lies in a bed has left at its end."""
    for kept in CORPORA:
        for part in range(1, PARTS + 1):
            yield kept, len(kept.records) * part // PARTS


@pytest.mark.parametrize(("kept", "end"), list(moments()))
async def test_every_row_leaves_a_look_at_whom_it_shows_and_no_other(
    autojump_clock: MockClock, kept: Corpus, end: int, seen: set[str]
) -> None:
    disk = MemoryDisk()
    disk.entries["main"], disk.keys = list(kept.records[:end]), dict(kept.keys)
    async with living(disk, settings=EngineSettings(), clock=TrioClock()) as engine:
        book = engine.partitions["main"].book
        known = sorted({id for _, id, _ in book.directory.rows()})
        for row in READS:
            for query in questions(row, known, book):
                expected = shown(engine, query)
                before = len(disk.entries.get("main.access", ()))
                try:
                    reply = await engine.view("main", query, WHO, purpose="HOPERAT")
                except Rejected:
                    assert expected is None
                else:
                    seen.add(row.name)
                    if row.name == "GetTicket":
                        known.append(read(reply)["link"])  # the id of a later row
                written = disk.entries.get("main.access", [])[before:]
                if not expected:
                    assert not written, row.name
                    continue
                [record] = written
                command = msgspec.msgpack.decode(checked(record))[0]["command"]
                assert (command["query"], set(command["patients"])) == (row.name, expected)
                assert row.name in SHOWS | NAMES
                seen.add(f"{row.name} shows")


def test_every_row_was_asked_and_every_row_that_can_show_somebody_did(seen: set[str]) -> None:
    asked = {row.name for row in READS}
    assert asked - seen == set()
    assert {name for name in SHOWS | NAMES if name in asked and f"{name} shows" not in seen} == TEXTLESS

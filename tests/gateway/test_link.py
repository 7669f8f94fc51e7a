"""The link between a gateway process and the engine: what is asked at one end happens at the other, or is withdrawn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import msgspec
import pytest
import trio
from trio.testing import memory_stream_pair, wait_all_tasks_blocked

from engine.actor import Reply
from engine.decider import FreeText, PersonName
from engine.decisions.hospital import AddHospital
from engine.decisions.patients import RegisterPatient
from engine.decisions.serve_ticket import PrioritizeTicket
from engine.errors import DeadlinePassed, NotFound, Overloaded, Rejected, Unavailable
from engine.eventlog.memory_store import MemoryStore
from engine.runtime import Engine, open_engine
from engine.views.people import GetPatient
from gateway.link import frames
from gateway.link.attend import Attendant
from gateway.link.far_engine import FarEngine
from gateway.link.pipe import Garbled, Pipe
from tests.engine.living import CLERK, patient, read
from tests.gateway.surface import UNKNOWN, ScriptedEngine
from tests.gateway.ways import linked


@asynccontextmanager
async def far() -> AsyncIterator[FarEngine]:
    async with open_engine(MemoryStore()) as engine:
        await engine.until_ready()
        await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), CLERK)
        async with linked(engine) as found:
            yield found


async def test_a_command_and_a_query_are_answered_as_here(autojump_clock: Any) -> None:
    async with far() as engine:
        made = await engine.ask("main", patient(), CLERK, key="one")
        again = await engine.ask("main", patient(), CLERK, key="one")
        assert (made.outcome, again.replayed, again.position) == ("created", True, made.position)
        seen = await engine.view("main", GetPatient(patient_id=read(made)["id"]), CLERK)
        assert (read(seen)["name"], seen.version) == ("Asha Rao", 1)


@pytest.mark.parametrize(
    "command",
    [
        RegisterPatient(name=PersonName("Zoë Ångström")),
        PrioritizeTicket(ticket_id=UNKNOWN, priority="high", reason=FreeText("in pain")),
        AddHospital(hospital_id="north", name="North", time_zone="Asia/Kolkata"),
    ],
)
def test_a_command_arrives_as_it_was_sent(command: Any) -> None:
    assert frames.unpacked(type(command).__name__, frames.packed(command)) == command


@pytest.mark.parametrize(
    "error",
    [
        NotFound("there is nothing", ticket_id="t", at=1_790_000_000_000_000, states=["a", "b"]),
        Unavailable("storage_full", "no space", outcome="unknown", retry_after=10),
        Overloaded("mailbox_full", "try again"),
        DeadlinePassed("unknown"),
    ],
)
async def test_an_error_arrives_as_it_was_raised(error: Exception, autojump_clock: Any) -> None:
    def fails(command: Any) -> Reply:
        raise error

    async with linked(cast("Engine", ScriptedEngine(fails))) as engine:
        with pytest.raises(Exception) as caught:
            await engine.ask("main", patient(), CLERK)
        [item] = await engine.ask_batch("main", [(patient(), None)], CLERK)
    for found in (caught.value, item):
        for kind in (Rejected, Unavailable, Overloaded, DeadlinePassed):
            assert isinstance(found, kind) == isinstance(error, kind)
        for name in ("code", "detail", "family", "rule", "facts", "outcome", "retry_after"):
            assert getattr(found, name, None) == getattr(error, name, None), name


async def test_a_fault_of_ours_is_told_as_one_and_the_link_goes_on(autojump_clock: Any) -> None:
    def fails(command: Any) -> Reply:
        if type(command) is RegisterPatient:
            raise ZeroDivisionError
        return Reply(b"\x80", "ok", 1)

    async with linked(cast("Engine", ScriptedEngine(fails))) as engine:
        with pytest.raises(Unavailable) as caught:
            await engine.ask("main", patient(), CLERK)
        assert (caught.value.code, caught.value.outcome) == ("internal_error", "unknown")
        assert (await engine.view("main", GetPatient(patient_id=UNKNOWN), CLERK)).outcome == "ok"


class Held(ScriptedEngine):
    """Holds every command until it is told to let go, and keeps which were withdrawn."""

    def __init__(self) -> None:
        super().__init__(self._hold)
        self.begun = 0
        self.withdrawn = 0
        self.open = trio.Event()

    async def _hold(self, command: Any) -> Reply:
        self.begun += 1
        try:
            await self.open.wait()
        except trio.Cancelled:
            self.withdrawn += 1
            raise
        return Reply(b"\x80", "ok", 1)


async def test_who_stops_waiting_here_is_withdrawn_there(autojump_clock: Any) -> None:
    held = Held()
    async with linked(cast("Engine", held)) as engine:
        with trio.move_on_after(1):
            await engine.ask("main", patient(), CLERK)
        await wait_all_tasks_blocked()
        assert (held.begun, held.withdrawn) == (1, 1)
        held.open.set()
        assert (await engine.ask("main", patient(), CLERK)).outcome == "ok"


async def test_what_is_given_up_before_it_was_begun_there_is_never_begun(autojump_clock: Any) -> None:
    held = Held()
    here, there = memory_stream_pair()
    async with trio.open_nursery() as nursery:
        pipe = Pipe(there, msgspec.msgpack.Decoder(frames.Told))
        nursery.start_soon(pipe.write_forever)
        pipe.put(frames.Ask(1, "main", "RegisterPatient", frames.packed(patient()), frames.who(CLERK), None, 10.0))
        pipe.put(frames.Cancel(1))  # both in one piece: seen in one turn
        nursery.start_soon(Attendant(here, cast("Engine", held), held.page).run)
        await wait_all_tasks_blocked()
        assert held.begun == 0
        nursery.cancel_scope.cancel()


def submitted(engine: FarEngine, then: Any, **more: Any) -> Any:
    return engine.submit("main", patient(), CLERK, then, **more)


def shown(engine: FarEngine, then: Any, patient_id: str = UNKNOWN, **more: Any) -> Any:
    return engine.show("main", GetPatient(patient_id=patient_id), CLERK, then, **more)


class Told:
    """What a callback was called with."""

    def __init__(self) -> None:
        self.words: list[Reply | Exception] = []

    def __call__(self, word: Reply | Exception) -> None:
        self.words.append(word)


async def test_a_command_is_heard_of_as_here_and_once(autojump_clock: Any) -> None:
    async with far() as engine:
        told, again, refused = Told(), Told(), Told()
        engine.submit("main", patient(), CLERK, told, key="one")
        await wait_all_tasks_blocked(0.01)
        engine.submit("main", patient(), CLERK, again, key="one")
        engine.submit(
            "main", PrioritizeTicket(ticket_id=UNKNOWN, priority="high", reason=FreeText("in pain")), CLERK, refused
        )
        await trio.sleep(30)
        [made], [replayed], [error] = told.words, again.words, refused.words
        assert isinstance(made, Reply)
        assert isinstance(replayed, Reply)
        assert (made.replayed, replayed.replayed, replayed.position) == (False, True, made.position)
        assert isinstance(error, Rejected)
        assert error.code == "not_found"


async def test_a_query_is_heard_of_as_here_and_once(autojump_clock: Any) -> None:
    async with far() as engine:
        made = await engine.ask("main", patient(), CLERK)
        told, refused = Told(), Told()
        shown(engine, told, read(made)["id"])
        shown(engine, refused)
        await trio.sleep(30)
        [seen], [error] = told.words, refused.words
        assert isinstance(seen, Reply)
        assert (read(seen)["name"], seen.version, seen.position) == ("Asha Rao", 1, made.position)
        assert isinstance(error, Rejected)
        assert error.code == "not_found"


@pytest.mark.parametrize("asked_at_once", [submitted, shown])
async def test_what_nobody_will_hear_of_is_withdrawn_there_and_not_heard_of(
    asked_at_once: Any, autojump_clock: Any
) -> None:
    held, told = Held(), Told()
    async with linked(cast("Engine", held)) as engine:
        withdraw = asked_at_once(engine, told)
        await wait_all_tasks_blocked()
        assert withdraw is not None
        withdraw()
        await wait_all_tasks_blocked()
        assert (held.begun, held.withdrawn, told.words) == (1, 1, [])
        withdraw()  # nothing is left to withdraw


@pytest.mark.parametrize("asked_at_once", [submitted, shown])
async def test_an_engine_that_says_nothing_is_waited_for_so_long_and_no_longer(
    asked_at_once: Any, autojump_clock: Any
) -> None:
    held, told = Held(), Told()
    async with linked(cast("Engine", held)) as engine:
        asked_at_once(engine, told, within=2)
        await trio.sleep(2)
        assert not told.words
        await trio.sleep(0.3)
        [word] = told.words
        assert isinstance(word, DeadlinePassed)
        assert word.outcome == "unknown"
        await wait_all_tasks_blocked()
        assert held.withdrawn == 1
        held.open.set()
        await trio.sleep(30)
        assert len(told.words) == 1


@pytest.mark.parametrize("asked_at_once", [submitted, shown])
async def test_when_the_engine_goes_who_would_hear_is_told_that_nobody_knows(
    asked_at_once: Any, autojump_clock: Any
) -> None:
    told = Told()
    here, there = memory_stream_pair()
    engine = FarEngine(there)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(engine.run)
        asked_at_once(engine, told)
        await wait_all_tasks_blocked()
        await here.aclose()
        await wait_all_tasks_blocked()
        [word] = told.words
        assert isinstance(word, Unavailable)
        assert (word.code, word.outcome) == ("stopping", "unknown")
        with pytest.raises(Unavailable):
            asked_at_once(engine, told)
        nursery.cancel_scope.cancel()


async def test_all_that_a_process_asked_for_is_withdrawn_when_it_dies(autojump_clock: Any) -> None:
    held = Held()
    here, there = memory_stream_pair()
    attendant = Attendant(here, cast("Engine", held), held.page)
    async with trio.open_nursery() as nursery:
        pipe = Pipe(there, msgspec.msgpack.Decoder(frames.Told))
        nursery.start_soon(attendant.run)
        nursery.start_soon(pipe.write_forever)
        for id in range(20):
            pipe.put(frames.Ask(id, "main", "RegisterPatient", frames.packed(patient()), frames.who(CLERK), None, 10.0))
        await wait_all_tasks_blocked()
        assert (held.begun, held.withdrawn) == (20, 0)
        await there.aclose()
        await wait_all_tasks_blocked()
        assert held.withdrawn == 20
        nursery.cancel_scope.cancel()


async def test_when_the_engine_dies_nobody_waits_and_nobody_is_told_that_nothing_happened(autojump_clock: Any) -> None:
    here, there = memory_stream_pair()
    engine = FarEngine(there)
    outcomes: list[str] = []

    async def ask() -> None:
        try:
            await engine.ask("main", patient(), CLERK)
        except Unavailable as gone:
            outcomes.append(gone.outcome)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(engine.run)
        for _ in range(3):
            nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        await here.aclose()
    assert outcomes == ["unknown"] * 3
    await ask()  # what was never sent cannot have happened
    assert outcomes[3:] == ["not_applied"]


@pytest.mark.parametrize("sent", [b"\xff\xff\xff\xff", b"\x00\x00\x00\x01\xc1", b"\x00\x00\x00\x02\x91\x63"])
async def test_another_language_ends_the_link(sent: bytes, autojump_clock: Any) -> None:
    here, there = memory_stream_pair()
    pipe = Pipe(here, msgspec.msgpack.Decoder(frames.Asked))
    await there.send_all(sent)
    with pytest.raises(Garbled):
        await pipe.read_forever(lambda frame: None)


async def test_frames_arrive_whole_however_they_are_cut(autojump_clock: Any) -> None:
    here, there = memory_stream_pair()
    wanted = [frames.Follow(n, "main", ["x" * n], None) for n in (0, 1, 3, 300, 70_000)]
    writer = Pipe(there, msgspec.msgpack.Decoder(frames.Told))
    got: list[Any] = []
    reader = Pipe(here, msgspec.msgpack.Decoder(frames.Asked))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reader.read_forever, got.append)
        for frame in wanted:
            data = msgspec.msgpack.encode(frame)
            whole = len(data).to_bytes(4, "big") + data
            for at in range(0, len(whole), max(1, len(whole) // 7)):
                await there.send_all(whole[at : at + max(1, len(whole) // 7)])
        nursery.start_soon(writer.write_forever)
        await wait_all_tasks_blocked()
        assert got == wanted
        nursery.cancel_scope.cancel()

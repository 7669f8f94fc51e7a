"""The witness over real HTTP: what it answers to each question, and that it never forgets or says two things."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import LogCorrupt
from engine.eventlog.checkpoint import COSIGNATURE, BadNote, LocalSigner, Note, Verifier, cosigned, cosigned_at, line_of
from engine.eventlog.directory import LogDirectory
from gateway.audit.client import Answer, Client
from gateway.door.settings import DoorSettings
from gateway.server import Door, serve
from replay.witnessing.service import Service
from replay.witnessing.witness import SEEN, Trust, Witness
from tests.replay.grown_log import OWNER, GrownLog, asked

KEY = LocalSigner(bytes(32))
STRANGER = LocalSigner(b"s" * 32)
NAME = "witness.example/w1"
VERIFIER = Verifier(NAME, KEY.key, COSIGNATURE)
NOW = 1_800_000_000

MAIN = GrownLog("hospital.example/main")
FORKED = GrownLog("hospital.example/main", fork=3)
FOREIGN = GrownLog("hospital.example/main", STRANGER)

Ask = Callable[[bytes], Awaitable[Answer]]


def witness_in(folder: Path, *logs: str) -> Witness:
    directory = LogDirectory(folder, (SEEN,), allow_any_filesystem=True)
    directory.claim()
    directory.release()
    trusted = logs or (f"{MAIN.origin}={b64encode(OWNER.key).decode()}",)
    return Witness(NAME, KEY, Trust(trusted), folder, lambda: NOW)


@asynccontextmanager
async def door_before(witness: Witness) -> AsyncIterator[str]:
    """The witness's URL."""
    settings, shutdown = DoorSettings(graceful_timeout=0.5, linger_timeout=0.1), trio.Event()
    async with trio.open_nursery() as nursery:
        door: Door = await nursery.start(
            lambda task_status: serve(
                Service(witness), bind="127.0.0.1:0", settings=settings, shutdown=shutdown, task_status=task_status
            )
        )
        yield door.binds[0]
        shutdown.set()


@asynccontextmanager
async def asking(witness: Witness) -> AsyncIterator[Ask]:
    """Ask over HTTP, on one connection."""
    async with door_before(witness) as url:
        client = Client(url, ssl.create_default_context())

        async def ask(question: bytes) -> Answer:
            return await client.post("add-checkpoint", question)

        yield ask
        await client.close()


async def with_proof(proof: list[bytes], size: int = 8, old: int = 5) -> bytes:
    return asked(old, proof, await MAIN.checkpoint(size))


async def a_flipped_proof() -> bytes:
    first, *rest = await MAIN.proof(5, 8)
    return await with_proof([bytes([first[0] ^ 1]) + first[1:], *rest])


async def a_shortened_proof() -> bytes:
    return await with_proof((await MAIN.proof(5, 8))[:-1])


async def a_lengthened_proof() -> bytes:
    return await with_proof([*await MAIN.proof(5, 8), bytes(32)])


async def a_needless_proof() -> bytes:
    return await with_proof([bytes(32)], size=5)


async def too_long_a_proof() -> bytes:
    return await with_proof([bytes(32)] * 64)


async def a_broken_signature() -> bytes:
    note = await MAIN.checkpoint(8)
    [line] = note.lines
    return asked(5, [], Note(note.text, (line._replace(signature=bytes(64)),)))


async def only_a_cosignature() -> bytes:
    note = await MAIN.checkpoint(8)
    return asked(5, [], Note(note.text, (cosigned(note.text, NAME, KEY, NOW),)))


async def a_word_before() -> bytes:
    return b"new" + (await MAIN.question(5, 8))[3:]


async def a_zero_before() -> bytes:
    return (await MAIN.question(5, 8)).replace(b"old 5", b"old 05")


async def a_proof_line_that_is_none() -> bytes:
    return (await MAIN.question(5, 8)).replace(b"old 5\n", b"old 5\nAAAA\n")


async def no_gap() -> bytes:
    return (await MAIN.question(5, 8)).replace(b"\n\n", b"\n")


async def no_checkpoint() -> bytes:
    return b"old 5\n\ntext\n\n" + MAIN.origin.encode()


# The witness has seen 5 entries of MAIN.
@pytest.mark.parametrize(
    ("question", "status", "kind", "body"),
    [
        (lambda: MAIN.question(5, 8), 200, "text/plain", None),
        (lambda: MAIN.question(5, 5), 200, "text/plain", None),
        (lambda: MAIN.question(5, 700), 200, "text/plain", None),
        (lambda: MAIN.question(0, 8), 409, "text/x.tlog.size", b"5\n"),
        (lambda: MAIN.question(4, 8), 409, "text/x.tlog.size", b"5\n"),
        (lambda: MAIN.question(8, 8), 409, "text/x.tlog.size", b"5\n"),
        (lambda: MAIN.question(2, 3), 409, "text/x.tlog.size", b"5\n"),
        (lambda: FORKED.question(5, 5), 409, "text/plain", None),
        (lambda: FORKED.question(5, 8), 422, "text/plain", None),
        (a_flipped_proof, 422, "text/plain", None),
        (a_shortened_proof, 422, "text/plain", None),
        (a_lengthened_proof, 422, "text/plain", None),
        (a_needless_proof, 422, "text/plain", None),
        (lambda: with_proof([]), 422, "text/plain", None),
        (lambda: GrownLog("hospital.example/other").question(0, 8), 404, "text/plain", None),
        (lambda: FOREIGN.question(5, 8), 403, "text/plain", None),
        (a_broken_signature, 403, "text/plain", None),
        (only_a_cosignature, 403, "text/plain", None),
        (lambda: MAIN.question(9, 8), 400, "text/plain", None),
        (too_long_a_proof, 400, "text/plain", None),
        (a_word_before, 400, "text/plain", None),
        (a_zero_before, 400, "text/plain", None),
        (a_proof_line_that_is_none, 400, "text/plain", None),
        (no_gap, 400, "text/plain", None),
        (no_checkpoint, 400, "text/plain", None),
    ],
)
async def test_each_question_has_its_answer_and_only_a_right_one_moves_the_witness(
    tmp_path: Path, question: Callable[[], Awaitable[bytes]], status: int, kind: str, body: bytes | None
):
    witness = witness_in(tmp_path)
    async with asking(witness) as ask:
        assert (await ask(await MAIN.question(0, 5))).status == 200
        before = witness.newest(MAIN.origin)
        answer = await ask(await question())
    assert (answer.status, answer.kind.partition(";")[0]) == (status, kind)
    assert body is None or answer.body == body
    after = witness.newest(MAIN.origin)
    assert before is not None
    assert after is not None
    if status == 200:
        line = line_of(answer.body.decode().removesuffix("\n"))
        note = Note(after.text, (line,))
        assert note.signed_by(VERIFIER)
        assert cosigned_at(line) == NOW
        assert after.signed_by(Verifier(MAIN.origin, OWNER.key))
        assert after.head().size >= 5
    else:
        assert after == before


async def test_two_that_ask_at_once_cannot_both_be_right(tmp_path: Path):
    witness = witness_in(tmp_path)
    seen = 0
    async with door_before(witness) as url:
        clients = [Client(url, ssl.create_default_context()) for _ in range(3)]
        for _ in range(12):
            answers: dict[int, Answer] = {}

            async def ask(client: Client, size: int, old: int, answers: dict[int, Answer]) -> None:
                answers[size] = await client.post("add-checkpoint", await MAIN.question(old, size))

            async with trio.open_nursery() as nursery:
                for ahead, client in enumerate(clients, 1):
                    nursery.start_soon(ask, client, seen + ahead, seen, answers)
            [winner] = [size for size, answer in answers.items() if answer.status == 200]
            losers = [answer for answer in answers.values() if answer.status != 200]
            assert [(answer.status, answer.body) for answer in losers] == [(409, b"%d\n" % winner)] * 2
            newest = witness.newest(MAIN.origin)
            assert newest is not None
            assert newest.head().size == winner
            seen = winner
        for client in clients:
            await client.close()


async def test_a_witness_that_starts_again_remembers(tmp_path: Path):
    async with asking(witness_in(tmp_path)) as ask:
        assert (await ask(await MAIN.question(0, 5))).status == 200
    async with asking(witness_in(tmp_path)) as ask:
        assert (await ask(await MAIN.question(0, 8))).body == b"5\n"
        assert (await ask(await FORKED.question(5, 8))).status == 422
        assert (await ask(await MAIN.question(5, 8))).status == 200


async def test_what_was_seen_and_cannot_be_read_is_never_begun_anew(tmp_path: Path):
    witness = witness_in(tmp_path)
    async with asking(witness) as ask:
        assert (await ask(await MAIN.question(0, 5))).status == 200
        [file] = (tmp_path / SEEN).iterdir()
        file.write_bytes(file.read_bytes().replace(b"\n5\n", b"\n4\n"))
        assert (await ask(await MAIN.question(0, 8))).status == 500
        file.write_bytes(b"")
        assert (await ask(await MAIN.question(0, 8))).status == 500
        with pytest.raises(LogCorrupt):
            witness.newest(MAIN.origin)


async def test_a_disk_that_takes_nothing_gives_no_cosignature(tmp_path: Path):
    witness = witness_in(tmp_path)
    async with asking(witness) as ask:
        assert (await ask(await MAIN.question(0, 5))).status == 200
        (tmp_path / SEEN).rename(tmp_path / "away")
        (tmp_path / SEEN).write_bytes(b"no folder")
        assert (await ask(await MAIN.question(5, 8))).status == 500
        (tmp_path / SEEN).unlink()
        (tmp_path / "away").rename(tmp_path / SEEN)
        assert (await ask(await MAIN.question(5, 8))).status == 200


async def test_one_key_below_a_prefix_is_for_all_logs_there_and_no_others(tmp_path: Path):
    witness = witness_in(tmp_path, f"hospital.example/*={Verifier('hospital.example', OWNER.key).text()}")
    async with asking(witness) as ask:
        for origin in ("hospital.example/main", "hospital.example/main/access", "hospital.example/north"):
            assert (await ask(await GrownLog(origin).question(0, 5))).status == 200
            assert (await ask(await GrownLog(origin, STRANGER).question(5, 8))).status == 403
        for origin in ("hospital.example", "hospital.example/", "hospital.exampled/main", "other.example/main"):
            assert (await ask(await GrownLog(origin).question(0, 5))).status == 404
    assert [note.head().origin for note in witness.all()] == [
        "hospital.example/main", "hospital.example/main/access", "hospital.example/north",
    ]  # fmt: skip


def test_a_log_may_sign_under_another_name_than_its_own():
    sums = Verifier.parse("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
    assert Trust([f"go.sum database tree={sums.text()}"]).keys("go.sum database tree") == [sums]
    assert Trust([sums.text()]).keys("sum.golang.org") == [sums]
    assert Trust([sums.text()]).keys("go.sum database tree") == []


async def test_auditors_read_what_was_seen(tmp_path: Path):
    witness = witness_in(tmp_path)
    async with asking(witness) as ask:
        await ask(await MAIN.question(0, 5))
    async with door_before(witness) as url:
        listed = await got(url, "/")
        digest = sha256(MAIN.origin.encode()).hexdigest()
        found = await got(url, f"/{digest}/checkpoint")
        assert (await got(url, f"/{'0' * 64}/checkpoint")).startswith(b"HTTP/1.1 404")
        assert (await got(url, f"/{SEEN}/../witness.key")).startswith(b"HTTP/1.1 404")
        assert (await got(url, "/add-checkpoint")).startswith(b"HTTP/1.1 405")
    assert VERIFIER.text().encode() in listed
    assert b"\n5 hospital.example/main\n" in listed
    note = Note.parse(found.partition(b"\r\n\r\n")[2])
    assert note.head().size == 5
    assert note.signed_by(VERIFIER)


async def got(url: str, path: str, method: str = "GET") -> bytes:
    return await said(url, f"{method} {path} HTTP/1.1\r\nhost: w\r\nconnection: close\r\n\r\n".encode())


async def said(url: str, request: bytes) -> bytes:
    """All that comes back for these bytes."""
    host, port = url.removeprefix("http://").split(":")
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        await stream.send_all(request)
        answer = b""
        while piece := await stream.receive_some(65_536):
            answer += piece
        return answer


async def test_hostile_requests_end_their_own_connection_only(tmp_path: Path):
    witness = witness_in(tmp_path)
    head = b"POST /add-checkpoint HTTP/1.1\r\nhost: w\r\nconnection: close\r\n"
    async with asking(witness) as ask:
        assert (await ask(await MAIN.question(0, 5))).status == 200
    async with door_before(witness) as url:
        assert (await said(url, head + b"content-length: 200000\r\n\r\n" + b"x" * 200_000)).startswith(b"HTTP/1.1 413")
        assert (await said(url, head + b"content-length: 3\r\n\r\n\xff\xff\xff")).startswith(b"HTTP/1.1 400")
        await said(url, b"\x00\x01\x02 nonsense\r\n\r\n")
        upgrade = b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
        await said(
            url, b"GET / HTTP/1.1\r\nhost: w\r\n" + upgrade + b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        client = Client(url, ssl.create_default_context())
        assert (await client.post("add-checkpoint", await MAIN.question(5, 8))).status == 200
        await client.close()


@settings(max_examples=40)
@given(question=st.binary(max_size=300))
def test_any_bytes_are_answered(tmp_path_factory: pytest.TempPathFactory, question: bytes):
    witness = witness_in(tmp_path_factory.mktemp("w"))

    async def ask() -> None:
        for asked_for in (question, b"old 5\n" + question, b"old 0\n\n" + question):
            assert (await witness.add_checkpoint(asked_for)).status in (400, 403, 404)

    trio.run(ask)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.booleans()), min_size=1, max_size=8))
def test_whatever_is_asked_the_witness_follows_one_log_forwards(
    tmp_path_factory: pytest.TempPathFactory, asked_for: list[tuple[int, int, bool]]
):
    """The fork's first three entries are the log's own: what it says of them is no lie."""
    witness = witness_in(tmp_path_factory.mktemp("w"))

    async def ask() -> None:
        seen, on_fork = 0, False
        for old, size, fork in asked_for:
            grown_log = FORKED if fork else MAIN
            said = await witness.add_checkpoint(await grown_log.question(old, size))
            if old > size:
                assert said.status == 400
            elif old != seen:
                assert (said.status, said.body) == (409, b"%d\n" % seen)
            elif seen > 3 and fork is not on_fork:
                assert said.status == (409 if size == seen else 422)
            else:
                assert said.status == 200
                seen, on_fork = size, fork
            newest = witness.newest(MAIN.origin)
            assert (0 if newest is None else newest.head().size) == seen

    trio.run(ask)


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "origin",
        "origin=",
        "origin=AAAA",
        "/*=",
        f"origin={'A' * 44}",
        "name+00000000+AAAA",
        "origin=name+00000000+AA",
    ],
)
def test_a_log_that_cannot_be_meant_is_refused(entry: str):
    with pytest.raises(BadNote):
        Trust([entry])

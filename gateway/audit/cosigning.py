"""Asks witnesses to cosign the newest checkpoint of each log, and keeps what they give.

A witness that is away, slow or wrong holds nothing up: each has a task of its own and is asked again later. One that
has seen more than a log has, or something else, says the worst there is to say about it, and that is said loudly.
The protocol is C2SP's ``tlog-witness``.
"""

from __future__ import annotations

import logging
import re
import ssl
from base64 import b64encode
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import trio

from engine import calendar
from engine.errors import LogCorrupt, Rejected, Unavailable
from engine.eventlog.checkpoint import COSIGNATURE, BadNote, Line, Note, Verifier, cosigned_at, line_of
from engine.eventlog.log import Tail
from engine.eventlog.store import Store
from engine.eventlog.tree import consistency_proof
from engine.runtime import Engine
from gateway.audit.client import Client, Unreached
from gateway.audit.settings import AuditSettings, AuditUnusable, WitnessPlace
from gateway.notices.addresses import Resolve

LOOK: Final = 1.0
"""Seconds between two looks for new checkpoints."""

LONGEST_PAUSE: Final = 60.0
"""Seconds before a witness is asked again about a log after a failure; they double from ``LOOK`` on."""

_TURNS: Final = 3
"""Questions about one checkpoint at a time: the first may learn where the witness stands."""

_NOTES: Final = 4
"""Checkpoints of each log whose cosignatures are gathered: a slow witness may be behind a quick one."""

_END_OF_TIME: Final = 253_402_300_800
"""Seconds since 1970 at the end of the year 9999."""

_SIZE: Final = re.compile(rb"(0|[1-9][0-9]{0,18})\n")

log = logging.getLogger("matron.audit")


class Refused(Exception):
    """A witness did not cosign; the text is a code. ``alarm`` where it says that the log is not what it was."""

    def __init__(self, code: str, alarm: str = "") -> None:
        super().__init__(code)
        self.alarm = alarm


class Ahead(Exception):
    """A witness has cosigned more than the newest checkpoint here, though not more than the log has."""


class Cosigning:
    """All witnesses of one engine. ``AuditUnusable`` when one cannot be what is configured."""

    def __init__(self, settings: AuditSettings, resolve: Resolve | None = None) -> None:
        tls = ssl.create_default_context()
        if settings.ca_file is not None:
            try:
                tls.load_verify_locations(settings.ca_file)
            except OSError as fault:
                raise AuditUnusable(f"audit.ca_file {settings.ca_file} cannot be used: {fault}") from None
        self.witnesses = [_witness(place, tls, resolve, settings.witness_seconds) for place in settings.witnesses]

    async def run(self, engine: Engine, store: Store, shutdown: trio.Event) -> None:
        """Ask, until ``shutdown``; what is under way then is broken off, and asked again after the next start."""
        gathered = Gathered(engine)
        async with trio.open_nursery() as nursery:
            for witness in self.witnesses:
                nursery.start_soon(witness.run, engine, store, gathered)
            await shutdown.wait()
            nursery.cancel_scope.cancel()


class Gathered:
    """The cosignatures of the newest checkpoints, for several witnesses may answer about one at the same time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._notes: dict[str, dict[int, Note]] = {}

    def add(self, name: str, size: int, note: Note, line: Line) -> None:
        """Keep a checkpoint with one more cosignature."""
        notes = self._notes.setdefault(name, {})
        notes[size] = notes.get(size, note).with_lines([*note.lines, line])
        for old in sorted(notes)[:-_NOTES]:
            del notes[old]
        if size in notes:
            self._engine.keep_checkpoint(name, size, notes[size].bytes())


class Standing:
    """How one witness stands towards one log."""

    def __init__(self) -> None:
        self.size = 0
        """Entries that it has cosigned, as far as is known, ..."""
        self.kept = 0
        """... and those of which that is kept in the log."""
        self.asked = False
        """Whether it has been asked since the start: a log that was rolled back may end with a cosigned checkpoint."""
        self.at = 0
        """When it did (seconds since 1970)."""
        self.failure = ""
        self.alarm = ""
        """What it said against the log; stays until it cosigns again, also while it is away."""
        self._failures = 0
        self._not_before = 0.0

    def may_ask(self) -> bool:
        """Whether it is time for a question."""
        return trio.current_time() >= self._not_before

    def failed(self, code: str, alarm: str = "") -> None:
        """A question brought no cosignature."""
        self.failure, self.alarm = code, alarm or self.alarm
        self._not_before = trio.current_time() + min(LONGEST_PAUSE, LOOK * 2**self._failures)
        self._failures = min(self._failures + 1, 10)

    def succeeded(self, size: int, line: Line) -> None:
        """It has cosigned so much."""
        self.size, self.at, self.failure, self.alarm, self._failures = size, cosigned_at(line), "", "", 0


class Witness:
    """One witness: what is asked of it, and what it said. ``logs`` are its standings by the log's name."""

    def __init__(self, url: str, verifier: Verifier, client: Client, seconds: float) -> None:
        self.url = url
        self.verifier = verifier
        self.logs: dict[str, Standing] = {}
        self._client = client
        self._seconds = seconds

    async def run(self, engine: Engine, store: Store, gathered: Gathered) -> None:
        """Look for new checkpoints, and ask; until cancelled."""
        try:
            while True:
                for tail in tails_of(engine):
                    standing = self.logs.setdefault(tail.hospital, Standing())
                    if tail.signed > standing.kept and standing.may_ask():
                        await self._advance(tail, standing, store, gathered)
                await trio.sleep(LOOK)
        finally:
            with trio.CancelScope(shield=True):
                await self._client.close()

    async def _advance(self, tail: Tail, standing: Standing, store: Store, gathered: Gathered) -> None:
        name = tail.hospital
        before = standing.failure
        try:
            last = await store.last_checkpoint(name)
            if last is None:
                return
            try:
                note = Note.parse(last.note)
                note.head()
            except BadNote:
                standing.failed("checkpoint_unreadable")  # the engine itself speaks of the damage
                return
            if self._has_signed(note):
                standing.size = last.size
                if standing.asked:
                    standing.kept = last.size
                    return
            line = await self._ask(tail, standing.size, note, store)
            standing.asked = True
            standing.succeeded(last.size, line)
            gathered.add(name, last.size, note, line)
            if before:
                log.warning("witness %s cosigns %s again", self.verifier.name, name)
        except (Unavailable, LogCorrupt):  # the log is read again
            standing.failed("log_not_read")
        except Ahead:
            standing.failed("ahead")
        except Unreached as fault:
            standing.failed(str(fault))
        except BadNote as fault:
            standing.failed("bad_cosignature")
            log.error("witness %s gave for %s what is no cosignature: %s", self.verifier.name, name, fault)
        except Refused as fault:
            standing.failed(str(fault), fault.alarm)
            if fault.alarm:
                log.critical("ALARM: %s", fault.alarm)
        except Exception as fault:
            standing.failed(f"internal_{type(fault).__name__}")
            log.exception("asking witness %s about %s failed", self.verifier.name, name)
        if standing.failure not in ("", before):
            log.warning("witness %s does not cosign %s: %s", self.verifier.name, name, standing.failure)

    async def _ask(self, tail: Tail, known: int, note: Note, store: Store) -> Line:
        """The cosignature; ``Refused``, ``Ahead``, ``Unreached`` or ``BadNote`` when there is none."""
        head = note.head()
        hashes = partial(store.hashes, tail.hospital)
        old = min(known, head.size)
        for _ in range(_TURNS):
            proof = await consistency_proof(old, head.size, hashes)
            body = _question(old, proof, note)
            with trio.move_on_after(self._seconds):
                answer = await self._client.post("add-checkpoint", body)
                if answer.status == 200:
                    return self._cosignature(note, answer.body)
                found = _SIZE.fullmatch(answer.body) if answer.kind == "text/x.tlog.size" else None
                if answer.status != 409 or found is None or int(found[1]) == old:
                    raise self._refusal(tail, answer.status, old, head.size)
                old = int(found[1])
                if old > max(tail.durable, head.size):
                    what = f"has seen {old} entries, and there are {tail.durable}"
                    raise Refused("log_is_shorter", self._alarm(tail, what))
                if old > head.size:
                    raise Ahead
                continue
            raise Unreached("timeout")
        raise Refused("changes_its_mind")

    def _refusal(self, tail: Tail, status: int, old: int, size: int) -> Refused:
        if old and (status == 422 or (status == 409 and old == size)):
            return Refused("log_is_another", self._alarm(tail, f"has seen other entries than its first {old} are now"))
        known = {400: "bad_request", 403: "key_not_trusted", 404: "log_unknown"}
        return Refused(known.get(status, f"http_{status}"))

    def _alarm(self, tail: Tail, what: str) -> str:
        return (
            f"the log of {tail.hospital} is not what it was: witness {self.verifier.name} {what}. Signed entries were "
            "lost, altered or written twice; see docs/checkpoints.md, and leave the data folder as it is"
        )

    def _cosignature(self, note: Note, body: bytes) -> Line:
        """The line of this witness's key among those that came; others do not count."""
        try:
            lines = tuple(map(line_of, body.decode().removesuffix("\n").split("\n")))
        except UnicodeDecodeError:
            raise BadNote("an answer is UTF-8") from None
        if not Note(note.text, lines).signed_by(self.verifier):
            raise BadNote("none of the lines is of its key")
        line = self._own(lines)
        if not 0 < cosigned_at(line) < _END_OF_TIME:
            raise BadNote("it bears no time, or none that can be meant")
        return line

    def _has_signed(self, note: Note) -> bool:
        try:
            return note.signed_by(self.verifier)
        except BadNote:  # what was kept is damaged: another one takes its place
            return False

    def _own(self, lines: Sequence[Line]) -> Line:
        verifier = self.verifier
        return next(line for line in lines if (line.name, line.id) == (verifier.name, verifier.id))

    def document(self, hospital: str) -> dict[str, Any]:
        """How it stands, for the health page."""
        return {
            "witness": self.verifier.name,
            "url": self.url,
            "logs": {
                name: {
                    "size": one.size,
                    "cosigned_at": calendar.moment(one.at * 1_000_000) if one.at else None,
                    "failure": one.failure or None,
                    "alarm": one.alarm or None,
                }
                for name, one in self.logs.items()
                if name.partition(".")[0] == hospital
            },
        }


def _witness(place: WitnessPlace, tls: ssl.SSLContext, resolve: Resolve | None, seconds: float) -> Witness:
    try:
        verifier = Verifier.parse(place.vkey)
        client = Client(place.url, tls, resolve)
    except Rejected as fault:
        raise AuditUnusable(f"audit.witnesses: {place.url} cannot be asked: {fault}") from None
    if verifier.kind != COSIGNATURE:
        raise AuditUnusable(f"audit.witnesses: {place.vkey} is the key of a log; a witness has one of its own")
    return Witness(place.url, verifier, client, seconds)


def tails_of(engine: Engine) -> list[Tail]:
    """The ends of all logs: each hospital's own, and the one beside it."""
    both = [(partition.tail, partition.access) for partition in engine.partitions.values()]
    return [tail for pair in both for tail in pair if tail is not None]


def _question(old: int, proof: Sequence[bytes], note: Note) -> bytes:
    lines = [f"old {old}", *(b64encode(part).decode() for part in proof), "", ""]
    return "\n".join(lines).encode() + note.bytes()

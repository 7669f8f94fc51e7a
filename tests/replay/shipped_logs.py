"""Logs that a real engine wrote, signed and witnessed, as segments; taken apart into frames and put together again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import trio

from engine.decider import PersonName
from engine.decisions.doctors import AddDoctor
from engine.decisions.hospital import AddHospital
from engine.decisions.patients import UpdatePatient
from engine.errors import Rejected
from engine.eventlog.checkpoint import COSIGNATURE, SIGNATURE, Head, Line, LocalSigner, Note, Verifier, cosigned
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.eventlog.tree import Tree
from engine.notary import CheckpointSettings, Seal
from engine.runtime import EngineSettings, open_engine
from replay.segments.form import MAGIC, read_frames, write_frame
from replay.segments.shipping import Shipment
from replay.segments.source import SegmentWriter
from replay.verifier import LogCheck, verify
from tests.engine.living import CLERK, TrioClock, patient, read

NAME = "hospital.example"
SIGNER = LocalSigner(bytes(range(32)))
STRANGER = LocalSigner(bytes(range(1, 33)))
WITNESS = LocalSigner(bytes(range(2, 34)))
WITNESS_KEY = Verifier("witness.example/w1", WITNESS.key, COSIGNATURE)
COSIGNED_AT = 1_800_000_000

Files = dict[str, bytes]
Frame = tuple[bytes, bytes]


class Log(NamedTuple):
    """A hospital's log in segments, and its last checkpoint, which a witness has signed."""

    hospital: str
    files: Files
    witnessed: bytes

    @property
    def key(self) -> Verifier:
        """What its checkpoints are verified with."""
        return Verifier(f"{NAME}/{self.hospital}", SIGNER.key, SIGNATURE)


def sealing(entries: int) -> EngineSettings:
    """An engine that signs after so many entries."""
    return EngineSettings(checking=True, seal=Seal(NAME, SIGNER, CheckpointSettings(entries=entries)))


async def written(rng: Random, hospitals: Sequence[str], folder: Path) -> list[Log]:
    """What happened in some hospitals, shipped now and then while it happened, and once more at its end."""
    disk, limit = MemoryDisk(), rng.choice((3_000, 9_000, 1 << 20))
    store = MemoryStore(disk)
    async with open_engine(store, clock=TrioClock(), settings=sealing(rng.randrange(3, 12))) as engine:
        await engine.until_ready()
        shipment = Shipment(store, folder, limit=limit)
        for hospital in hospitals:
            await engine.ask(hospital, AddHospital(hospital_id=hospital, name="Main", time_zone="UTC"), CLERK)
            patients = list[str]()
            for _ in range(rng.randrange(1, 25)):
                await trio.sleep(rng.choice((0, 0, 0.1, 0.4)))
                await _something(engine, hospital, rng, patients)
                if rng.random() < 0.1:
                    await shipment.turn()
        shipment.close()
    for hospital in hospitals:
        kept = disk.checkpoints[hospital]
        note = Note.parse(kept[max(kept)])
        kept[max(kept)] = note.with_lines([cosigned(note.text, WITNESS_KEY.name, WITNESS, COSIGNED_AT)]).bytes()
    store = MemoryStore(disk)
    await store.open()
    shipment = Shipment(store, folder, limit=limit)
    await shipment.turn()
    shipment.close()
    return [Log(name, files_in(folder / name), _last(disk.checkpoints[name])) for name in hospitals]


async def _something(engine: Any, hospital: str, rng: Random, patients: list[str]) -> None:
    """Any of a few commands, some of which are refused."""
    match rng.randrange(4):
        case 0 if patients:
            command: Any = UpdatePatient(patient_id=rng.choice(patients), name=PersonName(f"Asha {rng.randrange(99)}"))
        case 1:
            command = AddDoctor(name=PersonName("Dr. Rao"), specialization="Surgery")
        case 2 if rng.random() < 0.5:
            command = UpdatePatient(patient_id="0198c2a4-0000-7000-8000-000000000000", name=PersonName("Nobody"))
        case _:
            command = patient(f"Asha {rng.randrange(99)}")
    try:
        made = read(await engine.ask(hospital, command, CLERK))
    except Rejected:
        return
    if "gender" in made:
        patients.append(made["id"])


def _last(checkpoints: dict[int, bytes]) -> bytes:
    return checkpoints[max(checkpoints)]


def files_in(folder: Path) -> Files:
    """A folder's files."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def checked(folder: Path, log: Log, files: Files | None = None) -> list[LogCheck]:
    """What the verifier says of these files, or the log's own, against what a witness has signed of the log."""
    place = folder / log.hospital
    place.mkdir(parents=True, exist_ok=True)
    for path in place.iterdir():
        path.unlink()
    for name, data in (log.files if files is None else files).items():
        (place / name).write_bytes(data)
    keys, witnesses = [log.key.text()], [WITNESS_KEY.text()]
    return verify([place], keys, witnesses, needed=1, against=[log.witnessed], complete=True)


def found(folder: Path, log: Log, files: Files | None = None) -> list[str]:
    """The kinds of what it finds."""
    return [finding.kind for check in checked(folder, log, files) for finding in check.findings]


def frames_of(data: bytes) -> list[Frame]:
    """The kind and payload of each frame of a file."""
    return [(kind, data[begin:end]) for kind, begin, end in read_frames(data, len(MAGIC), "here")]


def file_of(frames: Sequence[Frame]) -> bytes:
    """A file of frames."""
    return MAGIC + b"".join(write_frame(kind, payload) for kind, payload in frames)


def records_of(log: Log) -> list[bytes]:
    """All stored records, in order."""
    return [payload[8:] for data in log.files.values() for kind, payload in frames_of(data) if kind == b"E"]


def notes_of(log: Log) -> list[bytes]:
    """All checkpoints, in order."""
    return [payload[32:] for data in log.files.values() for kind, payload in frames_of(data) if kind == b"C"]


def size_of(note: bytes) -> int:
    """How many entries it speaks of."""
    return Note.parse(note).head().size


def put_together(log: Log, records: Sequence[bytes], notes: Sequence[bytes]) -> Files:
    """Segments as they would have been written of these records and checkpoints: in their form nothing is wrong."""
    with TemporaryDirectory() as folder:
        writer = SegmentWriter(Path(folder), log.hospital, limit=9_000)
        left = list(notes)
        for position, record in enumerate(records, 1):
            writer.entry(position, record)
            while left and size_of(left[0]) <= position:
                writer.checkpoint(left.pop(0))
        for note in left:
            writer.checkpoint(note)
        writer.flush()
        writer.close()
        return files_in(Path(folder) / log.hospital)


def signed_anew(
    log: Log, records: Sequence[bytes], signer: LocalSigner, above: int = 0, origin: str = ""
) -> list[bytes]:
    """Checkpoints of these records where the log had some, and at the end; those up to ``above`` stay as they were."""
    key, tree, made = Verifier(origin or log.key.name, signer.key, SIGNATURE), Tree(), list[bytes]()
    sizes = sorted({*(size_of(note) for note in notes_of(log) if size_of(note) < len(records)), len(records)})
    for size in sizes:
        tree.extend(records[tree.size : size])
        if size > above:
            text = Head(key.name, size, tree.root()).text()
            made.append(Note(text, (Line(key.name, key.id, signer.now(text.encode())),)).bytes())
    return [note for note in notes_of(log) if size_of(note) <= above] + made

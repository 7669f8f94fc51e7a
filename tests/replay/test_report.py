"""The audit report: it says what happened, proves what it can, finds what was altered, and names no patient."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
import trio
import trio.testing
from click.testing import CliRunner

from engine.decider import FreeText, PersonName
from engine.decisions.book_token import BookToken
from engine.decisions.erase_patient import ErasePatient, ErasureReason
from engine.decisions.join_queue import JoinQueue
from engine.decisions.no_show import MarkNoShow
from engine.decisions.patients import RegisterPatient
from engine.eventlog.checkpoint import LocalSigner, Verifier
from engine.eventlog.entry import Principal
from engine.eventlog.lmdb_store import LmdbStore
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.eventlog.store import Batch
from engine.notary import Seal
from engine.runtime import EngineSettings
from engine.views.people import GetPatient
from replay.__main__ import main
from replay.reporting.audit_report import report
from replay.reporting.material import Material, gather, stretch_between
from replay.verifying import Demands
from tests.engine.living import CLERK, living
from tests.replay.days import DAY, Hospital, ask, tried

SIGNER = LocalSigner(bytes(range(32)))
KEYS = tuple(Verifier(f"hospital.example/main{log}", SIGNER.key).text() for log in ("", "/access"))
NAME = "Zebedee Quux"
LOOKER = Principal("dr.berg", "clinician", "10.0.0.9")


async def audited() -> MemoryDisk:
    """A hospital in which somebody is marked by force, somebody is refused, looked at, and erased."""
    disk = MemoryDisk()
    async with living(disk, settings=EngineSettings(seal=Seal("hospital.example", SIGNER))) as engine:
        hospital = Hospital(1)
        await hospital._found(engine)
        ids = [(await ask(engine, RegisterPatient(name=PersonName(NAME)), CLERK))["id"] for _ in range(2)]
        token = await ask(engine, BookToken(slot_id=hospital.slots[0], patient_id=ids[0], category="ONLINE"), CLERK)
        await ask(engine, MarkNoShow(token_id=token["id"], force=True, reason=FreeText("left the house")), CLERK)
        await tried(engine, JoinQueue(service_id=ids[0]), CLERK)
        await engine.view("main", GetPatient(patient_id=ids[0]), LOOKER)
        await ask(engine, ErasePatient(patient_id=ids[1], reason=ErasureReason("asked in writing")), CLERK)
    return disk


async def gathered(disk: MemoryDisk, *, reasons: bool = True, unsigned: bool = False) -> Material:
    store = MemoryStore(disk)
    await store.open()
    demands = Demands(() if unsigned else KEYS, unsigned=unsigned)
    stretch = await stretch_between(store, "main", DAY, DAY)
    return await gather(store, Path(), "main", stretch, demands, reasons=reasons)


class Page(HTMLParser):
    """The text of a page, its tags, and what they refer to."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: set[str] = set()
        self.refers: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.refers += [value or "" for name, value in attrs if name in ("href", "src", "action", "data")]

    def handle_data(self, data: str) -> None:
        self.text.append(data.strip())


async def test_the_report_says_what_happened_and_what_proves_it(autojump_clock: object):
    material = await gathered(await audited())
    assert material.sound, material.verified
    assert [one.signed for one in material.verified] == [one.entries for one in material.verified]
    assert material.proof.proven
    page = Page(report(material))
    for said in (
        "no-show marked before the grace was over", "left the house", "asked in writing", "not_found", "dr.berg",
        "GetPatient 1", "proven", material.proof.root, "hospital.example/main",
    ):  # fmt: skip
        assert said in page.text, said
    assert (material.gathered.overridden.total(), len(material.gathered.erasures)) == (1, 1)
    assert [(one.name, one.looks, len(one.patients)) for one in material.lookers] == [("dr.berg", 1, 1)]


async def test_the_report_needs_nothing_else_and_names_no_patient(autojump_clock: object):
    text = report(await gathered(await audited(), unsigned=True))
    page = Page(text)
    assert not page.tags & {"script", "link", "img", "iframe", "object", "form"}
    assert all(target.startswith("#") for target in page.refers)
    assert "@import" not in text
    assert "url(" not in text
    assert NAME not in text
    assert "Zebedee" not in text


async def test_reasons_can_be_left_out(autojump_clock: object):
    text = report(await gathered(await audited(), reasons=False, unsigned=True))
    assert "left the house" not in text
    assert "asked in writing" not in text
    assert "given" in Page(text).text


async def test_an_entry_that_was_altered_is_told_with_its_position(autojump_clock: object):
    disk = await audited()
    altered = disk.entries["main"][4]
    disk.entries["main"][4] = altered[:-1] + bytes([altered[-1] ^ 1])
    material = await gathered(disk, unsigned=True)
    assert not material.sound
    assert [found.position for found in material.verified[0].findings][:1] == [5]
    assert "does not hold" in Page(report(material)).text


async def test_a_checkpoint_of_another_key_is_told(autojump_clock: object):
    store = MemoryStore(await audited())
    await store.open()
    other = Verifier("hospital.example/main", LocalSigner(bytes(32)).key).text()
    stretch = await stretch_between(store, "main", DAY, DAY)
    material = await gather(store, Path(), "main", stretch, Demands((other,)), reasons=True)
    assert not material.sound


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day of the small hospital as a data folder."""
    folder = tmp_path_factory.mktemp("log") / "data"
    disk = trio.run(Hospital(3).live, clock=trio.testing.MockClock(autojump_threshold=0))

    async def write() -> None:
        store = LmdbStore(folder, allow_any_filesystem=True)
        await store.open()
        await store.write([Batch("main", 0, disk.entries["main"])], list(disk.keys.items()), [])
        await store.close()

    trio.run(write)
    return folder


def test_the_command_writes_the_page_and_a_policy_tried_is_a_section(data: Path, tmp_path: Path):
    out = tmp_path / "report.html"
    call = ["report", "--data", str(data), "--day", DAY, "--out", str(out), "--set", "service.*.counters=2", "--json"]
    done = CliRunner().invoke(main, call)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["sound"], told["signatures_checked"], told["range"]["first"]) == (True, False, 1)
    text = Page(out.read_text("utf-8")).text
    assert "What if" in text
    assert "The model gives the log's own day exactly" in " ".join(text)


@pytest.mark.parametrize(
    "wrong",
    [["--day", DAY, "--from", DAY], ["--day", "yesterday"], ["--day", "2020-01-01"], ["--from", DAY, "--set", "x=1"]],
)
def test_a_call_that_makes_no_sense_is_told_so(data: Path, tmp_path: Path, wrong: list[str]):
    done = CliRunner().invoke(main, ["report", "--data", str(data), "--out", str(tmp_path / "r.html"), *wrong])
    assert done.exit_code == 2, done.output
    assert "Error: " in done.output


def test_what_if_prints_one_json_document_the_same_each_time(data: Path, tmp_path: Path):
    policy = tmp_path / "half.toml"
    policy.write_text('[capacity]\n"*" = "x0.5"\n')
    call = ["what-if", "--data", str(data), "--day", DAY, "--policy", str(policy), "--set", "promotion=offer", "--json"]
    first, second = (CliRunner().invoke(main, call) for _ in range(2))
    assert first.exit_code == 0, first.output
    assert first.stdout == second.stdout
    found = json.loads(first.stdout)
    assert found["error"]["exact"]
    assert [one["name"] for one in found["variants"]] == ["half", "promotion=offer"]
    half = found["variants"][0]
    model = found["baseline"]["figures"]
    assert half["differences"]["tokens"] == half["figures"]["tokens"] - model["tokens"] < 0


def test_what_if_prints_a_table_and_a_page_with_plots(data: Path, tmp_path: Path):
    out = tmp_path / "what-if.html"
    call = ["what-if", "--data", str(data), "--day", DAY, "--capacity", "x0.5", "--html", str(out)]
    done = CliRunner().invoke(main, call)
    assert done.exit_code == 0, done.output
    assert "mean wait (min)" in done.output
    assert "svg" in Page(out.read_text("utf-8")).tags

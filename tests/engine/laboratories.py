"""Laboratories with branches, practitioners who refer and technicians who work there, over a living engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from engine.decider import FreeText, PersonName
from engine.decisions.facilities import AddBranch, AddFacility, AddTest, AddTestType
from engine.decisions.practitioners import AddPractitioner, AddTechnician
from engine.decisions.referral_tests import UpdateTestStatus
from engine.decisions.referrals import CreateReferral
from engine.eventlog.entry import Principal
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine, EngineSettings
from engine.views.referral_lists import ListPractitionerReferrals, ListReferrals, ListTechnicianReferrals
from tests.engine.living import TrioClock, living, patient, read

ADMIN = Principal("head", "admin")
NOBODY = "01900000-0000-7000-8000-000000000000"


def staff(name: str) -> Principal:
    """Somebody's own credential, which opens no door by its role."""
    return Principal(name, "clinician")


class Laboratories:
    """One facility of one hospital. Ids by the names that a test gives."""

    def __init__(self, engine: Engine, disk: MemoryDisk, clock: TrioClock) -> None:
        self.engine = engine
        self.disk = disk
        self.clock = clock
        self.facility = ""
        self.type = ""
        self.branches: dict[str, str] = {}
        self.tests: dict[str, str] = {}
        self.practitioners: dict[str, str] = {}
        self.technicians: dict[str, str] = {}
        self.patients: dict[str, str] = {}

    async def ask(self, command: Any, who: Principal = ADMIN) -> Any:
        """The answer to a command."""
        reply = await self.engine.ask("main", command, who)
        return read(reply) if reply.body else None

    async def view(self, query: Any, who: Principal = ADMIN) -> Any:
        """The answer to a query."""
        return read(await self.engine.view("main", query, who))

    async def branch(self, name: str, **more: Any) -> str:
        """A new branch's id."""
        made = await self.ask(AddBranch(facility_id=self.facility, name=name, **more))
        self.branches[name] = made["id"]
        return str(made["id"])

    async def test(self, name: str, **more: Any) -> str:
        """A new test's id."""
        made = await self.ask(AddTest(facility_id=self.facility, name=name, test_type_id=self.type, **more))
        self.tests[name] = made["id"]
        return str(made["id"])

    async def practitioner(self, name: str) -> str:
        """A new practitioner's id, whose credential has his name."""
        made = await self.ask(AddPractitioner(name=PersonName(name), principal=name))
        self.practitioners[name] = made["id"]
        return str(made["id"])

    async def technician(self, name: str, *branches: str) -> str:
        """A new technician's id, whose credential has his name; branches by their names."""
        ids = tuple([self.branches[one] for one in branches])
        made = await self.ask(AddTechnician(name=PersonName(name), branch_ids=ids, principal=name))
        self.technicians[name] = made["id"]
        return str(made["id"])

    async def patient(self, name: str) -> str:
        """A patient's id; a new one, where nobody of this name is known."""
        if name not in self.patients:
            self.patients[name] = (await self.ask(patient(name)))["id"]
        return self.patients[name]

    async def refer(
        self, by: str, to: str, tests: Sequence[str] = ("Blood count",), of: str = "Asha Rao", **more: Any
    ) -> Any:
        """A practitioner refers a patient to a branch, all by their names."""
        self.clock.step += 1_000_000
        wanted = CreateReferral(
            patient_id=await self.patient(of),
            branch_id=self.branches[to],
            tests=tuple([self.tests[test] for test in tests]),
            practitioner_id=self.practitioners[by],
            **more,
        )
        return await self.ask(wanted)

    async def step(self, referral: Any, *statuses: str, test: int = 0, **more: Any) -> Any:
        """Take a test of a referral through these statuses; what is said besides is said with the last one."""
        made = referral
        for status in statuses:
            self.clock.step += 1_000_000
            last = more if status == statuses[-1] else {}
            fields: dict[str, Any] = {name: FreeText(v) if isinstance(v, str) else v for name, v in last.items()}
            ids = {"referral_id": referral["id"], "referral_test_id": referral["tests"][test]["id"]}
            wanted = UpdateTestStatus(**ids, status=status, **fields)  # type: ignore[arg-type]
            made = await self.ask(wanted)
        return made

    async def at_work(self, name: str, **filters: Any) -> Any:
        """What a technician sees who asks with a credential of his own."""
        return await self.view(ListTechnicianReferrals(**filters), staff(name))

    async def of(self, name: str, **filters: Any) -> Any:
        """What a practitioner sees who asks with a credential of his own."""
        return await self.view(ListPractitionerReferrals(**filters), staff(name))

    async def all(self, **filters: Any) -> Any:
        """What the head of the house sees."""
        return await self.view(ListReferrals(**filters))


@asynccontextmanager
async def laboratories(
    *,
    branches: Sequence[str] = ("North", "South"),
    settings: EngineSettings | None = None,
) -> AsyncIterator[Laboratories]:
    """Two branches that offer two tests, two practitioners, and a technician at the first branch."""
    disk, clock = MemoryDisk(), TrioClock()
    async with living(disk, settings=settings, clock=clock) as engine:
        here = Laboratories(engine, disk, clock)
        here.facility = (await here.ask(AddFacility(name="City Laboratories")))["id"]
        here.type = (await here.ask(AddTestType(name="Haematology")))["id"]
        for name in branches:
            await here.branch(name)
        for name in ("Blood count", "Ferritin"):
            await here.test(name)
        for name in ("Dr. Ada", "Dr. Bell"):
            await here.practitioner(name)
        await here.technician("tess", branches[0])
        yield here


def ids(found: Any) -> list[str]:
    """Of a page's rows."""
    return [row["id"] for row in found["items"]]


def summed(found: Any) -> dict[str, int]:
    """A summary without what is 0."""
    return {name: count for name, count in found["summary"].items() if count and name != "exact"}

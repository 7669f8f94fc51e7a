"""A downtime from the lists that were printed to the table that came back: all of it is in the log, with its times."""

from __future__ import annotations

import csv
import json
import re
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2

from engine.clock import SystemClock
from gateway.client import GatewayClient
from gateway.downtime.commands import make
from gateway.downtime.pages import MARK, forget_before, write_day
from gateway.downtime.sheets import COLUMNS, Line, Sheet
from tests.gateway.bulk.counter import Counter, counter

Rows = list[dict[str, str]]

KOLKATA = ZoneInfo("Asia/Kolkata")


class Desk:
    """Somebody who books over HTTP."""

    def __init__(self, url: str) -> None:
        self._client = httpx2.AsyncClient(base_url=f"{url}/api/v1", headers={"Hospital-Id": "main"})

    async def post(self, path: str, **body: Any) -> Any:
        answer = await self._client.post(path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def get(self, path: str) -> Any:
        answer = await self._client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def close(self) -> None:
        await self._client.aclose()


async def morning(desk: Desk) -> dict[str, str]:
    """A slot that began an hour ago, with two who are expected; a pharmacy with one who waits; an empty ward."""
    begins = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1)
    doctor = (await desk.post("/doctors/", name="Dr. <b>Rao</b>", specialization="Cardiology"))["id"]
    times = {"start_time": begins.isoformat(), "end_time": (begins + timedelta(hours=4)).isoformat()}
    slot = (await desk.post("/slots/", doctor=doctor, max_capacity=9, **times))["id"]
    made = {"slot": slot, "begins": begins.isoformat()}
    for name in ("Asha Rao", "Bela Bose"):
        patient = (await desk.post("/patients/", name=name, phone="+91 98200", dob="1990-05-01"))["id"]
        booked = {"slot_id": slot, "patient_id": patient, "category": "ONLINE"}
        made[name] = (await desk.post("/tokens/", **booked, occurred_at=begins.isoformat()))["id"]
    service = (await desk.post("/services/", name="Pharmacy"))["id"]
    asha = (await desk.get(f"/tokens/{made['Asha Rao']}/"))["patient_id"]
    waits = {"patient_id": asha, "occurred_at": begins.isoformat()}
    made["ticket"] = (await desk.post(f"/services/{service}/tickets/", **waits))["id"]
    await desk.post("/wards/", name="Ward 1")
    return made


def of_kind(folder: Path, kind: str, ending: str) -> Path:
    """The first sheet of a kind, today."""
    return min(folder.glob(f"*/{kind}-*.{ending}"))


def table(folder: Path, kind: str) -> tuple[Path, Rows]:
    """The same as a table."""
    file = of_kind(folder, kind, "csv")
    return file, list(csv.DictReader(file.read_text().splitlines()))


def fill(file: Path, rows: Rows) -> None:
    with file.open("w", newline="") as to:
        writer = csv.DictWriter(to, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def clock(made: dict[str, str], minutes: int) -> str:
    """A time in full, so that the test may run at midnight."""
    return (datetime.fromisoformat(made["begins"]) + timedelta(minutes=minutes)).isoformat()


async def told(at: Counter, file: Path, *args: str, code: int = 0) -> Any:
    result = await at.run("enter", str(file), "--json", *args)
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


async def test_what_was_printed_comes_back_filled_in_and_is_entered_once(tmp_path: Path) -> None:
    async with counter() as at:
        desk = Desk(at.url)
        made = await morning(desk)
        lists = await at.run("lists", str(tmp_path), "--days", "1")
        assert lists.exit_code == 0, lists.output

        page = of_kind(tmp_path, "doctor", "html")
        text = page.read_text()
        assert "Asha Rao" in text
        assert "Dr. &lt;b&gt;Rao" in text
        assert not re.search(r"<script|src=|https?://", text)
        assert (page.stat().st_mode & 0o777, page.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        assert {one.name.split("-")[0] for one in page.parent.glob("*.html")} == {
            "doctor", "queue", "ward", "index.html",
        }  # fmt: skip

        file, rows = table(tmp_path, "doctor")
        by_name = {row["name"]: row for row in rows if row["name"]}
        assert by_name["Asha Rao"]["phone"] == "'+91 98200"
        by_name["Asha Rao"] |= {"arrived": clock(made, 5), "started": clock(made, 10), "ended": clock(made, 20)}
        by_name["Bela Bose"] |= {"ended": clock(made, 30), "outcome": "no_show"}
        blank = next(row for row in rows if row["what"] == "walk-in")
        blank |= {"name": "Chitra", "arrived": clock(made, 7), "started": clock(made, 21), "ended": clock(made, 25)}
        fill(file, rows)

        tried = await told(at, file, "--dry-run")
        assert (tried["lines"], tried["added"], tried["refused"]) == (3, 3, 0)
        assert (await desk.get(f"/tokens/{made['Asha Rao']}/"))["phase"] == "BOOKED"
        done = await told(at, file)
        assert (done["added"], done["refused"]) == (3, 0)
        seen = await desk.get(f"/tokens/{made['Asha Rao']}/")
        assert seen["status"] == "COMPLETED"
        assert [datetime.fromisoformat(seen[name]) for name in ("arrived_at", "actual_time", "completed_at")] == [
            datetime.fromisoformat(clock(made, minutes)) for minutes in (5, 10, 20)
        ]
        missing = await desk.get(f"/tokens/{made['Bela Bose']}/")
        assert missing["status"] == "NO_SHOW"
        tokens = (await desk.get(f"/slots/{made['slot']}/tokens/"))["items"]
        assert len(tokens) == 3

        again = await told(at, file)
        assert (again["refused"], again["there"]) == (0, 2)
        assert len((await desk.get(f"/slots/{made['slot']}/tokens/"))["items"]) == 3

        queue, rows = table(tmp_path, "queue")
        # Of the doctor's own queue nothing is left on paper: the pharmacy is the other.
        (row,) = (row for row in rows if row["id"] == made["ticket"])
        row |= {"counter": "1", "called": clock(made, 30), "started": clock(made, 31), "ended": clock(made, 33)}
        fill(queue, rows)
        done = await told(at, queue)
        assert (done["added"], done["refused"]) == (1, 0), done
        ticket = await desk.get(f"/tickets/{made['ticket']}/")
        assert datetime.fromisoformat(ticket["ended_at"]) == datetime.fromisoformat(clock(made, 33))
        await desk.close()


class At(SystemClock):
    """A clock that stands still."""

    def __init__(self, time: datetime) -> None:
        self._time = time

    def wall(self) -> int:
        return int(self._time.timestamp() * 1_000_000)


async def test_what_goes_on_over_midnight_is_on_the_lists_of_both_days(tmp_path: Path) -> None:
    midnight = datetime.combine(datetime.now(KOLKATA) + timedelta(days=2), time(), KOLKATA)
    hour = timedelta(hours=1)
    async with counter() as at:
        desk = Desk(at.url)
        doctor = (await desk.post("/doctors/", name="Dr. Rao", specialization="Cardiology"))["id"]
        for begins in (midnight - 5 * hour, midnight - hour, midnight + 8 * hour):
            times = {"start_time": begins.isoformat(), "end_time": (begins + 3 * hour).isoformat()}
            await desk.post("/slots/", doctor=doctor, max_capacity=9, **times)

        async def listed(now: datetime) -> list[str]:
            with closing(GatewayClient(at.url, None, "main")) as gateway:
                await make(gateway, tmp_path, 1, 1, At(now))
            text = (tmp_path / now.date().isoformat() / "index.html").read_text()
            return [hours for hours in ("19:00-22:00", "23:00-02:00", "08:00-11:00") if hours in text]

        assert await listed(midnight - 2 * hour) == ["19:00-22:00", "23:00-02:00"]
        assert await listed(midnight + hour) == ["23:00-02:00", "08:00-11:00"]
        assert await listed(midnight + 3 * hour) == ["08:00-11:00"]

        # A time of another day than the list's is written in full: the clock alone would be one that is to come.
        service = (await desk.post("/services/", name="Pharmacy"))["id"]
        patient = (await desk.post("/patients/", name="Asha Rao"))["id"]
        ticket = await desk.post(f"/services/{service}/tickets/", patient_id=patient)
        await listed(midnight + 4 * hour)
        _, rows = table(tmp_path, "queue")
        (row,) = (row for row in rows if row["id"] == ticket["id"])
        arrived = datetime.fromisoformat(ticket["arrived_at"]).replace(second=0, microsecond=0)
        assert datetime.fromisoformat(row["arrived"]) == arrived
        await desk.close()


async def test_a_line_that_cannot_be_keeps_the_others_from_being_sent_unless_it_is_said(tmp_path: Path) -> None:
    async with counter() as at:
        desk = Desk(at.url)
        made = await morning(desk)
        file = tmp_path / "paper.csv"
        right = {"what": "token", "id": made["Asha Rao"], "arrived": clock(made, 5)}
        unknown = {"what": "token", "id": "01890000-0000-7000-8000-000000000000", "arrived": clock(made, 5)}
        fill(file, [right, {**right, "called": clock(made, 1)}, unknown])
        done = await told(at, file, code=1)
        assert (done["added"], [(one["line"], one["field"]) for one in done["errors"]]) == (
            0,
            [(3, "called"), (4, "id")],
        )
        assert (await desk.get(f"/tokens/{made['Asha Rao']}/"))["phase"] == "BOOKED"
        assert (await told(at, file, "--partial", code=1))["added"] == 1
        assert (await desk.get(f"/tokens/{made['Asha Rao']}/"))["phase"] == "ARRIVED"
        # What the hospital refuses is told on the line, too: the time lies before the booking.
        fill(file, [{"what": "token", "id": made["Bela Bose"], "arrived": clock(made, -10)}])
        done = await told(at, file, code=1)
        assert (done["errors"][0]["line"], done["errors"][0]["field"]) == (2, "occurred_at")
        await desk.close()


def sheet(name: str = "Dr. Rao", lines: int = 1) -> Sheet:
    return Sheet("doctor", name, name, "2026-11-22", [Line("token", str(n), name="Asha") for n in range(lines)])


def test_a_day_is_replaced_whole_and_only_what_is_ours_is_taken_away(tmp_path: Path) -> None:
    foreign = tmp_path / "2020-01-01"
    foreign.mkdir()
    (foreign / "kept.txt").write_text("somebody else's")
    for day in ("2026-11-20", "2026-11-22"):
        write_day(tmp_path, day, [sheet("One"), sheet("Two")], "Main", "10:00")
    index = write_day(tmp_path, "2026-11-22", [sheet("../../Three")], "Main", "10:15")
    assert sorted(one.name for one in index.parent.iterdir()) == [
        MARK, "doctor-001-..-..-Three.csv", "doctor-001-..-..-Three.html", "index.html",
    ]  # fmt: skip
    assert forget_before(tmp_path, "2026-11-22") == ["2026-11-20"]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["2020-01-01", "2026-11-22"]

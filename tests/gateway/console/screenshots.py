"""The pictures of the README, taken of the demo: ``python -m tests.gateway.console.screenshots docs/images``.

It starts a demo of its own, lets some of its day go by, looks at it in Chromium, and writes one PNG a view. No test
stands here.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import trio
from playwright.sync_api import Page, expect

from tests.gateway.browser import DESK, PHONE, chromium, visit

LARGEST = 120_000  # bytes of a picture
GONE_BY = 25.0  # seconds until there is something to see: half an hour of the demo's day


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """A demo in a process of its own; gives its address once it serves."""
    log = folder / "demo.log"
    command = [sys.executable, "-u", "-m", "gateway", "demo", "--bind", "127.0.0.1:0", "--seed", "7", "--speed", "90"]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            yield trio.run(served, trio.Path(log), process)
        finally:
            process.terminate()


async def served(log: trio.Path, process: subprocess.Popen[bytes]) -> str:
    """Its address, once some of the day has gone by."""
    with trio.fail_after(60):
        while not (found := re.search(r"on (http://[\d.]+:\d+)", await log.read_text())):
            if process.poll() is not None:
                raise RuntimeError(await log.read_text())
            await trio.sleep(0.2)
    await trio.sleep(GONE_BY)
    return found[1]


class Tour:
    """What there is to see of one demo."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.api = httpx2.Client(base_url=f"{url}/api/v1")

    def get(self, path: str, **asked: Any) -> Any:
        """Read."""
        return self.api.get(path, params=asked).raise_for_status().json()

    def busiest(self) -> str:
        """The service in which most wait."""
        return str(max(self.get("/services/", limit=100)["items"], key=lambda one: one["waiting"])["id"])

    def patient(self) -> str:
        """Somebody who is booked."""
        return str(self.get("/tokens/", status="CONFIRMED", phase="BOOKED", limit=1)["items"][0]["patient_id"])

    def doctor(self) -> str:
        """The doctor for whom most wait."""
        queues = [one for one in self.get("/services/", limit=100)["items"] if one["doctor_id"]]
        return str(max(queues, key=lambda one: (one["consulting"] + one["called"], one["waiting"]))["id"])


def booking(page: Page, tour: Tour) -> None:
    """Slots to choose from, with how full they are."""
    page.goto(f"{tour.url}/console/desk/patients/{tour.patient()}")
    expect(page.locator(".visit").first).to_be_visible()
    page.keyboard.press("b")
    expect(page.locator(".slot input:checked")).to_be_focused()


def queue(page: Page, tour: Tour) -> None:
    """The line of a service, live."""
    page.goto(f"{tour.url}/console/desk/queue/{tour.busiest()}")
    expect(page.locator(".row").first).to_be_visible()


def clinic(page: Page, tour: Tour) -> None:
    """A doctor's own queue."""
    page.goto(f"{tour.url}/console/clinic/mine/{tour.doctor()}")
    expect(page.locator(".row, .present").first).to_be_visible()


def rooms(page: Page, tour: Tour) -> None:
    """The day of a clinic's rooms."""
    page.goto(f"{tour.url}/console/rooms/day")
    settle(page)


def wards(page: Page, tour: Tour) -> None:
    """Beds and who lies in them."""
    page.goto(f"{tour.url}/console/ward/beds")
    settle(page)


def report(page: Page, tour: Tour) -> None:
    """The day in figures and charts."""
    page.goto(f"{tour.url}/console/reports/daily")
    settle(page)


def settle(page: Page) -> None:
    """Wait until a view shows what it has."""
    expect(page.locator("main h1")).to_be_visible()
    page.wait_for_timeout(1_500)


PICTURES: dict[str, tuple[Callable[[Page, Tour], None], tuple[int, int], str, str]] = {
    "console-booking": (booking, DESK, "light", "clerk"),
    "console-queue": (queue, DESK, "dark", "clerk"),
    "console-clinic": (clinic, PHONE, "light", "clinician"),
    "console-rooms": (rooms, DESK, "light", "clerk"),
    "console-wards": (wards, DESK, "light", "clinician"),
    "console-report": (report, DESK, "light", "admin"),
}


def main(folder: Path) -> None:
    """Take every picture."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(prefix="matron-pictures-") as temporary,
        demo(Path(temporary)) as url,
        chromium() as browser,
    ):
        tour = Tour(url)
        for name, (show, size, scheme, role) in PICTURES.items():
            with visit(browser, size, color_scheme=scheme, locale="en-GB", timezone_id="UTC") as visitor:
                visitor.page.add_init_script(f"sessionStorage.setItem('matron-look-as', '{role}')")
                show(visitor.page, tour)
                visitor.page.wait_for_timeout(400)
                taken = visitor.page.screenshot(path=folder / f"{name}.png", animations="disabled")
            sys.stdout.write(f"{folder / name}.png: {len(taken) // 1000} KB\n")
            if len(taken) > LARGEST:
                raise SystemExit(f"{name} is larger than {LARGEST // 1000} KB")
        tour.api.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images"))

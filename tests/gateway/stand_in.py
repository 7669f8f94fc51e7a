"""A server whose views and stream do as they are told, in a process of its own.

It serves the real pages. ``POST /stand-in`` sets what is shown, sends frames, and cuts the connections; the tests of
the boards use it for interruptions, and the real server for everything else.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx2
import msgspec
import trio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from engine.runtime import Engine
from gateway.app import create_app
from gateway.auth import Nobody
from gateway.server import DoorSettings, serve
from tests.gateway.surface import ScriptedEngine

ROOT = Path(__file__).resolve().parent.parent.parent
SERVICE = "01890000-0000-7000-8000-0000000000aa"
LINK = "01890000-0000-7000-8000-0000000000bb." + "c" * 32
AT = "2030-02-01T09:00:00.000000Z"
KEY = "matron_the-key-of-somebody-of-the-staff"
"""Opens what only staff may see; with another, or none, that is refused."""


def board_view(calls: int = 1, waiting: int = 3, **other: Any) -> dict[str, Any]:
    """A board with so many calls, the newest first, and so many who wait."""
    called = [
        {"code": f"CAR-{n:03}", "counter": str(n), "counter_location": "", "status": "called", "at": at(n), "calls": 1}
        for n in range(calls, 0, -1)
    ]
    following = [
        {"code": f"CAR-{n:03}", "position": n - calls, "estimated_wait_minutes": {"low": 5 * n, "high": 8 * n}}
        for n in range(calls + 1, calls + 1 + min(waiting, 12))
    ]
    return {
        "service_id": SERVICE, "name": "Cardiology", "location": "Ground floor, wing B", "status": "active",
        "calls": called[:8], "next": following, "waiting": waiting, "updated_at": AT, **other,
    }  # fmt: skip


def ticket_view(status: str = "waiting", **other: Any) -> dict[str, Any]:
    """What the holder of a link sees."""
    return {
        "code": "CAR-014", "service_name": "Cardiology", "status": status, "position": 5, "counter": None,
        "people_ahead": 4, "estimated_wait_minutes": {"low": 20, "high": 35}, "updated_at": AT, **other,
    }  # fmt: skip


def at(n: int) -> str:
    """An instant, the later the larger ``n``."""
    return f"2030-02-01T09:00:{n:02}.000000Z"


class StandIn:
    """The running stand-in, as a test sees it."""

    def __init__(self, client: httpx2.Client, url: str) -> None:
        self._client = client  # one for all that is told: to make one takes longer than to tell
        self.url = url

    def tell(self, **what: Any) -> dict[str, Any]:
        """Set ``board``, ``ticket``, ``day``, ``ward``, ``staffed`` (the same ward for its staff), ``alerts`` or
        ``mode`` (on, mute, off), or send ``messages`` as one entry's deltas.

        ``forget``: the log begins anew, as for another board. Gives how often it was asked, and in ``done`` the paths
        of commands.
        """
        answer: dict[str, Any] = self._client.post(f"{self.url}/stand-in", json=what).raise_for_status().json()
        return answer

    def call(self, code: str, counter: str, n: int, topic: str = f"board:{SERVICE}", **other: Any) -> dict[str, Any]:
        """A message that a ticket was called."""
        return {
            "type": "patient_called", "topic": topic, "id": f"{n}.0", "at": at(n), "code": code, "counter": counter,
            "calls": 1, "waiting": 2, "status": "called", **other,
        }  # fmt: skip


@contextmanager
def standing_in() -> Iterator[StandIn]:
    """A stand-in that is ready."""
    command = [sys.executable, "-m", "tests.gateway.stand_in"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.match(r"on (http://\S+)", process.stdout.readline())
            assert found is not None
            with httpx2.Client() as client:
                yield StandIn(client, found[1])
        finally:
            process.kill()


class Theatre:
    """What the stand-in does."""

    def __init__(self) -> None:
        self.board: Any = None
        self.ticket: Any = None
        self.day: Any = None
        self.ward: Any = None
        self.staffed: Any = None
        self.alerts: Any = None
        self.done: list[str] = []
        self.mode = "on"
        self.sent: list[dict[str, Any]] = []
        self.questions = 0
        self.connections = 0
        self.moved = trio.Event()

    async def direct(self, request: Request) -> Response:
        told = await request.json()
        self.board = told.get("board", self.board)
        self.ticket = told.get("ticket", self.ticket)
        self.day = told.get("day", self.day)
        self.ward = told.get("ward", self.ward)
        self.staffed = told.get("staffed", self.staffed)
        self.alerts = told.get("alerts", self.alerts)
        self.mode = told.get("mode", self.mode)
        if "forget" in told:
            self.sent = []
            self.done = []
        if "messages" in told:
            self.sent.append({"type": "deltas", "seq": len(self.sent) + 1, "messages": told["messages"]})
        self.moved.set()
        self.moved = trio.Event()
        return JSONResponse({"questions": self.questions, "connections": self.connections, "done": self.done})

    async def view(self, request: Request) -> Response:
        self.questions += 1
        if self.mode == "off":
            return Response(None, 503)
        by_path = {"services": self.board, "tickets": self.ticket, "clinics": self.day, "wards": self.ward}
        shown = by_path[request.url.path.split("/")[3]]
        return JSONResponse(shown) if shown else JSONResponse({"code": "not_found"}, 404)

    async def staff_view(self, request: Request) -> Response:
        if self.mode == "off":
            return Response(None, 503)
        if refused := refusal(request):
            return refused
        return JSONResponse(self.alerts if request.url.path.startswith("/api/v1/alerts") else self.staffed)

    async def do(self, request: Request) -> Response:
        if refused := refusal(request):
            return refused
        self.done.append(request.url.path)
        return JSONResponse({}, 200 if self.mode == "on" else 503)

    async def stream(self, request: Request) -> Response:
        if self.mode == "off":
            return Response(None, 503)
        if {"admissions", "alerts"} & set(request.query_params["topics"].split(",")) and (refused := refusal(request)):
            return refused
        self.connections += 1
        after = request.query_params.get("after")
        frames = self.frames(request.query_params["topics"], None if after is None else int(after))
        return StreamingResponse(frames, media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def frames(self, topic: str, after: int | None) -> AsyncIterator[bytes]:
        seen = len(self.sent) if after is None else after
        if after is None:
            by_topic = {"board": self.board, "ticket": self.ticket, "clinic_day": self.day, "ward": self.ward,
                        "alerts": self.alerts}  # fmt: skip
            if shown := by_topic[topic.partition(":")[0]]:
                yield event({"type": "snapshot", "topic": topic, "seq": seen, "data": shown})
        while self.mode != "off":
            for frame in self.sent[seen:] if self.mode == "on" else ():
                yield event(frame)
                seen = frame["seq"]
            moved = self.moved
            with trio.move_on_after(1) as quiet:
                await moved.wait()
            if quiet.cancelled_caught and self.mode == "on":
                yield event({"type": "heartbeat", "seq": seen, "time": AT})


def refusal(request: Request) -> Response | None:
    """What is answered to who has no key, or another one."""
    if request.headers.get("authorization") == f"Bearer {KEY}":
        return None
    return JSONResponse({"code": "unauthenticated"}, 401)


def event(frame: dict[str, Any]) -> bytes:
    """One frame as a server-sent event."""
    name = b"id: %d\n" % frame["seq"] if frame["type"] != "heartbeat" else b""
    return b"event: %s\n%sdata: %s\n\n" % (frame["type"].encode(), name, msgspec.json.encode(frame))


async def main() -> None:
    theatre = Theatre()
    routes = [
        Route("/stand-in", theatre.direct, methods=["POST"]),
        Route("/api/v1/stream", theatre.stream),
        Route("/api/v1/services/{id}/board/", theatre.view),
        Route("/api/v1/tickets/link/{link}/", theatre.view),
        Route("/api/v1/clinics/{id}/day/", theatre.view),
        Route("/api/v1/wards/{id}/board/", theatre.view),
        Route("/api/v1/wards/{id}/beds/", theatre.staff_view),
        Route("/api/v1/alerts/", theatre.staff_view),
        Route("/api/v1/beds/{id}/{step}/", theatre.do, methods=["POST"]),
        Route("/api/v1/alerts/{id}/{step}/", theatre.do, methods=["POST"]),
    ]
    engine = ScriptedEngine()
    app = create_app(cast("Engine", engine), Nobody(), engine.page, routes=routes)
    async with trio.open_nursery() as nursery:
        door = await nursery.start(start, app)
        sys.stdout.write(f"on {door.binds[0]}\n")
        sys.stdout.flush()


async def start(app: Any, task_status: trio.TaskStatus[Any]) -> None:
    settings = DoorSettings()
    await serve(app, bind="127.0.0.1:0", settings=settings, shutdown=trio.Event(), task_status=task_status)


if __name__ == "__main__":
    trio.run(main)

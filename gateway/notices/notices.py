"""All notices of all hospitals: looks every second where they go, keeps a courier for each, notes how far they are.

It asks the engine like anybody else: for the destinations as a query, for each note as a command. No command of
anybody waits for it, and when it breaks, hospitals go on without notices until it is up again.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import trio

from engine.actors.destination.places import is_host, is_mail, target_of
from engine.clock import Clock
from engine.errors import DeadlinePassed, NotFound, Rejected, Unavailable
from engine.eventlog.entry import Principal
from engine.eventlog.store import Store
from engine.runtime import Engine
from engine.views.destinations import ListOutboxes, OutboxesView, OutboxView
from gateway.notices.addresses import Reach, Resolve
from gateway.notices.courier import SAVE_AFTER, Courier, Send
from gateway.notices.letters import letter_of
from gateway.notices.notice import Notice
from gateway.notices.outbox import Outbox
from gateway.notices.settings import NoticeSettings
from gateway.notices.smtp import Mailer
from gateway.notices.tape import LogTape, first_after
from gateway.notices.undelivered import Undelivered
from gateway.notices.webhook import Webhook, body_of, signed_headers

LOOK: Final = 1.0
"""Seconds between two looks at the destinations: so long a new one, or a retried letter, waits at most."""
SAVE_EVERY: Final = 2.0
"""Seconds after which what was settled is noted in the log; a kill repeats what was delivered meanwhile."""
ASKING: Final = 5.0
"""Seconds that the engine gets for a look or a note, ..."""
LAST_NOTE: Final = 0.6
"""... and for the last notes when everything stops."""
AFTER_A_FAULT: Final = 5.0
"""Seconds after a fault of ours before a hospital's notices are taken up again."""

NOTICES: Final = Principal("notices", "system")

log = logging.getLogger("matron.notices")


class Trust:
    """What the configuration says of the world outside, read once: ``OSError`` or ``ValueError`` when it cannot be."""

    def __init__(self, settings: NoticeSettings, resolve: Resolve | None = None) -> None:
        self.settings = settings
        self.reach = Reach(settings.allow, resolve)
        self.tls = _context(settings.ca_file)
        self.mailer: Mailer | None = None
        if settings.smtp_host is not None:
            if not is_mail(settings.smtp_from):
                raise ValueError("smtp_from is the address that mail comes from")
            if not is_host(settings.smtp_hello):
                raise ValueError("smtp_hello is the name of a host")
            secret = settings.smtp_password_file
            password = Path(secret).read_text("utf-8").strip() if secret is not None else ""
            self.mailer = Mailer(settings, password, _context(settings.smtp_ca_file))


class Notices:
    """``run`` until ``shutdown`` is set and what is under way is over; ``status`` at any time."""

    def __init__(self, engine: Engine, store: Store, clock: Clock, trust: Trust) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock
        self._trust = trust
        self._houses: dict[str, _House] = {}

    async def run(self, shutdown: trio.Event) -> None:
        """One task for each hospital; new ones are found within ``LOOK`` seconds."""
        async with trio.open_nursery() as houses:
            while not shutdown.is_set():
                for hospital in self._engine.partitions:
                    if hospital not in self._houses:
                        house = _House(self._engine, self._store, self._clock, self._trust, hospital)
                        self._houses[hospital] = house
                        houses.start_soon(self._keep, house, shutdown)
                with trio.move_on_after(LOOK):
                    await shutdown.wait()

    def status(self, hospital: str) -> list[dict[str, Any]]:
        """A hospital's destinations, and how each is doing."""
        house = self._houses.get(hospital)
        return [] if house is None else house.status()

    async def _keep(self, house: _House, shutdown: trio.Event) -> None:
        while not shutdown.is_set():
            try:
                await house.live(shutdown)
            except* Exception as fault:
                log.error("the notices of hospital %s broke", house.hospital, exc_info=fault)
                with trio.move_on_after(AFTER_A_FAULT):
                    await shutdown.wait()


@dataclass
class _Post:
    """One destination as it is being served: as it was last seen, who carries, since when nothing was noted."""

    seen: OutboxView
    courier: Courier
    ended: trio.Event
    saved_at: float


class _House:
    """One hospital's destinations."""

    def __init__(self, engine: Engine, store: Store, clock: Clock, trust: Trust, hospital: str) -> None:
        self.hospital = hospital
        self._engine = engine
        self._clock = clock
        self._trust = trust
        self._tape = LogTape(engine, store, hospital)
        self._posts: dict[str, _Post] = {}
        self._resting: list[OutboxView] = []
        self._nudged = trio.Event()
        self._looked_at = -1

    async def live(self, shutdown: trio.Event) -> None:
        """Look, note, rest, until everything stops."""
        self._posts.clear()
        self._looked_at = -1
        async with trio.open_nursery() as couriers:
            couriers.start_soon(self._nudge_at, shutdown)
            while not shutdown.is_set():
                self._nudged = trio.Event()
                try:
                    if self._has_changed():
                        await self._look(couriers)
                    await self._note(SAVE_EVERY)
                except (Rejected, Unavailable, DeadlinePassed):
                    pass  # the engine recovers, or is too busy: the log keeps everything
                with trio.move_on_after(LOOK):
                    await self._nudged.wait()
            for post in self._posts.values():
                post.courier.stop()
        with trio.move_on_after(LAST_NOTE):
            await self._note(0.0)

    def status(self) -> list[dict[str, Any]]:
        """One map for each destination; counts are since the start but for ``dead``."""
        made = [self._status_of(post) for post in self._posts.values()]
        made += [
            {"id": item.id, "name": item.wanted.name, "channel": item.wanted.channel, "state": f"paused: {item.paused}",
             "dead": item.dead}
            for item in self._resting
        ]  # fmt: skip
        return sorted(made, key=lambda each: str(each["id"]))

    def _status_of(self, post: _Post) -> dict[str, Any]:
        outbox, seen = post.courier.outbox, post.seen
        try:
            lag = self._tape.head() - outbox.read
        except Unavailable:
            lag = 0
        return {
            "id": seen.id,
            "name": seen.wanted.name,
            "channel": seen.wanted.channel,
            "state": "active",
            "breaker": post.courier.breaker.state,
            "lag": lag,
            "depth": outbox.depth,
            "delivered": outbox.delivered,
            "failed": outbox.failed,
            "dead": seen.dead,
            "last_failure": outbox.last_reason or None,
        }

    # -- looking --------------------------------------------------------------------------------------------

    def _has_changed(self) -> bool:
        """Whether a destination may be another one now: where nothing was written, none is."""
        ended = any(post.courier.stopping or post.ended.is_set() for post in self._posts.values())
        return ended or self._tape.head() != self._looked_at

    async def _look(self, couriers: trio.Nursery) -> None:
        head = self._tape.head()
        reply = await self._engine.view(self.hospital, ListOutboxes(), NOTICES, within=ASKING)
        found: OutboxesView = msgspec.msgpack.decode(
            reply.body, type=OutboxesView, dec_hook=lambda kind, text: kind(text)
        )
        active = {item.id: item for item in found.items if not item.paused}
        self._resting = [item for item in found.items if item.paused]
        for id, post in list(self._posts.items()):
            item = active.get(id)
            if item is None or item.version != post.seen.version or post.courier.stopping or post.ended.is_set():
                # Started anew at the next look only: what was just noted of it is not in what was seen now.
                await self._end(post)
                active.pop(id, None)
                head = -1
            else:
                post.seen = item
                missing = post.courier.outbox.resume(item.cursor, item.open)
                if missing:
                    post.courier.open_again(missing)
        for id, item in active.items():
            if id not in self._posts:
                await self._start(couriers, item, found.time_zone)
        self._looked_at = head

    async def _start(self, couriers: trio.Nursery, item: OutboxView, time_zone: str) -> None:
        read = await first_after(self._tape, item.cursor, item.since)
        outbox = Outbox(item.id, read, self._jitter)
        send, close = self._transport(item, time_zone)
        settings = self._trust.settings
        courier = Courier(
            outbox,
            self._tape,
            item.wanted,
            time_zone,
            send,
            self._clock,
            timeout=settings.timeout_seconds,
            concurrency=settings.concurrency,
            nudge=self._nudge,
        )
        missing = outbox.resume(read, item.open)
        if missing:
            courier.open_again(missing)
        post = _Post(item, courier, trio.Event(), trio.current_time())
        self._posts[item.id] = post
        couriers.start_soon(self._carry, post, close)

    async def _carry(self, post: _Post, close: Callable[[], None]) -> None:
        try:
            await post.courier.run()
        except* Exception as fault:
            log.error("the courier of destination %s broke", post.seen.id, exc_info=fault)
        finally:
            close()
            post.ended.set()

    async def _end(self, post: _Post) -> None:
        post.courier.stop()
        await post.ended.wait()
        await self._note_one(post)
        self._posts.pop(post.seen.id, None)

    async def _nudge_at(self, shutdown: trio.Event) -> None:
        await shutdown.wait()
        self._nudged.set()

    def _nudge(self) -> None:
        self._nudged.set()

    def _jitter(self) -> float:
        return int.from_bytes(self._clock.entropy(2), "big") / 65_535

    # -- noting ---------------------------------------------------------------------------------------------

    async def _note(self, every: float) -> None:
        """Note what was settled, of each destination whose last note is so long ago; side by side, in one commit."""
        now = trio.current_time()
        async with trio.open_nursery() as notes:
            for post in list(self._posts.values()):
                outbox = post.courier.outbox
                if now - post.saved_at >= every or outbox.gone or outbox.unsaved >= SAVE_AFTER:
                    notes.start_soon(self._note_one, post)

    async def _note_one(self, post: _Post) -> None:
        outbox = post.courier.outbox
        advance = outbox.advance()
        post.saved_at = trio.current_time()
        if advance is None:
            return
        try:
            await self._engine.ask(self.hospital, advance, NOTICES, within=ASKING)
        except NotFound:
            post.courier.stop()  # removed meanwhile
        except (Rejected, Unavailable, DeadlinePassed):
            return  # the next look tells what the log says, and the next note says it again
        else:
            outbox.noted(advance)

    # -- sending --------------------------------------------------------------------------------------------

    def _transport(self, item: OutboxView, time_zone: str) -> tuple[Send, Callable[[], None]]:
        """How to deliver there, and what to do at the end."""
        wanted, trust, hospital = item.wanted, self._trust, self.hospital
        if wanted.url is not None:
            webhook = Webhook(target_of(wanted.url.text), trust.reach, trust.tls)

            async def post(notice: Notice) -> None:
                body = body_of(notice)
                wall = self._clock.wall()
                secrets = [item.secret.text]
                if item.old_secret is not None and wall < item.old_until:
                    secrets.append(item.old_secret.text)
                await webhook.post(body, signed_headers(f"{hospital}.{notice.id}", wall, body, secrets))

            return post, webhook.close

        recipients = [address.text for address in wanted.addresses]

        async def mail(notice: Notice) -> None:
            if trust.mailer is None:
                raise Undelivered("smtp_not_configured")
            sender = trust.settings.smtp_from
            letter = letter_of(notice, f"{hospital}.{notice.id}", sender, recipients, time_zone)
            await trust.mailer.send(sender, recipients, letter)

        return mail, lambda: None


def _context(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context

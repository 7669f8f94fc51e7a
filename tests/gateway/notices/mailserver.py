"""A mail server on loopback that follows a script, and keeps what it was told."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import trio


class MailServer:
    """``answers`` replaces what it says to a command (its first word); ``mail`` are (recipients, letter) taken."""

    def __init__(self, tls: ssl.SSLContext | None = None, *offers: str, **answers: str) -> None:
        self.tls = tls
        self.offers = list(offers)
        self.answers = answers
        self.heard: list[str] = []
        self.mail: list[tuple[list[str], bytes]] = []
        self.injected = b""
        self.port = 0

    async def talk(self, stream: Any) -> None:
        """One conversation."""
        await self._say(stream, self.answers.get("GREETING", "220 mail.example.org"))
        buffer, recipients = bytearray(), [""]
        recipients.clear()
        secure = False
        while True:
            line = await self._line(stream, buffer)
            word = line.split(" ")[0].split(":")[0].upper()
            self.heard.append(line)
            answer = self.answers.get(word)
            if answer is None and word == "RCPT":
                address = line.partition("<")[2].rstrip(">")
                answer = self.answers.get(address.replace("@", "_").replace(".", "_"))
            if answer is not None:
                await self._say(stream, answer)
                continue
            match word:
                case "EHLO":
                    offers = [offer for offer in self.offers if not (secure and offer == "STARTTLS")]
                    lines = ["mail.example.org", *offers]
                    said = [f"250{'-' if n + 1 < len(lines) else ' '}{text}" for n, text in enumerate(lines)]
                    await self._say(stream, "\r\n".join(said))
                case "STARTTLS":
                    await stream.send_all(b"220 go\r\n" + self.injected)
                    assert self.tls is not None
                    stream = trio.SSLStream(stream, self.tls, server_side=True, https_compatible=True)
                    secure = True
                case "AUTH":
                    await self._say(stream, "235 known")
                case "RCPT":
                    recipients.append(line.partition("<")[2].rstrip(">"))
                    await self._say(stream, "250 ok")
                case "DATA":
                    await self._say(stream, "354 go on")
                    letter = b""
                    while not letter.endswith(b"\r\n.\r\n"):
                        letter += (await self._line(stream, buffer)).encode() + b"\r\n"
                    self.mail.append((list(recipients), letter.removesuffix(b".\r\n")))
                    await self._say(stream, self.answers.get("LETTER", "250 taken"))
                case "QUIT":
                    await self._say(stream, "221 bye")
                    return
                case _:
                    await self._say(stream, "250 ok")

    async def _line(self, stream: Any, buffer: bytearray) -> str:
        while b"\r\n" not in buffer:
            more = await stream.receive_some(4_096)
            if not more:
                raise trio.BrokenResourceError
            buffer += more
        line, _, rest = bytes(buffer).partition(b"\r\n")
        buffer[:] = rest
        return line.decode()

    async def _say(self, stream: Any, text: str) -> None:
        await stream.send_all(text.encode() + b"\r\n")


@asynccontextmanager
async def mailing(server: MailServer, *, implicit: bool = False) -> AsyncIterator[MailServer]:
    """It listens while the block lasts."""

    async def contained(stream: Any) -> None:
        raw = stream
        if implicit:
            assert server.tls is not None
            stream = trio.SSLStream(stream, server.tls, server_side=True, https_compatible=True)
        try:
            await server.talk(stream)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            with trio.CancelScope(shield=True):
                await trio.aclose_forcefully(raw)

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, contained, 0, host="127.0.0.1"))
        server.port = listeners[0].socket.getsockname()[1]
        yield server
        nursery.cancel_scope.cancel()

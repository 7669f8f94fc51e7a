"""Mail: one letter in one conversation with the operator's mail server, on trio (RFC 5321, 3207, 4954).

It knows the conversation and nothing of what is said in a letter. The server's name comes from the configuration, so
it is not checked like a webhook's. Nothing is sent in the clear where TLS was asked for, and no password ever.
"""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import trio

from gateway.notices.settings import NoticeSettings
from gateway.notices.undelivered import Undelivered

LONGEST_LINE: Final = 2_048
"""Bytes of one line of an answer, ..."""
MOST_LINES: Final = 100
"""... and its lines."""
FAREWELL: Final = 1.0
"""Seconds that a server gets to say good-bye: the letter is its own by then."""


class Answer(NamedTuple):
    """A server's reply: its code, and the text of its lines."""

    code: int
    lines: list[str]


class Mailer:
    """The mail server of the configuration; ``password`` was read from its file."""

    def __init__(self, settings: NoticeSettings, password: str, tls: ssl.SSLContext) -> None:
        assert settings.smtp_host is not None
        self._settings = settings
        self._host = settings.smtp_host
        self._password = password
        self._tls = tls

    async def send(self, sender: str, recipients: Sequence[str], letter: bytes) -> None:
        """Hand a letter over to all recipients that the server takes; ``Undelivered`` when it takes none.

        Bounded only by its caller's scope.
        """
        try:
            stream: Any = await trio.open_tcp_stream(self._host, self._settings.smtp_port)
        except OSError:
            raise Undelivered("smtp_unreachable") from None
        talk = _Conversation(stream)
        try:
            await self._converse(talk, sender, recipients, letter)
        except (trio.BrokenResourceError, trio.ClosedResourceError, OSError, ssl.SSLError) as error:
            cause = error.__cause__ or error
            raise Undelivered("smtp_tls_failed" if isinstance(cause, ssl.SSLError) else "smtp_broken") from None
        finally:
            with trio.CancelScope(shield=True):
                await trio.aclose_forcefully(talk.stream)

    async def _converse(self, talk: _Conversation, sender: str, recipients: Sequence[str], letter: bytes) -> None:
        mode = self._settings.smtp_tls
        if mode == "implicit":
            await talk.secure(self._tls, self._host)
        await talk.expect(220, "greeting")
        offered = await self._hello(talk)
        if mode in ("starttls", "optional") and "STARTTLS" in offered:
            await talk.ask("STARTTLS", 220, "starttls")
            if talk.has_more:  # somebody in between put words into the server's mouth
                raise Undelivered("smtp_starttls_injected")
            await talk.secure(self._tls, self._host)
            offered = await self._hello(talk)
        elif mode == "starttls":
            raise Undelivered("smtp_no_starttls")
        if self._settings.smtp_username:
            await self._authenticate(talk, offered)
        await self._deliver(talk, sender, recipients, letter)
        with trio.move_on_after(FAREWELL):
            await talk.say("QUIT")
            await talk.answer()

    async def _hello(self, talk: _Conversation) -> dict[str, str]:
        """The server's extensions by name, with what it says of each."""
        answer = await talk.ask(f"EHLO {self._settings.smtp_hello}", 250, "ehlo")
        words = (line.upper().partition(" ") for line in answer.lines[1:])
        return {name: rest for name, _, rest in words}

    async def _authenticate(self, talk: _Conversation, offered: dict[str, str]) -> None:
        if not talk.is_secure:
            raise Undelivered("smtp_auth_needs_tls")
        if "PLAIN" not in offered.get("AUTH", "").split():
            raise Undelivered("smtp_no_auth_plain")
        secret = f"\0{self._settings.smtp_username}\0{self._password}".encode()
        await talk.ask(f"AUTH PLAIN {b64encode(secret).decode('ascii')}", 235, "auth")

    async def _deliver(self, talk: _Conversation, sender: str, recipients: Sequence[str], letter: bytes) -> None:
        await talk.ask(f"MAIL FROM:<{sender}>", 250, "mail")
        refused = 0
        for recipient in recipients:
            answer = await talk.ask(f"RCPT TO:<{recipient}>", 0, "rcpt")
            if answer.code not in (250, 251):
                refused = answer.code
                recipients = [one for one in recipients if one != recipient]
        if not recipients:
            raise Undelivered(f"smtp_rcpt_{refused}")
        await talk.ask("DATA", 354, "data")
        await talk.stream.send_all(stuffed(letter))
        await talk.expect(250, "letter")


class _Conversation:
    """Lines said and answers heard on one stream."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.is_secure = False
        self._buffer = bytearray()

    @property
    def has_more(self) -> bool:
        """Whether something was sent that nobody asked for."""
        return bool(self._buffer)

    async def secure(self, tls: ssl.SSLContext, host: str) -> None:
        """Go on under TLS; the server proves its name."""
        self.stream = trio.SSLStream(self.stream, tls, server_hostname=host, https_compatible=True)
        await self.stream.do_handshake()
        self.is_secure = True

    async def say(self, line: str) -> None:
        """One line; a line end inside would be a second one."""
        assert line.isprintable(), "a command is one line"
        await self.stream.send_all(line.encode("ascii") + b"\r\n")

    async def ask(self, line: str, wanted: int, what: str) -> Answer:
        """Say and hear; ``wanted`` 0 takes any answer but that the server has had enough."""
        await self.say(line)
        return await self.expect(wanted, what)

    async def expect(self, wanted: int, what: str) -> Answer:
        """The next answer; ``Undelivered`` when its code is another one."""
        answer = await self.answer()
        if answer.code == 421 or (wanted and answer.code != wanted):
            raise Undelivered(f"smtp_{what}_{answer.code}")
        return answer

    async def answer(self) -> Answer:
        """All lines of one answer."""
        lines: list[str] = []
        for _ in range(MOST_LINES):
            line = await self._line()
            code, dash, text = line[:3], line[3:4], line[4:]
            if not (code.isascii() and code.isdigit()) or dash not in ("", " ", "-"):
                break
            lines.append(text)
            if dash != "-":
                return Answer(int(code), lines)
        raise Undelivered("smtp_bad_answer")

    async def _line(self) -> str:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > LONGEST_LINE:
                raise Undelivered("smtp_bad_answer")
            more = await self.stream.receive_some(LONGEST_LINE)
            if not more:
                raise Undelivered("smtp_broken")
            self._buffer += more
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line.rstrip(b"\r").decode("ascii", "replace")


def stuffed(letter: bytes) -> bytes:
    """A letter as DATA wants it: a dot doubled at the start of a line, and the line with one dot at the end."""
    lines = letter.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n")
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines) + b".\r\n"

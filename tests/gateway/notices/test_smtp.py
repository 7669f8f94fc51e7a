"""Mail: the conversation with a server, whatever it says, and letters that nobody can put a header into."""

from __future__ import annotations

import email
import email.policy
import inspect
import re
import ssl
from base64 import b64decode
from pathlib import Path
from typing import Any, get_args

import pytest
import trio

from engine import deltas, referral_deltas, room_deltas, ward_deltas
from engine.actors.destination.state import NoticeType
from gateway.notices.letters import letter_of
from gateway.notices.notice import Notice
from gateway.notices.settings import NoticeSettings
from gateway.notices.smtp import Mailer, stuffed
from gateway.notices.undelivered import Undelivered
from tests.gateway.notices.certificates import certify, trusting
from tests.gateway.notices.mailserver import MailServer, mailing

WARD, NURSE = "ward3@example.org", "nurse@example.org"
LETTER = b"Subject: x\r\n\r\nhello\r\n.dot\r\n"


def mailer(server: MailServer, tls: ssl.SSLContext | None = None, **more: Any) -> Mailer:
    """A client of this server."""
    settings = NoticeSettings(
        smtp_host="127.0.0.1", smtp_port=server.port, smtp_from="matron@example.org", **{"smtp_tls": "optional", **more}
    )
    return Mailer(settings, "secret", tls or ssl.create_default_context())


async def send(client: Mailer, *to: str) -> None:
    with trio.fail_after(5):
        await client.send("matron@example.org", to or (WARD,), LETTER)


async def refused(client: Mailer, *to: str) -> str:
    with pytest.raises(Undelivered) as why:
        await send(client, *to)
    return why.value.reason


async def test_a_letter_is_handed_over():
    async with mailing(MailServer()) as server:
        await send(mailer(server), WARD, NURSE)
    assert server.heard == [
        "EHLO matron.localdomain", "MAIL FROM:<matron@example.org>", f"RCPT TO:<{WARD}>", f"RCPT TO:<{NURSE}>", "DATA",
        "QUIT",
    ]  # fmt: skip
    assert server.mail == [([WARD, NURSE], b"Subject: x\r\n\r\nhello\r\n..dot\r\n")]


async def test_under_starttls_the_server_proves_its_name_before_it_hears_a_password(tmp_path: Path):
    tls, trusted = certify(tmp_path, "mail.example.org")
    async with mailing(MailServer(tls, "STARTTLS", "AUTH LOGIN PLAIN")) as server:
        client = mailer(server, trusting(trusted), smtp_tls="starttls", smtp_username="matron")
        assert await refused(client) == "smtp_tls_failed"  # the certificate is for a name, and 127.0.0.1 is none
    assert server.heard == ["EHLO matron.localdomain", "STARTTLS"]


@pytest.mark.parametrize("implicit", [False, True])
async def test_over_tls_the_server_hears_the_password_and_takes_the_letter(tmp_path: Path, implicit: bool):
    tls, trusted = certify(tmp_path, "localhost")
    async with mailing(MailServer(tls, "STARTTLS", "AUTH LOGIN PLAIN"), implicit=implicit) as server:
        how = {"smtp_tls": "implicit" if implicit else "starttls", "smtp_username": "matron"}
        settings = NoticeSettings(smtp_host="localhost", smtp_port=server.port, **how)  # type: ignore[arg-type]
        await send(Mailer(settings, "geheim", trusting(trusted)))
    (auth,) = [line for line in server.heard if line.startswith("AUTH")]
    assert b64decode(auth.split(" ")[2]) == b"\0matron\0geheim"
    assert server.heard.count("EHLO matron.localdomain") == (1 if implicit else 2)
    assert len(server.mail) == 1


async def test_a_server_without_starttls_gets_no_letter_where_tls_was_asked_for():
    async with mailing(MailServer()) as server:
        assert await refused(mailer(server, smtp_tls="starttls")) == "smtp_no_starttls"
    assert server.heard == ["EHLO matron.localdomain"]


async def test_a_refused_starttls_is_no_reason_to_go_on_in_the_clear():
    async with mailing(MailServer(None, "STARTTLS", STARTTLS="454 not now")) as server:
        assert await refused(mailer(server)) == "smtp_starttls_454"
    assert server.mail == []


async def test_words_put_in_behind_starttls_end_the_conversation(tmp_path: Path):
    tls, trusted = certify(tmp_path, "localhost")
    server = MailServer(tls, "STARTTLS")
    server.injected = b"250 everything is fine\r\n"
    async with mailing(server):
        assert await refused(mailer(server, trusting(trusted))) == "smtp_starttls_injected"


async def test_no_password_is_said_in_the_clear():
    async with mailing(MailServer(None, "AUTH PLAIN")) as server:
        assert await refused(mailer(server, smtp_username="matron")) == "smtp_auth_needs_tls"
    assert not any(line.startswith("AUTH") for line in server.heard)


async def test_some_recipients_are_better_than_none():
    async with mailing(MailServer(nurse_example_org="550 nobody here")) as server:
        await send(mailer(server), NURSE, WARD)
        assert await refused(mailer(server), NURSE) == "smtp_rcpt_550"
    assert [recipients for recipients, _ in server.mail] == [[WARD]]


@pytest.mark.parametrize(
    ("at", "says", "reason"),
    [
        ("GREETING", "554 go away", "smtp_greeting_554"),
        ("GREETING", "hello", "smtp_bad_answer"),
        ("GREETING", "220-" + "x" * 5_000, "smtp_bad_answer"),
        ("GREETING", "\r\n".join(["220-x"] * 200), "smtp_bad_answer"),
        ("EHLO", "502 what", "smtp_ehlo_502"),
        ("MAIL", "451 later", "smtp_mail_451"),
        ("RCPT", "421 enough", "smtp_rcpt_421"),
        ("DATA", "554 no", "smtp_data_554"),
        ("LETTER", "552 too large", "smtp_letter_552"),
    ],
)
async def test_whatever_the_server_says_is_a_failed_try_with_its_code(at: str, says: str, reason: str):
    async with mailing(MailServer(None, **{at: says})) as server:
        assert await refused(mailer(server)) == reason


async def test_nobody_there_is_a_failed_try():
    server = MailServer()
    async with mailing(server):
        pass
    assert await refused(mailer(server)) == "smtp_unreachable"


def test_a_dot_at_the_start_of_a_line_is_doubled_and_lines_end_as_they_must():
    assert stuffed(b".\n..\r\na.b\r.c") == b"..\r\n...\r\na.b\r\n..c\r\n.\r\n"


def notice(type: str = "patient_called", **data: Any) -> Notice:
    return Notice("7.1", 7, type, "t1", "s1", 1_770_000_000_000_000, data)


def parsed(letter: bytes) -> Any:
    return email.message_from_bytes(letter, policy=email.policy.default)


def test_a_letter_says_who_is_called_where_and_when_on_the_hospitals_clocks():
    said = notice(code="LAB-7", counter="Room 2")
    letter = parsed(letter_of(said, "main.7.1", "matron@example.org", [WARD, NURSE], "Asia/Kolkata"))
    assert letter["Subject"] == "LAB-7: please come to Room 2"
    assert (letter["From"], letter["To"]) == ("matron@example.org", f"{WARD}, {NURSE}")
    assert letter["Message-ID"] == "<main.7.1@example.org>"
    assert letter.get_content().replace("\r\n", "\n") == "Ticket LAB-7 is called to Room 2.\n2026-02-02 08:10\n"
    assert letter["Date"].datetime.isoformat() == "2026-02-02T08:10:00+05:30"


@pytest.mark.parametrize(
    "evil", ["x\r\nBcc: all@example.org", "x\nSubject: y", "x\u2028Bcc: z", "x\0y", "x\r\n\r\n.\r\nMAIL"]
)
def test_no_name_of_a_counter_becomes_a_header_or_a_second_letter(evil: str):
    letter = letter_of(notice(code="LAB-7", counter=evil), "main.7.1", "matron@example.org", [WARD], "UTC")
    assert sorted(parsed(letter).keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding",
         "MIME-Version"]
    )  # fmt: skip
    assert stuffed(letter).count(b"\r\n.\r\n") == 1


def test_a_letter_in_any_script_is_plain_ascii_on_the_wire():
    letter = letter_of(notice(code="LAB-7", counter="कक्ष २"), "main.7.1", "matron@example.org", [WARD], "UTC")
    assert letter.isascii()
    assert "कक्ष २" in parsed(letter).get_content()
    assert "कक्ष २" in parsed(letter)["Subject"]


def test_every_type_of_notice_has_a_letter_and_every_message_a_type():
    types = set(get_args(NoticeType))
    for type in types:
        assert letter_of(notice(type), "main.7.1", "matron@example.org", [WARD], "UTC")
    written = "".join(map(inspect.getsource, (deltas, referral_deltas, room_deltas, ward_deltas)))
    named = set(re.findall(r'"(\w+_(?:update|change|called|alert))"', written)) - {"waiting_update"}  # for boards alone
    assert named | {"ticket_near"} == types

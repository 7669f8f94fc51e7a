"""TLS at the front door: the certificate and its key out of files, and taken up anew when they change.

Connections that are open keep what they began with; whoever comes next gets the new one, and nobody is turned away
meanwhile. A pair that cannot be used changes nothing: the one before goes on, and ``trouble`` says so.

TLS 1.2 and 1.3, with forward secrecy and authenticated encryption alone; HTTP/1.1.
"""

from __future__ import annotations

import logging
import os
import ssl
import stat
from pathlib import Path
from typing import Final

import trio

from gateway.door.settings import DoorSettings

EVERY: Final = 2.0
"""Seconds between two looks at the files."""

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2; those of 1.3 are all like this."""

TROUBLE: Final = "the certificate's files changed and cannot be used: the one before goes on"

Stamp = tuple[tuple[int, int, int], ...]

log = logging.getLogger("matron.gateway")


class TlsUnusable(Exception):
    """The certificate or its key cannot be used; the message says why."""


class Tls:
    """A certificate in use. ``context`` is for the next connection; ``trouble`` says what is wrong with newer files.

    Raises ``TlsUnusable`` when the files cannot be used at first. ``renewed`` counts how often they were taken up anew.
    """

    def __init__(self, certfile: str, keyfile: str) -> None:
        self.trouble = ""
        self.renewed = 0
        self._files = (Path(certfile), Path(keyfile))
        self._stamp = self._now()
        self.context = self._made()
        self._warn_of_readers()

    @classmethod
    def of(cls, settings: DoorSettings) -> Tls | None:
        """What the settings say; ``None``: connections are plain."""
        if settings.certfile is None and settings.keyfile is None:
            return None
        if settings.certfile is None or settings.keyfile is None:
            raise TlsUnusable("door.certfile and door.keyfile are given together: one of them is missing")
        return cls(settings.certfile, settings.keyfile)

    def refresh(self) -> None:
        """Take the files up anew if they have changed since they were last looked at."""
        now = self._now()
        if now != self._stamp:
            self.renew(now)

    def renew(self, stamp: Stamp | None = None) -> None:
        """Take the files up anew, whether or not they seem to have changed."""
        # What is replaced while it is read has another stamp the next time, and is read again.
        self._stamp = self._now() if stamp is None else stamp
        try:
            self.context = self._made()
        except TlsUnusable as error:
            self.trouble = TROUBLE
            log.error("TLS goes on with the certificate that it has: %s", error)
            return
        self.trouble = ""
        self.renewed += 1
        self._warn_of_readers()
        log.warning("TLS: the certificate was taken up anew from %s", self._files[0])

    async def watch(self) -> None:
        """Look at the files every few seconds, until cancelled."""
        while True:
            await trio.sleep(EVERY)
            self.refresh()

    def _made(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(CIPHERS)
        context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
        context.set_alpn_protocols(["http/1.1"])  # HTTP/2 has open crash reports
        certfile, keyfile = self._files
        try:
            context.load_cert_chain(certfile, keyfile, _no_passphrase)
        except ssl.SSLError as error:
            raise TlsUnusable(f"{certfile} and {keyfile} are no certificate and its key: {error.reason}") from error
        except OSError as error:
            raise TlsUnusable(f"{certfile} or {keyfile} cannot be read: {error.strerror}") from error
        return context

    def _now(self) -> Stamp:
        """What changes when a file does, also when it is replaced whole; nothing of one that is not there."""
        found = []
        for file in self._files:
            try:
                seen = os.stat(file)
            except OSError:
                found.append((0, 0, 0))
            else:
                found.append((seen.st_mtime_ns, seen.st_size, seen.st_ino))
        return tuple(found)

    def _warn_of_readers(self) -> None:
        try:
            mode = os.stat(self._files[1]).st_mode
        except OSError:
            return
        if mode & stat.S_IROTH:
            log.warning("TLS: everybody on this machine can read the key %s; chmod 600 it", self._files[1])


def _no_passphrase() -> str:
    """Asked for by OpenSSL where a key is locked: nobody is there to type one."""
    raise TlsUnusable("the key is locked with a passphrase: give one without, readable by this user alone")

"""The limits of the front door, each with its unit, and how Hypercorn is told of them. Knows no socket."""

from __future__ import annotations

from time import time
from wsgiref.handlers import format_date_time

import msgspec
from hypercorn.config import Config


class DoorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of the front door. Times are seconds, sizes bytes; over a limit the door refuses or closes at once."""

    max_connections: int = 4096
    """Connections open at once; one over is answered 503 and closed. Each needs a file descriptor."""
    backlog: int = 4096
    """Connections the kernel holds before they are accepted."""
    keep_alive_timeout: float = 15.0
    """Seconds without a request; a client that closes is noticed at once, not after this."""
    keep_alive_max_requests: int = 1_000_000
    """Requests before a connection is closed."""
    newcomer_timeout: float = 2.0
    """Seconds after shutdown in which who has just connected may begin a first request."""
    header_timeout: float = 10.0
    """Seconds from the first byte of a request's head to its last."""
    body_idle_timeout: float = 10.0
    """Seconds between two pieces of a body; the whole is for the deadline to bound."""
    send_timeout: float = 10.0
    """Seconds for one piece of ``send_piece`` bytes."""
    send_piece: int = 256 * 1024
    """Bytes that a client must take within ``send_timeout``."""
    tls_handshake_timeout: float = 5.0
    """Seconds for a TLS handshake."""
    graceful_timeout: float = 10.0
    """Seconds that requests in flight get after shutdown."""
    linger_timeout: float = 1.0
    """Seconds to let a client that still sends read our answer before the socket closes."""
    linger_bytes: int = 1024 * 1024
    """Bytes thrown away meanwhile."""
    max_head_bytes: int = 16 * 1024
    """Bytes of request line and headers (what one read brings may come on top)."""
    max_websocket_message_bytes: int = 256 * 1024
    """Bytes of a WebSocket message, all fragments together."""
    fast_path: bool = True
    """Plain requests on plain sockets pass h11 and Hypercorn by; false: none does."""
    certfile: str | None = None
    """The file of the certificate with its chain (PEM); TLS when both are given."""
    keyfile: str | None = None
    """The file of its private key (PEM)."""


class DoorConfig(Config):
    """Hypercorn's configuration with everything off that this product does not use."""

    def __init__(self, settings: DoorSettings) -> None:
        self.alpn_protocols = ["http/1.1"]  # HTTP/2 has open crash reports
        self.accesslog = None
        self.errorlog = None  # failures go to on_failure; the app logs its requests
        self.include_server_header = False
        self.backlog = settings.backlog
        self.h11_max_incomplete_size = settings.max_head_bytes
        self.keep_alive_max_requests = settings.keep_alive_max_requests
        self.websocket_max_message_size = settings.max_websocket_message_bytes
        self._second = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._date_line = b""

    def response_headers(self, protocol: str) -> list[tuple[bytes, bytes]]:
        """The ``date`` header, formatted once a second."""
        second = int(time())
        if second != self._second:
            self._second = second
            date = format_date_time(second).encode("ascii")
            self._headers = [(b"date", date)]
            self._date_line = b"date: %b\r\n" % date
        return self._headers

    def date_line(self) -> bytes:
        """The same as a line of a head."""
        self.response_headers("h11")
        return self._date_line

"""Why a try did not succeed: a short code that may stand in the log, never a text that somebody outside wrote."""

from __future__ import annotations


class Undelivered(Exception):
    """``reason`` is a code such as ``http_503``, ``timeout``, ``refused_address``.

    ``retry_after``: seconds that the receiver asked for. ``gone``: it wants nothing more, ever.
    """

    def __init__(self, reason: str, *, retry_after: float = 0.0, gone: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after
        self.gone = gone

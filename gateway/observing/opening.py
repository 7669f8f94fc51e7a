"""What an operator sees of a process, put together from the configuration: of the engine's, and of a gateway's own."""

from __future__ import annotations

from engine.clock import Clock
from engine.timing import SlowLimit
from gateway.config import Config
from gateway.observing.access_file import LogsUnusable
from gateway.observing.slow_log import slow_limit
from gateway.observing.tracing import TracingUnusable, open_tracing
from gateway.request_log import access_log
from gateway.tally import Tally


class ObservingUnusable(Exception):
    """What is configured cannot be done; the message says what to do."""


class Observing:
    """The access log and traces of a process that answers requests, and what its engine is told of slow commands."""

    def __init__(self, chosen: Config, clock: Clock) -> None:
        try:
            self.request_log = access_log(chosen.logs, wanted=chosen.request_log)
            self.tracing = open_tracing(chosen.tracing, clock)
        except (LogsUnusable, TracingUnusable) as error:
            raise ObservingUnusable(str(error)) from None
        self.slow: SlowLimit = slow_limit(chosen.logs, shares=self.tracing is not None)

    def count_with(self, tally: Tally) -> None:
        """Have it told what could not be written."""
        if self.request_log is not None and self.request_log.file is not None:
            tally.losing["lost_lines"] = self.request_log.file

    def turn_over(self) -> None:
        """Somebody has moved the logs away: begin new ones."""
        if self.request_log is not None:
            self.request_log.reopen()

    async def close(self) -> None:
        """Send what is left."""
        if self.tracing is not None:
            await self.tracing.close()

"""Spans for OpenTelemetry: one for each request, one for what it asks of the engine, and the parts of that.

Off unless an endpoint is configured: then nothing here is made, and nothing is imported. Attributes are of closed sets
(method, route, status, code, name of the command) and the hospital: nothing that is somebody's. How spans leave is the
library's: it has a thread for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import trio

from engine.actor import Reply
from engine.clock import Clock
from engine.errors import DeadlinePassed, Rejected, Unavailable
from engine.eventlog.entry import Principal
from engine.runtime import DEADLINE
from gateway.call import Call
from gateway.engine import Engine, Subscription
from gateway.observing.program import MATRON
from gateway.observing.settings import TracingSettings
from gateway.observing.trace import Trace, parent_of
from gateway.tally import METHODS, OTHER

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

BROKEN: Final = 500
"""From this status on it is the server's failure."""

PARTS: Final = ("wait", "decide", "commit")
"""The names of ``engine.actor.Shares``."""

OF_OTHERS: Final = 0o077
"""What nobody but its owner may do with a file of secrets."""

PARTING: Final = 2.0
"""Seconds for the last spans to leave."""

_span: ContextVar[Span | None] = ContextVar("matron_span", default=None)


class TracingUnusable(Exception):
    """Traces are configured and cannot be made; the message says what to do."""


class Tracing:
    """Makes spans by a provider of the library's."""

    def __init__(self, provider: TracerProvider, clock: Clock) -> None:
        self._provider = provider
        self._clock = clock
        self.tracer = provider.get_tracer("matron", MATRON)

    def begin(self, call: Call) -> RequestSpan:
        """A request comes; its place in the trace is the span's from now on."""
        from opentelemetry.context import Context
        from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags, set_span_in_context
        from opentelemetry.trace import format_span_id as span_word
        from opentelemetry.trace import format_trace_id as trace_word

        context, parent = Context(), parent_of(call.headers)
        if parent is not None:
            trace_id, span_id, flags = parent
            far = SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(flags))
            context = set_span_in_context(NonRecordingSpan(far), context)
        method = word_of(call)
        span = self.tracer.start_span(method, context, SpanKind.SERVER, {"http.request.method": method})
        found = span.get_span_context()
        call.trace = Trace(
            trace_word(found.trace_id), span_word(found.span_id), parent[1] if parent else "", int(found.trace_flags)
        )
        _span.set(span)
        return RequestSpan(span)

    def child(self, name: str, hospital: str) -> Span:
        """A span of what the request of this task does."""
        from opentelemetry.context import Context
        from opentelemetry.trace import set_span_in_context

        above = _span.get()
        context = Context() if above is None else set_span_in_context(above, Context())
        return self.tracer.start_span(name, context, attributes={"matron.hospital": hospital})

    def parts(self, span: Span, reply: Reply) -> None:
        """The parts of a command's way as spans below that of its asking, the last of them over just now."""
        from opentelemetry.context import Context
        from opentelemetry.trace import set_span_in_context

        if reply.took is None or not span.is_recording():
            return
        context = set_span_in_context(span, Context())
        begin = self._clock.wall() - round(sum(reply.took) * 1e6)
        for name, took in zip(PARTS, reply.took, strict=True):
            end = begin + round(took * 1e6)
            self.tracer.start_span(name, context, start_time=begin * 1_000).end(end * 1_000)
            begin = end

    def around(self, engine: Engine) -> Engine:
        """The engine, with a span around what is asked of it."""
        return TracedEngine(engine, self)

    async def close(self) -> None:
        """Send what is left, for a moment."""
        with trio.move_on_after(PARTING):
            await trio.to_thread.run_sync(self._provider.shutdown, abandon_on_cancel=True)


class RequestSpan:
    """The span of one request."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def end(self, call: Call, label: str, status: int) -> None:
        """It was answered."""
        from opentelemetry.trace import Status, StatusCode

        span = self._span
        if span.is_recording():
            if label:
                span.update_name(f"{word_of(call)} {label}")
                span.set_attribute("http.route", label)
            span.set_attribute("http.response.status_code", status)
            if call.code:
                span.set_attribute("error.type", call.code)
            if status >= BROKEN:
                span.set_status(Status(StatusCode.ERROR))
        span.end()
        _span.set(None)


class TracedEngine:
    """An engine's words, each with a span around it."""

    def __init__(self, engine: Engine, tracing: Tracing) -> None:
        self._engine = engine
        self._tracing = tracing

    async def ask(
        self, hospital: str, command: Any, who: Principal, *, key: str | None = None, within: float = DEADLINE
    ) -> Reply:
        """Have a command decided and made durable."""
        span = self._tracing.child(f"ask {type(command).__name__}", hospital)
        try:
            reply = await self._engine.ask(hospital, command, who, key=key, within=within)
            span.set_attribute("matron.outcome", reply.outcome)
            self._tracing.parts(span, reply)
            return reply
        except Exception as error:
            span.set_attribute("error.type", code_of(error))
            raise
        finally:
            span.end()

    def submit(
        self, hospital: str, command: Any, who: Principal, then: Callable[[Reply | Exception], None], *,
        key: str | None = None, within: float = DEADLINE,
    ) -> Callable[[], None] | None:  # fmt: skip
        """Only ``ask`` can: a span belongs to the task of what it is about."""
        return None

    async def ask_batch(
        self, hospital: str, items: Sequence[tuple[Any, str | None]], who: Principal, *, within: float = DEADLINE
    ) -> list[Reply | Exception]:
        """Have many commands decided in order, each on its own."""
        span = self._tracing.child("ask_batch", hospital)
        span.set_attribute("matron.commands", len(items))
        try:
            return await self._engine.ask_batch(hospital, items, who, within=within)
        finally:
            span.end()

    async def view(
        self, hospital: str, query: Any, who: Principal, *, within: float = DEADLINE, purpose: str = ""
    ) -> Reply:
        """Answer a query."""
        span = self._tracing.child(f"view {type(query).__name__}", hospital)
        try:
            return await self._engine.view(hospital, query, who, within=within, purpose=purpose)
        except Exception as error:
            span.set_attribute("error.type", code_of(error))
            raise
        finally:
            span.end()

    def show(
        self, hospital: str, query: Any, who: Principal, then: Callable[[Reply | Exception], None], *,
        within: float = DEADLINE, purpose: str = "",
    ) -> Callable[[], None] | None:  # fmt: skip
        """Only ``view`` can, as it is with ``submit``."""
        return None

    async def note_access(
        self, hospital: str, who: Principal, query: str, patients: Iterable[str], purpose: str = ""
    ) -> None:
        """Write down that somebody was shown these patients elsewhere."""
        await self._engine.note_access(hospital, who, query, patients, purpose)

    async def note_security(self, hospital: str, who: Principal, what: str, facts: Mapping[str, str]) -> None:
        """Write down what happened at the door."""
        await self._engine.note_security(hospital, who, what, facts)

    def follow(
        self, hospital: str, topics: Sequence[str], *, after: int | None = None, who: Principal | None = None,
        purpose: str = "",
    ) -> AbstractAsyncContextManager[Subscription]:  # fmt: skip
        """Follow topics."""
        return self._engine.follow(hospital, topics, after=after, who=who, purpose=purpose)


def word_of(call: Call) -> str:
    """A request's method; one that is none of HTTP's is whatever a client says."""
    method: str = call.scope["method"]
    return method if method in METHODS else OTHER


def code_of(error: Exception) -> str:
    """An error in one word."""
    if isinstance(error, (Rejected, Unavailable)):
        return error.code
    return "deadline_passed" if isinstance(error, DeadlinePassed) else type(error).__name__


def open_tracing(settings: TracingSettings, clock: Clock, exporter: SpanExporter | None = None) -> Tracing | None:
    """Tracing as configured, or none; ``exporter``: where spans go instead. ``TracingUnusable`` when it cannot be."""
    if settings.endpoint is None and exporter is None:
        return None
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
    except ImportError:
        raise TracingUnusable("Traces need the extra otel: pip install 'matron[otel]'.") from None
    resource = Resource.create({"service.name": settings.service, "service.version": MATRON})
    sampler = ParentBased(TraceIdRatioBased(settings.sample))
    provider = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter or _exporter(settings)))
    return Tracing(provider, clock)


def _exporter(settings: TracingSettings) -> SpanExporter:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError:
        raise TracingUnusable("Traces need the extra otel: pip install 'matron[otel]'.") from None
    endpoint = settings.endpoint or ""
    if not endpoint.startswith(("http://", "https://")):
        raise TracingUnusable(f"tracing.endpoint is a URL, http:// or https://, and not {endpoint!r}.")
    return OTLPSpanExporter(
        endpoint=endpoint, headers=_headers(settings.headers_file), timeout=settings.timeout_seconds
    )


def _headers(file: str | None) -> dict[str, str]:
    if file is None:
        return {}
    try:
        if Path(file).stat().st_mode & OF_OTHERS:
            raise TracingUnusable(f"tracing.headers_file {file} can be read by others: chmod 600 {file}.")
        lines = Path(file).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TracingUnusable(f"tracing.headers_file {file} cannot be read: {error}") from None
    pairs = [line.partition(":") for line in lines if line.strip()]
    if not all(name.strip() and colon for name, colon, _ in pairs):
        raise TracingUnusable(f"tracing.headers_file {file} has a header on each line: name: value.")
    return {name.strip(): value.strip() for name, _, value in pairs}

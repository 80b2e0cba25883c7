"""One id for a message from wire to wire, and spans under it where a collector is set up.

A trace is kept with each row as W3C Trace Context writes it (``traceparent``), so that it outlives
processes and the database's queue. Spans hold ids, channel names and outcomes; nothing of what
citizens and providers sent.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from secrets import token_hex
from time import time_ns
from typing import Any

from channels.base import BadSetting

_NAME = "guichet"
_NOTHING = nullcontext()
#: Who begins what a span is about, where it is not we ourselves.
_KINDS = {"accept": "SERVER", "send": "CLIENT"}
#: OpenTelemetry's parts, while spans are sent; None costs every span one look.
_sending: _Sending | None = None


def configure(endpoint: str | None) -> None:
    """Send spans to the collector at this address from now on, where there is one.

    All else is said by OpenTelemetry's own variables (``OTEL_SERVICE_NAME``,
    ``OTEL_TRACES_SAMPLER``, ``OTEL_EXPORTER_OTLP_HEADERS`` …). Raises BadSetting where the packages
    are not installed.
    """
    global _sending
    if endpoint and _sending is None:
        _sending = _Sending(endpoint)
        atexit.register(close)


def close() -> None:
    """Send what was not sent yet, and no more after it."""
    global _sending
    if _sending is not None:
        sending, _sending = _sending, None
        sending.provider.shutdown()
        atexit.unregister(close)


def new() -> str:
    """The trace of something that begins here."""
    random = token_hex(24)
    return f"00-{random[:32]}-{random[32:]}-00"


def id_of(trace: str | None) -> str | None:
    """What log lines name a trace by; None for a row from before there were traces."""
    return trace[3:35] if trace else None


def beginning(
    name: str, trace: str | None = None, **attributes: str
) -> AbstractContextManager[str]:
    """A span that a message enters the house with: gives the trace to keep, which is ``trace``
    itself where the message belongs to something that came before."""
    if _sending is None:
        return nullcontext(trace or new())
    return _sending.beginning(name, trace, attributes)


def span(name: str, trace: str | None = None, **attributes: str) -> AbstractContextManager[object]:
    """A span of the work in hand: under this trace, or under the span around it."""
    if _sending is None:
        return _NOTHING
    return _sending.span(name, trace, attributes)


def note(name: str, trace: str | None, begun: int, **attributes: str) -> None:
    """A span that ends now; ``begun`` is in nanoseconds since 1970, as ``time_ns`` counts."""
    if _sending is not None:
        _sending.note(name, trace, attributes, begun, time_ns())


class _Sending:
    """OpenTelemetry's own objects. Its API is loaded only here: it is an optional package."""

    def __init__(self, endpoint: str) -> None:
        try:
            self.api = import_module("opentelemetry.trace")
            propagation = import_module("opentelemetry.trace.propagation.tracecontext")
            sdk = import_module("opentelemetry.sdk.trace")
            resources = import_module("opentelemetry.sdk.resources")
            exporting = import_module("opentelemetry.sdk.trace.export")
            otlp = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
        except ImportError:
            raise BadSetting(
                "OTEL_EXPORTER_OTLP_ENDPOINT", "needs: pip install -r requirements-tracing.txt"
            ) from None
        self._context = propagation.TraceContextTextMapPropagator()
        named = {"service.name": os.environ.get("OTEL_SERVICE_NAME") or _NAME}
        resource = resources.Resource.create(named)
        self.provider = sdk.TracerProvider(resource=resource, shutdown_on_exit=False)
        exporter = otlp.OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        self.provider.add_span_processor(exporting.BatchSpanProcessor(exporter))
        self._tracer = self.provider.get_tracer(_NAME)

    @contextmanager
    def beginning(self, name: str, trace: str | None, attributes: dict[str, str]) -> Iterator[str]:
        """A span with the trace that it begins, or goes on with."""
        with self.span(name, trace, attributes) as span:
            found = span.get_span_context()
            flags = int(found.trace_flags)
            yield trace or f"00-{found.trace_id:032x}-{found.span_id:016x}-{flags:02x}"

    @contextmanager
    def span(self, name: str, trace: str | None, attributes: dict[str, str]) -> Iterator[Any]:
        """A span around a block. Of what the block raises only the kind is kept: its message may
        quote a citizen."""
        with self._tracer.start_as_current_span(
            name,
            self._under(trace),
            self._kind(name),
            attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except Exception as error:
                span.set_status(self.api.StatusCode.ERROR, type(error).__name__)
                raise

    def note(
        self, name: str, trace: str | None, attributes: dict[str, str], begun: int, ended: int
    ) -> None:
        """A span that is over already."""
        span = self._tracer.start_span(
            name, self._under(trace), self._kind(name), attributes, start_time=begun
        )
        span.end(ended)

    def _kind(self, name: str) -> Any:
        return self.api.SpanKind[_KINDS.get(name, "INTERNAL")]

    def _under(self, trace: str | None) -> Any:
        return self._context.extract({"traceparent": trace}) if trace else None

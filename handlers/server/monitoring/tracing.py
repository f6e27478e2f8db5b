"""OpenTelemetry traces: a span for each request, named by its operation, and one for each call of the database.

OpenTelemetry's own variables (`OTEL_*`) set the exporter, its endpoint and the sampling. No span has a path, a query,
personal data or the message of an exception. Only the `traceparent` of a caller's context counts, since a `tracestate`
may hold anything.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Sequence
from http import HTTPStatus
from threading import Thread
from typing import TypeVar

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.semconv.attributes.db_attributes import DB_OPERATION_NAME, DB_SYSTEM_NAME
from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE
from opentelemetry.semconv.attributes.http_attributes import (
    HTTP_REQUEST_METHOD,
    HTTP_RESPONSE_HEADER_TEMPLATE,
    HTTP_RESPONSE_STATUS_CODE,
    HTTP_ROUTE,
)
from opentelemetry.semconv.attributes.url_attributes import URL_SCHEME
from opentelemetry.trace import Span, SpanKind, StatusCode, use_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...spec import CONTRACT, REGISTRATION, operations
from ..errors import REQUEST_ID
from ..request import Request, method_label

log = logging.getLogger(__name__)

T = TypeVar("T")

_NAME = "chat-bindings"
_FLUSH_TIMEOUT = 5.0
"""Seconds for exporting the last spans when the service ends."""

_PROTOCOL = "http/protobuf"
_REQUEST_ID = REQUEST_ID.lower()
_PARENT = "traceparent"


def obstacle() -> str | None:
    """Return why the environment's variables are not supported, as a sentence that names one; None where they are."""
    for name in ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        if os.environ.get(name, _PROTOCOL) != _PROTOCOL:
            return f"{name} is {os.environ[name]}, but traces are exported by {_PROTOCOL} alone."
    if os.environ.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp":
        return f"OTEL_TRACES_EXPORTER is {os.environ['OTEL_TRACES_EXPORTER']}, but traces are exported by otlp alone."
    for name in ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"):
        if not os.environ.get(name, "http://").startswith(("http://", "https://")):
            return f"{name} is no URL that begins with http:// or https://."
    return None


class _Exporter(SpanExporter):
    """OTLP's exporter, with failures in our log: its own lines have URLs and headers, which may hold secrets."""

    def __init__(self) -> None:
        for name in ("opentelemetry.exporter", "opentelemetry.util", "urllib3"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._otlp = OTLPSpanExporter()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._otlp.export(spans)
        if result is not SpanExportResult.SUCCESS:
            log.warning("spans not exported: %d", len(spans))
        return result

    def shutdown(self) -> None:
        self._otlp.shutdown()


class Tracing:
    """The traces of one worker."""

    def __init__(self, database: str) -> None:
        """Name `database` in spans, an OpenTelemetry name of a database system."""
        resource = Resource.create()
        if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
            resource = resource.merge(Resource({SERVICE_NAME: _NAME}))
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(_Exporter()))
        self.tracer = self._provider.get_tracer(_NAME)
        self._database = database

    async def watch(self, method: str, work: Awaitable[T]) -> T:
        """Await a call of a storage, in a span."""
        span = self.tracer.start_span(
            method, kind=SpanKind.CLIENT, attributes={DB_SYSTEM_NAME: self._database, DB_OPERATION_NAME: method}
        )
        try:
            return await work
        except Exception as error:
            _fail(span, type(error).__name__)
            raise
        finally:
            span.end()

    async def end(self) -> None:
        """Export the last spans, within some seconds."""
        thread = Thread(target=self._provider.shutdown, daemon=True)
        thread.start()
        await asyncio.to_thread(thread.join, _FLUSH_TIMEOUT)


class Traced:
    """The stage that makes a span of each request."""

    def __init__(self, app: ASGIApp, tracing: Tracing) -> None:
        self.app = app
        self._tracer = tracing.tracer
        self._routes = {each.operation_id: each.path for spec in (CONTRACT, REGISTRATION) for each in operations(spec)}
        self._propagator = TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method = method_label(scope)
        span = self._tracer.start_span(
            method,
            context=self._caller(scope),
            kind=SpanKind.SERVER,
            attributes={HTTP_REQUEST_METHOD: method, URL_SCHEME: scope["scheme"]},
        )

        def watch(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                _record_response(span, message)
            return send(message)

        with use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                await self.app(scope, receive, watch)
            finally:
                if operation := Request.of(scope).operation_id:
                    span.update_name(operation)
                    span.set_attribute(HTTP_ROUTE, self._routes[operation])

    def _caller(self, scope: Scope) -> Context:
        sent = [value.decode("latin-1") for name, value in scope["headers"] if name == _PARENT.encode()]
        return self._propagator.extract({_PARENT: sent[0]} if len(sent) == 1 else {}, Context())


def _record_response(span: Span, message: Message) -> None:
    status = message["status"]
    span.set_attribute(HTTP_RESPONSE_STATUS_CODE, status)
    for name, value in message["headers"]:
        if name.decode("latin-1").lower() == _REQUEST_ID:
            span.set_attribute(f"{HTTP_RESPONSE_HEADER_TEMPLATE}.{_REQUEST_ID}", [value.decode("latin-1")])
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _fail(span, str(status))


def _fail(span: Span, kind: str) -> None:
    span.set_status(StatusCode.ERROR)
    span.set_attribute(ERROR_TYPE, kind)

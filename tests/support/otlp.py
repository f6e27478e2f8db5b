"""A receiver of OpenTelemetry traces: OTLP over HTTP, by OpenTelemetry's own definition of the messages."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent


class Span(NamedTuple):
    """A received span; ids in hex."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, object]
    is_error: bool
    resource: dict[str, object]
    message: Sent


class Receiver:
    """The received requests and spans."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bodies: list[bytes] = []
        """Each request's body, unchanged."""

    def spans(self, kind: str | None = "SERVER") -> list[Span]:
        """Return the spans of a kind, or of all, in the order in which they came."""
        return [span for body in list(self.bodies) for span in _spans(body) if kind in (None, span.kind)]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Receive while the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/x-protobuf")
            received.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            body = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        received = Receiver(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield received
        finally:
            server.shutdown()
            thread.join()


def _spans(body: bytes) -> Iterator[Span]:
    for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = _values(of_resource.resource.attributes)
        for span in (span for of_scope in of_resource.scope_spans for span in of_scope.spans):
            yield Span(
                span.name,
                Sent.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
                span.trace_id.hex(),
                span.span_id.hex(),
                span.parent_span_id.hex(),
                _values(span.attributes),
                span.status.code == span.status.STATUS_CODE_ERROR,
                resource,
                span,
            )


def _values(attributes: list[KeyValue]) -> dict[str, object]:
    return {each.key: _value(each.value) for each in attributes}


def _value(value: object) -> object:
    kind = value.WhichOneof("value")
    return [_value(each) for each in value.array_value.values] if kind == "array_value" else getattr(value, kind)

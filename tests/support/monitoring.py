"""A monitored service, and its monitoring port."""

import re
from collections import Counter
from typing import NamedTuple

import httpx
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from .running import Service, wait_until

OPTIONS = ("--monitoring-port", 0)
"""The options of a monitored service."""

WITHIN = 60
"""Seconds in which a response must be counted: workers hand on their counts a few times a second."""


class Asked(NamedTuple):
    """The labels of a counted request."""

    operation_id: str
    method: str
    status: str


class Monitor:
    """A client of a monitoring port."""

    def __init__(self, service: Service) -> None:
        assert wait_until(lambda: "monitoring at" in service.log, 60), service.log
        self.url = re.search(r"monitoring at (http://[0-9.:]+)", service.log)[1]

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(self.url + path, headers=headers, timeout=60)

    def is_ready(self) -> bool:
        return self.get("/readyz").status_code == 200

    @property
    def text(self) -> str:
        """All metrics."""
        answer = self.get("/metrics")
        assert answer.status_code == 200, answer.text
        return answer.text

    def samples(self, name: str) -> list[Sample]:
        """Return the samples of a metric."""
        families = text_string_to_metric_families(self.text)
        return [sample for family in families for sample in family.samples if sample.name == name]

    def value(self, name: str, **labels: str) -> float:
        """Return a metric; 0 for one without a count yet."""
        return sum(sample.value for sample in self.samples(name) if labels.items() <= sample.labels.items())

    def requests(self) -> Counter[Asked]:
        """Count the requests so far."""
        samples = self.samples("chat_bindings_request_duration_seconds_count")
        return Counter({Asked(**sample.labels): int(sample.value) for sample in samples})

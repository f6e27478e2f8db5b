"""Exposition: the metrics of all workers and the usage of their processes, in the formats of Prometheus."""

import os
from collections.abc import Iterator
from importlib.metadata import version
from operator import attrgetter
from pathlib import Path

from prometheus_client import CollectorRegistry, Metric, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import InfoMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from .settings import Workers

_DISTRIBUTION = "chat-bindings"


class Exposition(Collector):
    """The metrics of a service."""

    def __init__(self, folder: Path, workers: Workers) -> None:
        self._folder = folder
        self._workers = workers
        self._build = InfoMetricFamily(
            "chat_bindings_build", "The version that is served.", {"version": version(_DISTRIBUTION)}
        )
        self._counted = MultiProcessCollector(None, path=str(folder))
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self, accept: str) -> tuple[bytes, str]:
        """Encode the metrics in the format that an `Accept` prefers; return them and their media type."""
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type

    def describe(self) -> list[Metric]:
        """Describe no metrics beforehand: they are read at each scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        self._forget_dead()
        yield self._build
        yield from sorted(self._counted.collect(), key=attrgetter("name"))
        yield from self._process_metrics()

    def _process_metrics(self) -> Iterator[Metric]:
        processes = {f"worker-{number}": pid for number, pid in enumerate(self._workers.pids(), 1)}
        if os.getpid() not in processes.values():
            processes["supervisor"] = os.getpid()
        families: dict[str, Metric] = {}
        for name, pid in processes.items():
            for each in ProcessCollector(pid=lambda pid=pid: pid, registry=None).collect():  # type: ignore[misc]
                family = families.setdefault(each.name, Metric(each.name, each.documentation, each.type))
                for sample in each.samples:
                    family.add_sample(sample.name, {"process": name}, sample.value)
        yield from families.values()

    def _forget_dead(self) -> None:
        """Remove the requests in flight of killed workers; their counters stay."""
        for file in self._folder.glob("gauge_live*.db"):
            pid = int(file.stem.rpartition("_")[2])
            if not _is_running(pid):
                mark_process_dead(pid, str(self._folder))


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True

"""Logs and metrics for the operator. "Log" alone means the routing log everywhere else; this is telemetry.

One canonical line per request with all that was learnt about it (`vanthu.request`), to standard output: JSON when it is not a
terminal. Nothing here carries subjects, names or bodies.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from prometheus_client.values import MutexValue
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder in which the workers of one gateway keep what they count; prometheus_client looks for it when imported."""

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


# No local variables: they hold tokens and bodies.
_TRACEBACKS = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))


def set_up(level: str, *, worker: int | None = None) -> None:
    """Send structured telemetry to standard output, least severity `level`; one of several workers says which it is.

    Raises:
        KeyError: `level` is no level.

    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shared = (
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        *(() if worker is None else (_signed(worker),)),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    )
    last: tuple[Processor, ...] = (
        (structlog.dev.ConsoleRenderer(),)
        if sys.stdout.isatty()
        else (_TRACEBACKS, structlog.processors.JSONRenderer(ensure_ascii=False))
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    # Libraries speak through the standard library; only their warnings matter here, in the same form as our events.
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=(*shared, structlog.stdlib.add_logger_name),
            processors=(structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last),
        )
    )
    logging.basicConfig(level=max(threshold, logging.WARNING), handlers=[handler])
    # It warns, with a traceback, of whatever happens to a connection; the link says the same in its own events.
    logging.getLogger("aiormq").setLevel(max(threshold, logging.ERROR))


def _signed(worker: int) -> Processor:
    def sign(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["worker"] = worker
        return event

    return sign


class LocalGauge(Gauge):
    """A gauge that is set before it is shown, so that each process's own value is right, and none is shared with others."""

    def _metric_init(self) -> None:
        self._value = MutexValue(  # type: ignore[no-untyped-call]  # the library's own
            "gauge", self._name, self._name, self._labelnames, self._labelvalues, self._documentation
        )

    def clear(self) -> None:
        """Forget all labelled values."""
        with self._lock:
            self._metrics = {}


class _OfAllWorkers(Collector):
    """The gauges of this process, and what all workers counted: they keep it in files, where it outlives them."""

    def __init__(self, own: CollectorRegistry, folder: str) -> None:
        self._own = own
        self._counted = MultiProcessCollector(None, path=folder)  # type: ignore[no-untyped-call]  # as above

    def collect(self) -> Iterator[Metric]:
        """Yield every metric once."""
        yield from (metric for metric in self._own.collect() if metric.type == "gauge")
        counted: Iterable[Metric] = self._counted.collect()  # type: ignore[no-untyped-call]  # as above
        yield from sorted(counted, key=lambda metric: str(metric.name))


class RevocationMetrics:
    """What is measured of the lists that are held and of fetching them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.lists = LocalGauge(
            "vanthu_revocation_lists",
            "Revocation lists that count, one for each authority and scope.",
            registry=registry,
        )
        self.next_update = LocalGauge(
            "vanthu_revocation_next_update_seconds",
            "Seconds until the first of these lists is out of date; negative when one is, NaN without any.",
            registry=registry,
        )
        self.age = LocalGauge(
            "vanthu_revocation_list_age_seconds",
            "Seconds since each of these lists was issued.",
            ("issuer", "sha256"),
            registry=registry,
        )
        self.fetches = Counter(
            "vanthu_revocation_fetches_total",
            "Fetches of revocation lists and OCSP answers.",
            ("result",),
            registry=registry,
        )


class LedgerMetrics:
    """What the loss ledger says, and how near the gateway is to its limits."""

    def __init__(self, registry: CollectorRegistry) -> None:
        gauge = partial(LocalGauge, registry=registry)
        self.deliveries = gauge(
            "vanthu_ledger_deliveries",
            "Deliveries by term of the ledger: accepted is the sum of the others, or there is a gap.",
            ("state",),
        )
        self.gap = gauge("vanthu_ledger_gap", "Gaps of the ledger, by kind; all must be 0.", ("kind",))
        self.overdue = gauge(
            "vanthu_ledger_overdue", "Deliveries handed to the axis without a receipt for long."
        )
        self.healed = Counter(
            "vanthu_ledger_healed_total", "Deliveries put back into the outbox.", registry=registry
        )
        self.pressure = gauge(
            "vanthu_pressure",
            "How much of each limit is used: at 1 and above, no document is taken.",
            ("kind",),
        )

    def show(self, deliveries: Mapping[str, int], gaps: Mapping[str, int], *, overdue: int) -> None:
        """Set the numbers of the ledger."""
        for state, count in deliveries.items():
            self.deliveries.labels(state).set(count)
        for kind, count in gaps.items():
            self.gap.labels(kind).set(count)
        self.overdue.set(overdue)


class PieceMetrics:
    """What is measured of documents that come in pieces."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.taken = Counter(
            "vanthu_axis_segments_total",
            "Pieces of documents taken from the axis, by result.",
            ("result",),
            registry=registry,
        )
        self.abandoned = Counter(
            "vanthu_axis_abandoned_total",
            "Documents dropped because the rest of their pieces never came.",
            registry=registry,
        )
        self.unfinished = LocalGauge(
            "vanthu_axis_unfinished", "Documents of which only some pieces are here.", registry=registry
        )
        self.unfinished_bytes = LocalGauge(
            "vanthu_axis_unfinished_bytes", "Bytes of these documents once they are whole.", registry=registry
        )


class Metrics:
    """What Prometheus scrapes; one instance per application, so that tests and processes do not share counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        count = partial(Counter, registry=self.registry)
        gauge = partial(LocalGauge, registry=self.registry)
        time = partial(Histogram, registry=self.registry, buckets=SECONDS)
        labels = ("kind", "outcome", "code")
        self.examined = count(
            "vanthu_examined_total", "Messages examined, by outcome and deciding code.", labels
        )
        self.examination_seconds = time("vanthu_examination_seconds", "Time to examine one message.")
        self.requests = count("vanthu_requests_total", "HTTP requests.", ("method", "resource", "status"))
        self.request_seconds = time("vanthu_request_seconds", "Time to answer a request.", ("resource",))
        self.sent = count("vanthu_axis_sent_total", "Messages sent on the axis, by result.", ("result",))
        self.arrived = count(
            "vanthu_axis_arrived_total", "Messages taken from the axis, by result.", ("result",)
        )
        self._watch_axis(gauge)
        self.backlog = gauge("vanthu_backlog", "Rows waiting, by place.", ("place",))
        self.parked = gauge("vanthu_parked", "Documents that could not be decided yet, by road.", ("road",))
        self.parked_bytes = gauge("vanthu_parked_bytes", "Bytes of these documents, by road.", ("road",))
        self.parked_oldest = gauge("vanthu_parked_oldest_seconds", "Age of the oldest of these.", ("road",))
        self.clock_alarms = count(
            "vanthu_clock_alarms_total", "Times that the clock of decisions was set, or stood still."
        )
        self.log_size = gauge("vanthu_log_size", "Entries in the routing log's tree.")
        self.registry_emergencies = gauge(
            "vanthu_registry_emergencies", "Changes of the registry in force on one officer's signature."
        )
        self.revocation = RevocationMetrics(self.registry)
        self.ledger = LedgerMetrics(self.registry)
        self.pieces = PieceMetrics(self.registry)
        self._watch_certificates(gauge)
        self._watch_dead_letters(gauge)
        self.unlogged_refusals = count(
            "vanthu_unlogged_refusals_total",
            "Refusals of unknown callers over the rate that the routing log takes.",
        )

    def exposition(self) -> bytes:
        """Write all of it as Prometheus reads it; under several workers, what all of them counted."""
        folder = os.environ.get(SHARED)
        return generate_latest(self.registry if folder is None else _OfAllWorkers(self.registry, folder))

    def _watch_axis(self, gauge: Callable[..., Gauge]) -> None:
        """Make the numbers about the road itself."""
        self.axis_blocked = gauge(
            "vanthu_axis_blocked", "1 while an alarm keeps the broker from taking messages."
        )
        self.axis_silent = gauge(
            "vanthu_axis_silent_queues", "Queues that do not answer although the broker does."
        )

    def _watch_dead_letters(self, gauge: Callable[..., Gauge]) -> None:
        """Make the numbers about what does not get through."""
        self.held = gauge("vanthu_held", "Deliveries held until the code administrators decide.")
        self.held_oldest = gauge("vanthu_held_oldest_seconds", "Age of the oldest of these.")
        self.dead_letters = gauge("vanthu_dead_letters", "Dead letters that wait, by cause.", ("cause",))
        self.stuck = gauge("vanthu_stuck_deliveries", "Deliveries and receipts that keep failing.")

    def _watch_certificates(self, gauge: Callable[..., Gauge]) -> None:
        """Make the numbers about the trust store and agencies' certificates."""
        self.trust_version = gauge("vanthu_trust_version", "Version of the trust store.")
        self.trust_expiry = gauge(
            "vanthu_trust_certificate_expiry_seconds",
            "Seconds until a certificate of the trust store ends, by its validity or by the end of our trust.",
            ("sha256", "role"),
        )
        self.certificates_ending = gauge(
            "vanthu_certificates_ending",
            "Registrations without a successor in force that end within some days, or have ended.",
            ("within_days",),
        )
        self.certificates_old = gauge(
            "vanthu_certificates_old",
            "Old certificates that were seen signing when their successor was in force.",
        )

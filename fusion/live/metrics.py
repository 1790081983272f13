"""What a service counts, in Prometheus' text format: messages, lag, receipts, sensors, the mode of the store."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from fusion.config import SECOND_NS
from fusion.health.modes import CLOSED, DEGRADED, OPEN
from fusion.health.rows import unwell

if TYPE_CHECKING:
    from fusion.session import Session

MODES: Final = (OPEN, DEGRADED, CLOSED)
WRONG: Final = ("degraded", "down")
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Service:
    """How the shell around the engine goes; counts are of the gateway that runs now."""

    state: Mapping[str, Any] = field(default_factory=dict)  # what the gateway counts, gateway_words.py
    behind: int = 0  # records that are durable and have not been read
    silent_s: float = 0.0  # since anything was read
    restarts: int = 0  # of the gateway

    def counts(self, what: str) -> Mapping[str, int]:
        """Return what the gateway counts under a word."""
        found: Mapping[str, int] = self.state.get(what, {})
        return found


@dataclass(frozen=True, slots=True)
class Tally:
    """What there is to say of a run at one moment; made by the loop that runs the engine, read by anybody."""

    store: str
    read: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)  # by reason
    sequenced: Mapping[str, int] = field(default_factory=dict)  # late, duplicate, future, restart, idle, back ...
    missing: int = 0
    waiting: int = 0  # messages that the watermark has not reached
    lag_s: float = 0.0  # of the engine's time behind the frontier of event time
    inside: int = 0  # trips
    notes: Mapping[str, int] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    sensors: Mapping[str, str] = field(default_factory=dict)  # of those that are not well, their state
    mode: str = OPEN
    service: Service = field(default_factory=Service)


def tally(session: "Session", service: Service, mode: str) -> Tally:
    """Return what a session has come to, in a service that has told this mode."""
    state, sequencer = session.state, session.sequencer
    lag_ns = sequencer.frontier_ns() - state.now_ns if state.now_ns else 0
    return Tally(
        store=session.store.store_id,
        read=session.counts["read"],
        rejected=dict(session.reasons),
        sequenced={name: n for name, n in sequencer.counts.items() if name != "missing"},
        missing=sequencer.missing(),
        waiting=sequencer.waiting(),
        lag_s=lag_ns / SECOND_NS,
        inside=len(state.trips.live),
        notes=dict(state.notes),
        limits=dict(state.attribution.limits),
        sensors={one.src: one.state for one in unwell(state.watch)},
        mode=mode,
        service=service,
    )


class Tallies(Collector):
    """Gives the last tally that was shown to whoever asks."""

    def __init__(self, first: Tally) -> None:
        self.last = first  # replaced as a whole: a reader in another thread sees one moment

    def show(self, now: Tally) -> None:
        """Replace what is told."""
        self.last = now

    def collect(self) -> Iterable[Metric]:
        """Return the families of metrics, in a fixed order."""
        now = self.last
        yield _counter("aisle_messages_read", "Frames taken from the tape.", {"": now.read}, now)
        yield _counter("aisle_messages_rejected", "Payloads that were no messages.", now.rejected, now, "reason")
        yield _counter("aisle_messages_sequenced", "What intake made of order and time.", now.sequenced, now, "what")
        yield _gauge("aisle_messages_missing", "Messages that never came, by their numbers.", {"": now.missing}, now)
        yield _gauge("aisle_messages_waiting", "Messages ahead of the watermark.", {"": now.waiting}, now)
        yield _gauge("aisle_lag_seconds", "Engine time behind the frontier of event time.", {"": now.lag_s}, now)
        yield _gauge("aisle_trips_inside", "Trips that have not closed.", {"": now.inside}, now)
        yield _counter("aisle_notes", "What was odd.", now.notes, now, "note")
        yield _counter("aisle_limits", "Limits of the configuration that were reached.", now.limits, now, "limit")
        states = {state: sum(one == state for one in now.sensors.values()) for state in WRONG}
        yield _gauge("aisle_sensors", "Sensors that are not well.", states, now, "state")
        well = GaugeMetricFamily(
            "aisle_sensor_wrong", "1 for every sensor that is not well.", labels=["store", "sensor", "state"]
        )
        for sensor, state in sorted(now.sensors.items()):
            well.add_metric([now.store, sensor, state], 1)
        yield well
        modes = {mode: int(mode == now.mode) for mode in MODES}
        yield _gauge("aisle_mode", "1 for the mode the store is in.", modes, now, "mode")
        yield from _of_service(now)


def _of_service(now: Tally) -> Iterator[Metric]:
    one = now.service
    lossy = one.state.get("lossy", {})
    mended = {place: n["repaired"] for place, n in lossy.items()}
    lost = {place: sum(n["lost"].values()) for place, n in lossy.items()}
    yield _gauge("aisle_records_behind", "Durable records that the engine has not read.", {"": one.behind}, now)
    yield _gauge("aisle_silence_seconds", "Since a sensor has said anything.", {"": one.silent_s}, now)
    full = {"": int(bool(one.state.get("full")))}
    yield _gauge("aisle_disk_full", "1 while nothing is taken for want of room on the disk.", full, now)
    yield _counter("aisle_gateway_restarts", "Times that the gateway died.", {"": one.restarts}, now)
    refused = one.counts("refused")
    yield _counter("aisle_messages_refused", "Messages that were not let onto the tape.", refused, now, "reason")
    given_up = one.counts("lost")
    yield _counter("aisle_messages_given_up", "Messages that their sender had no room for.", given_up, now, "source")
    yield _counter("aisle_publisher_messages_mended", "Asked for again and received.", mended, now, "publisher")
    yield _counter("aisle_publisher_messages_lost", "Of plain publishers, for good.", lost, now, "publisher")
    yield _counter("aisle_connections", "What became of connections.", one.counts("connections"), now, "what")
    yield _counter("aisle_handshakes", "What was said to keys.", one.counts("handshakes"), now, "what")


def registry_of(tallies: Tallies) -> CollectorRegistry:
    """Return a registry with nothing but these."""
    registry = CollectorRegistry()
    registry.register(tallies)
    return registry


def render(now: Tally) -> str:
    """Return a tally in the text format."""
    return generate_latest(registry_of(Tallies(now))).decode()


def serve_metrics(tallies: Tallies, port: int, host: str = "127.0.0.1") -> int:
    """Answer GET /metrics in a thread of its own; return the port, a free one for 0. Raises OSError."""
    server, _ = start_http_server(port, addr=host, registry=registry_of(tallies))
    return int(server.server_port)


def _counter(name: str, text: str, values: Mapping[str, int], now: Tally, label: str = "") -> Metric:
    family = CounterMetricFamily(name, text, labels=["store", label] if label else ["store"])
    return _filled(family, values, now)


def _gauge(name: str, text: str, values: Mapping[str, float], now: Tally, label: str = "") -> Metric:
    family = GaugeMetricFamily(name, text, labels=["store", label] if label else ["store"])
    return _filled(family, values, now)


def _filled(
    family: CounterMetricFamily | GaugeMetricFamily, values: Mapping[str, float], now: Tally
) -> CounterMetricFamily | GaugeMetricFamily:
    for name, value in sorted(values.items()):
        family.add_metric([now.store, name] if name else [now.store], value)
    return family

"""Sources: who has fallen silent by the event time of the others, and what sources say of themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import lru_cache

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints
from fusion.config import SECOND_NS
from fusion.frozen import record, replace
from fusion.health.alarms import Alarms, no_alarms, watch
from fusion.health.settings import HealthConfig
from fusion.intake.pictures import Pictures
from fusion.messages import Health, Message
from fusion.store import Store

CONTROLLER, CAMERA, GATE, PORTAL = "controller", "camera", "gate", "portal"
STREAMS = (CONTROLLER, CAMERA)  # speak all the time
PACE_RATE = 0.1  # memory of the usual gap
SPEAKS_GAPS = 5  # so many gaps tell a pace


@record(eq=False)
class SourceHealth:
    """One row a source that is expected to speak: controllers, cameras, gates and portals, sorted by kind and name.

    Carts are none: they fall silent when they leave, as the contract has it.
    """

    name: tuple[str, ...]
    kind: tuple[str, ...]
    row: Mapping[str, int]
    last_ns: Ints  # (s,) newest time, 0 before the first
    gap_s: Floats  # (s,) usual time between two messages
    gaps: Ints  # (s,) that it rests on
    begun_ns: int = 0  # time of the first message of anybody
    says: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # source -> state and text, where not "ok"
    silent: Alarms = field(default_factory=lambda: no_alarms(0))


def first_sources(store: Store) -> SourceHealth:
    """Return the sources of a store before any of them has spoken."""
    named = {(CONTROLLER, name) for name in store.plates.controller}
    named |= {(CAMERA, name) for name in store.cameras.camera_id}
    named |= {(GATE, name) for name in store.gates.gate_id} | {(PORTAL, name) for name, _ in store.portals}
    order = sorted(named)
    n = len(order)
    names = tuple(name for _, name in order)
    return SourceHealth(
        name=names,
        kind=tuple(kind for kind, _ in order),
        row={name: row for row, name in enumerate(names)},
        last_ns=np.zeros(n, np.int64),
        gap_s=np.zeros(n),
        gaps=np.zeros(n, np.int64),
        silent=no_alarms(n),
    )


def hear_sources(health: SourceHealth, messages: Sequence[Message], pictures: Pictures) -> SourceHealth:
    """Return the sources after the messages and frames of a slice, both in their order."""
    if not messages and not len(pictures):
        return health
    says = dict(health.says)
    for message in messages:
        if not isinstance(message, Health):
            continue
        if message.state != "ok":
            says[message.src] = (message.state, message.text)
        else:
            says.pop(message.src, None)
    row_of = health.row
    names = [*[message.src for message in messages], *pictures.src]
    t_ns = np.array([*[message.t_ns for message in messages], *pictures.t_ns.tolist()], np.int64)
    rows = np.array([row_of.get(name, -1) for name in names], np.int64)
    order = t_ns.argsort(kind="stable")
    rows, t_ns = rows[order], t_ns[order]
    last_ns, gap_s, gaps = health.last_ns.copy(), health.gap_s.copy(), health.gaps.copy()
    _keep_pace(rows, t_ns, last_ns, gap_s, gaps)
    begun_ns = health.begun_ns or next((t for t in t_ns.tolist() if t), 0)
    return replace(health, begun_ns=begun_ns, says=says, last_ns=last_ns, gap_s=gap_s, gaps=gaps)


@njit(cache=True)
def _keep_pace(rows: Ints, t_ns: Ints, last_ns: Ints, gap_s: Floats, gaps: Ints) -> None:
    """Take messages (m,) of some sources in place, -1 for those that need not speak; columns of SourceHealth."""
    for m in range(len(rows)):
        row = rows[m]
        if row < 0 or t_ns[m] <= last_ns[row]:
            continue
        if last_ns[row]:
            gap = (t_ns[m] - last_ns[row]) / SECOND_NS
            gap_s[row] += (gap - gap_s[row]) * max(PACE_RATE, 1.0 / (gaps[row] + 1))
            gaps[row] += 1
        last_ns[row] = t_ns[m]


def look_at_sources(health: SourceHealth, now_ns: int, config: HealthConfig) -> SourceHealth:
    """Return the sources after a look: streams are late by a stated time, the others by their own pace beside it."""
    stream = np.array([kind in STREAMS for kind in health.kind], np.bool_)
    own_s = np.where(stream, 0.0, config.silent_gaps * health.gap_s)
    late = now_ns - health.last_ns > (config.silent_s + own_s) * SECOND_NS
    late &= stream | (health.gaps >= SPEAKS_GAPS)
    expected = (health.last_ns > 0) | (now_ns - health.begun_ns > config.starts_s * SECOND_NS)
    expected &= (stream | (health.last_ns > 0)) & (health.begun_ns > 0)
    silent = watch(health.silent, late & expected, ~late & (health.last_ns > 0), now_ns, 0.0, config.enter_s)
    return replace(health, silent=silent)


def pausing(health: SourceHealth, names: tuple[str, ...], now_ns: int, after_s: float) -> Bools:
    """Return which of some sources (k,) have spoken and now say nothing, for after_s and two of their gaps at least.

    That is far too short to call them silent, and long enough for a piece to be taken meanwhile.
    """
    rows = _rows_of(names, health.name)
    last_ns = health.last_ns[rows]
    return np.asarray((last_ns > 0) & (now_ns - last_ns > (after_s + 2.0 * health.gap_s[rows]) * SECOND_NS))


def speaking(health: SourceHealth, names: tuple[str, ...]) -> tuple[Bools, Bools]:
    """Return which of some sources (k,) speak, and which are silent; one that is yet to begin does neither."""
    rows = _rows_of(names, health.name)
    gone = health.silent.on[rows]
    return np.asarray((health.last_ns[rows] > 0) & ~gone), np.asarray(gone)


@lru_cache(maxsize=8)
def _rows_of(names: tuple[str, ...], among: tuple[str, ...]) -> Ints:
    """Return the row of each name, (k,), never to be written: plates ask every second for that of their controller."""
    row = {name: i for i, name in enumerate(among)}
    return np.array([row[name] for name in names], np.int64)

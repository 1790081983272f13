"""What is wrong with which sensor, in plain words."""

from collections.abc import Mapping

import numpy as np

from fusion.config import SECOND_NS
from fusion.frozen import record
from fusion.health.alarms import Alarms
from fusion.health.cameras import CameraHealth, turns
from fusion.health.crossings import Crossings
from fusion.health.doubts import Sayings
from fusion.health.gains import Gains, tested
from fusion.health.jumps import Jumpy
from fusion.health.plates import PlateHealth
from fusion.health.settings import HealthConfig
from fusion.health.sources import SourceHealth
from fusion.shelf import Levels
from fusion.shelf.tails import last_of
from fusion.store import Store

DEGRADED, DOWN = "degraded", "down"
WRONG_CLOCK = "has a wrong clock"


@record()
class Finding:
    """One thing that is wrong with a sensor."""

    cause: str  # what it does wrong, the same words for as long as it lasts
    state: str  # "degraded" or "down"
    text: str
    since_ns: int


Found = Mapping[str, tuple[Finding, ...]]


def state_of(found: tuple[Finding, ...]) -> str:
    """Return the state of a sensor of which this was found: "ok", "degraded" or "down"."""
    return DOWN if any(one.state == DOWN for one in found) else DEGRADED if found else "ok"


def findings(
    plates: PlateHealth,
    cameras: CameraHealth,
    sources: SourceHealth,
    sayings: Sayings,
    gains: Gains,
    jumpy: Jumpy,
    crossings: Crossings,
    clocks: Mapping[str, str],
    levels: Levels,
    now_ns: int,
    store: Store,
    config: HealthConfig,
) -> dict[str, tuple[Finding, ...]]:
    """Return what is wrong with every sensor that is not well, by its name."""
    out: dict[str, list[Finding]] = {}
    _sources(out, sources, now_ns, store)
    _plates(out, plates, levels, now_ns, store, config)
    for plate, finding in wrong_gains(gains, store):
        _add(out, store.plates.plate_id[plate], finding)
    for plate, finding in jumping(jumpy):
        _add(out, store.plates.plate_id[plate], finding)
    _cameras(out, cameras, now_ns, store, config)
    portals = {name for name, _ in store.portals}
    for sensor, doubt in sorted(sayings.of.items()):
        if doubt.on and sensor in portals:
            words = f"hears tags nobody could carry out, {doubt.wrong} of late"
            _add(out, sensor, Finding("reads across", DEGRADED, words, doubt.began_ns))
        elif doubt.on:
            words = f"sees moves that never were, {doubt.wrong} of late by weight and goods"
            _add(out, sensor, Finding("sees moves that never were", DEGRADED, words, doubt.began_ns))
    for gate, doubt in sorted(crossings.of.items()):
        if doubt.on:
            text = f"counts people whom nobody sees, {doubt.wrong} of late"
            _add(out, gate, Finding("counts people whom nobody sees", DEGRADED, text, doubt.began_ns))
    for src, what in sorted(clocks.items()):
        text = f"clock {what}; its times are corrected as far as they can be"
        _add(out, src, Finding(WRONG_CLOCK, DEGRADED, text, now_ns))
    return {sensor: tuple(found) for sensor, found in sorted(out.items())}


def wrong_gains(gains: Gains, store: Store) -> list[tuple[int, Finding]]:
    """Return the plates that weigh wrong, and what is wrong with each."""
    right_ns, rivals, known, out = dict(gains.right_ns), dict(gains.rivals), tested(gains), []
    for plate, gain in gains.wrong:
        by = "a test weight" if plate in known else "what picks weighed"
        text = f"weighs {abs(gain):.0%} too {'much' if gain > 0 else 'little'}, by {by}"
        others = " or ".join(store.plates.plate_id[other] for other in rivals.get(plate, ()))
        text += f", or {others} weighs wrong" if others else ""
        out.append((plate, Finding("weighs wrong", DEGRADED, text, right_ns.get(plate, 0))))
    return out


def jumping(jumpy: Jumpy) -> list[tuple[int, Finding]]:
    """Return the plates whose level jumps, and what of it has been seen; since when they do nobody knows."""
    out = []
    for plate, one in sorted(jumpy.of.items()):
        if one.on:
            times = f"{one.wrong} change{'s' if one.wrong > 1 else ''}"
            text = f"jumps: {times} that no goods made, of up to {jumpy.most_g[plate]:.0f} g"
            out.append((plate, Finding("jumps", DEGRADED, text, 0)))
    return out


def suspects(gains: Gains, store: Store) -> dict[str, str]:
    """Return the plates that may weigh wrong, by their names, and why: nothing is done about it but to say so."""
    return {store.plates.plate_id[plate]: _suspicion(gain, picks) for plate, gain, picks in gains.suspects}


def _suspicion(gain: float, picks: int) -> str:
    off, of_what = f"{abs(gain):.0%} too {'much' if gain > 0 else 'little'}", "heavy" if gain > 0 else "light"
    by = "one pick, or its package" if picks == 1 else f"{picks} picks, or their goods"
    return f"may weigh {off} by {by} {'was' if picks == 1 else 'are'} {of_what}: a test weight would tell"


def _add(out: dict[str, list[Finding]], sensor: str, finding: Finding) -> None:
    out.setdefault(sensor, []).append(finding)


def _sources(out: dict[str, list[Finding]], sources: SourceHealth, now_ns: int, store: Store) -> None:
    for row in np.flatnonzero(sources.silent.on).tolist():
        last_ns = int(sources.last_ns[row])
        text = f"has said nothing for {_seconds(now_ns - last_ns)}" if last_ns else "has never spoken"
        _add(out, sources.name[row], Finding("is silent", DOWN, text, last_ns or sources.begun_ns))
    for src, (state, text) in sorted(sources.says.items()):
        _add(
            out,
            src,
            Finding(
                f"calls itself {state}", state, f"says it is {state}: {text}" if text else f"says it is {state}", now_ns
            ),
        )


def _plates(
    out: dict[str, list[Finding]], plates: PlateHealth, levels: Levels, now_ns: int, store: Store, config: HealthConfig
) -> None:
    names = store.plates.plate_id
    for row in np.flatnonzero(plates.silent.on).tolist():
        if store.plates.controller[row] not in out:
            last_ns = int(levels.last_ns[row])
            text = f"has shown nothing for {_seconds(now_ns - last_ns)}" if last_ns else "has never shown anything"
            _add(out, names[row], Finding("shows nothing", DOWN, text, last_ns))
    for row in np.flatnonzero(plates.still.on).tolist():
        since = int(plates.repeats.since_ns[row])
        (shown_g,), _ = last_of(levels.history, row)
        text = f"has shown {float(shown_g[-1]):.1f} g to the last bit for {_seconds(now_ns - since)}"
        _add(out, names[row], Finding("stands still", DOWN, text, since))
    for row in np.flatnonzero(plates.noisy.on | plates.blind.on).tolist():
        text = f"is too noisy to weigh what stands on it, {float(plates.noise_g[row]):.1f} g"
        alarms = plates.blind if plates.blind.on[row] else plates.noisy
        state = DOWN if plates.blind.on[row] else DEGRADED
        _add(out, names[row], Finding("is noisy", state, text, int(alarms.began_ns[row])))
    for row in np.flatnonzero(plates.spiking.on).tolist():
        text = f"throws spikes of up to {float(plates.spike_g[row]):.0f} g"
        since = _began(plates.spiking, row, config.spike_memory_s)
        _add(out, names[row], Finding("throws spikes", DEGRADED, text, since))
    for row in np.flatnonzero(plates.drifting.on).tolist():
        text = f"drifts by {float(plates.rate[row]):+.1f} g a second"
        _add(out, names[row], Finding("drifts", DEGRADED, text, _began(plates.drifting, row, config.drift_s)))


def _cameras(
    out: dict[str, list[Finding]], cameras: CameraHealth, now_ns: int, store: Store, config: HealthConfig
) -> None:
    turn, _ = turns(cameras, config)
    for row, name in enumerate(store.cameras.camera_id):
        if name in out and cameras.silent.on[row]:
            continue
        if cameras.frozen.on[row]:
            since = int(cameras.repeats_ns[row]) or int(cameras.frozen.began_ns[row])
            text = f"has shown the same picture for {_seconds(now_ns - since)}"
            _add(out, name, Finding("shows the same picture", DOWN, text, since))
        if cameras.blind.on[row]:
            text = "finds nobody of those whom others see walk through its picture"
            _add(out, name, Finding("misses everybody", DOWN, text, int(cameras.blind.began_ns[row])))
        if cameras.turned.on[row]:
            text = f"is turned by {float(np.rad2deg(np.linalg.norm(turn[row]))):.1f} degrees against the other cameras"
            _add(out, name, Finding("is turned", DEGRADED, text, int(cameras.turned.began_ns[row])))


def _began(alarms: Alarms, row: int, memory_s: float) -> int:
    """Return when what raised an alarm may have begun."""
    return max(0, int(alarms.began_ns[row]) - int(memory_s * SECOND_NS))


def _seconds(ns: int) -> str:
    return f"{ns / SECOND_NS:.0f} s"

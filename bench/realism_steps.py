"""Steps in traces of load plates: where goods were taken or put, and the shape of each."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.realism_measures import BLOCK, blocks
from bench.realism_traces import HZ, Traces
from fusion.arrays import Floats

STEP_G: Final = 100.0  # smaller ones drown their shape in noise
NEAR: Final = 3  # blocks left out at each side of a step
FAR: Final = 11  # blocks from it to the end of what the level is taken from
BEFORE, AFTER = 60, 240  # samples shown of a step
RING: Final = 30  # samples in which overshoot is sought
EARLY: Final = (20, 60)  # samples after a step between which its creep is counted from
LATE: Final = (180, 240)


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Changes of level that stayed, m of them."""

    column: tuple[int, ...]  # of the traces
    delta_g: Floats  # (m,)
    shape: Floats  # (m, BEFORE + AFTER) share of the step, half of it passed at BEFORE
    rise_s: Floats  # (m,) from 10 to 90 %
    press: Floats  # (m,) share, against the step in the second before
    overshoot: Floats  # (m,) share, beyond the new level and the swing that noise makes there
    creep: Floats  # (m,) share, from half a second to 3.5 s after
    crossed: Floats  # (2m or fewer,) share felt by the plates beside it


def steps_of(traces: Traces) -> Steps:
    """Find all steps with a quiet second before and four after them."""
    found = [(column, at) for column in range(traces.g.shape[1]) for at in _moments(traces.g[:, column])]
    shapes, deltas = [], []
    for column, at in found:
        shape, delta = _normal(traces.g[:, column], at)
        shapes.append(shape)
        deltas.append(delta)
    shape = np.array(shapes).reshape(-1, BEFORE + AFTER)
    quiet_sd = shape[:, BEFORE + RING : BEFORE + 2 * RING].std(axis=1)
    return Steps(
        column=tuple(column for column, _ in found),
        delta_g=np.array(deltas),
        shape=shape,
        rise_s=np.array([_rise_s(one) for one in shape]),
        press=np.maximum(0.0, -shape[:, :BEFORE].min(axis=1, initial=0.0)),
        overshoot=np.maximum(0.0, shape[:, BEFORE : BEFORE + RING].max(axis=1, initial=1.0) - 1.0 - 2.0 * quiet_sd),
        creep=_mean(shape, LATE) - _mean(shape, EARLY),
        crossed=_crossed(traces, found, deltas),
    )


def _moments(g: Floats) -> list[int]:
    """Return the samples at which the level of one plate jumps."""
    means = blocks(g[:, None])[:, 0]
    if means.size <= 2 * FAR:
        return []
    spans = np.lib.stride_tricks.sliding_window_view(means, FAR - NEAR)
    levels = np.median(spans, axis=1)
    gap = FAR + NEAR  # from the start of the stretch before a step to the start of the one after it
    jump = np.abs(levels[gap:] - levels[:-gap])
    found = []
    for block in np.flatnonzero(jump > STEP_G):
        near = jump[max(0, block - FAR) : block + FAR + 1]
        if jump[block] == near.max() and not (found and block - found[-1] < FAR):
            found.append(int(block))
    moments = [_half_way(g, block, levels[block], levels[block + gap]) for block in found]
    return [at for at in moments if BEFORE <= at <= g.size - AFTER and _stays(g, at)]


def _half_way(g: Floats, block: int, before: float, after: float) -> int:
    """Return the sample at which a plate passes for the last time half way from one level to the next."""
    first, last = (block + FAR - 2 * NEAR) * BLOCK, (block + FAR + 2 * NEAR) * BLOCK
    passed = np.abs(g[first:last] - before) < np.abs(g[first:last] - after)
    return first + int(np.flatnonzero(passed)[-1] if passed.any() else 0) + 1


def _stays(g: Floats, at: int) -> bool:
    """Tell whether the level holds until the shape ends: no second step follows."""
    early, late = (np.median(g[at + low : at + high]) for low, high in (EARLY, LATE))
    before = np.median(g[at - BEFORE : at - BEFORE // 3])
    return bool(abs(late - early) < 0.1 * abs(early - before))


def _normal(g: Floats, at: int) -> tuple[Floats, float]:
    before, after = np.median(g[at - BEFORE : at - BEFORE // 3]), np.median(g[at + EARLY[0] : at + EARLY[1]])
    return (g[at - BEFORE : at + AFTER] - before) / (after - before), float(after - before)


def _rise_s(shape: Floats) -> float:
    low = np.flatnonzero(shape[:BEFORE] < 0.1)[-1] if (shape[:BEFORE] < 0.1).any() else 0
    high = np.flatnonzero(shape[low:] > 0.9)
    return float(high[0] if high.size else shape.size) / HZ


def _crossed(traces: Traces, found: list[tuple[int, int]], deltas: list[float]) -> Floats:
    """Return which share of a step plates beside it lost or gained, where they had no package of their own."""
    shares = []
    for (column, at), delta in zip(found, deltas, strict=True):
        for other in (column - 1, column + 1):
            if 0 <= other < len(traces.shelf) and traces.shelf[other] == traces.shelf[column]:
                own = traces.g[at - BEFORE : at + EARLY[1], other]
                share = float(own[BEFORE + EARLY[0] :].mean() - own[: BEFORE // 2].mean()) / delta
                if abs(share) < 0.04:
                    shares.append(share)
    return np.array(shares)


def _mean(shape: Floats, between: tuple[int, int]) -> Floats:
    means: Floats = shape[:, BEFORE + between[0] : BEFORE + between[1]].mean(axis=1)
    return means

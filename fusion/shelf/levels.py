"""Level filter and change detection over all plates of a controller at once."""

from dataclasses import dataclass, field, fields

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from fusion.config import SECOND_NS, ShelfConfig
from fusion.messages import Plates
from fusion.shelf import slow
from fusion.shelf.slow import Slow
from fusion.store import Store

HISTORY = 40  # blocks remembered to find the moment of a step
RECENT = 5  # blocks whose mean is the level of now
DARK_S = 3  # a plate that was still for so long is dead or stuck


@dataclass(slots=True, eq=False)
class Levels:
    """One row a plate, in the store's plate order. Written only while observe_plates makes the next one."""

    level_g: Floats  # (p,) mean of the last quiet stretch; NaN before there was one
    level_blocks: Ints  # (p,) blocks in it
    noise_var: Floats  # (p,) g2, of one block about its level
    noise_blocks: Floats  # (p,) weight of that estimate
    disturbed: Bools  # (p,)
    onset_ns: Ints  # (p,) start of the disturbance
    quiet_g: Floats  # (p,) mean of the quiet run inside a disturbance
    quiet_blocks: Ints  # (p,)
    last_ns: Ints  # (p,) middle of the last block
    last_seq: Ints  # (p,) of the last batch; a smaller one after it means a restart
    history_g: Floats  # (p, HISTORY) latest last
    history_ns: Ints  # (p, HISTORY)
    slow: Slow  # levels of the last seconds


COLUMNS = tuple(f.name for f in fields(Levels) if f.name != "slow")


Trace = tuple[tuple[int, float], ...]  # (t_ns, g) of one plate, block by block


@dataclass(frozen=True, slots=True)
class PlateChange:
    """One plate went from one level to another."""

    plate: int  # row in the store's plates
    onset_ns: int
    step_ns: int  # when the level was crossed for the last time
    settled_ns: int
    before_g: float
    after_g: float
    var: float  # g2, of after - before
    is_slow: bool = False  # it went by as noise: its moment is known to a second or two
    trace: Trace = field(default=(), compare=False, repr=False)  # what led up to it: to look at, not to decide by


def empty_levels(store: Store, config: ShelfConfig) -> Levels:
    """Return the state before the first sample."""
    p = len(store.plates.plate_id)
    return Levels(
        level_g=np.full(p, np.nan),
        level_blocks=np.zeros(p, np.int64),
        noise_var=np.full(p, config.noise_sd_g**2),
        noise_blocks=np.full(p, 4.0),
        disturbed=np.zeros(p, np.bool_),
        onset_ns=np.zeros(p, np.int64),
        quiet_g=np.zeros(p),
        quiet_blocks=np.zeros(p, np.int64),
        last_ns=np.zeros(p, np.int64),
        last_seq=np.full(p, -1),
        history_g=np.full((p, HISTORY), np.nan),
        history_ns=np.zeros((p, HISTORY), np.int64),
        slow=slow.no_levels(p, config),
    )


def observe_plates(
    levels: Levels, message: Plates, rows: Ints, config: ShelfConfig
) -> tuple[Levels, tuple[PlateChange, ...]]:
    """Take one batch; rows (ch,) are the store's plates by channel, -1 where the store knows none."""
    known = np.flatnonzero(rows >= 0)
    rows = rows[known]
    out = Levels(slow=levels.slow, **{name: getattr(levels, name).copy() for name in COLUMNS})
    changes: list[PlateChange] = []
    samples = message.g[:, known].astype(np.float64)
    if len(rows) and message.seq < out.last_seq[rows[0]]:
        # A restarted controller has a new zero: what happened meanwhile cannot be read from it.
        out.level_g[rows] = np.nan
        out.disturbed[rows] = False
        out.slow = slow.changed(out.slow, rows, message.t_ns, out.level_g[rows], out.noise_var[rows])
    out.last_seq[rows] = message.seq
    for start, end in _blocks(len(samples), config.block):
        block = _robust_mean(samples[start:end])
        t_ns = message.t_ns + start * message.dt_ns + ((end - start) * message.dt_ns) // 2
        live = np.isfinite(block) & (t_ns > out.last_ns[rows])
        changes += _observe_block(out, rows[live], block[live], t_ns, config)
    return out, tuple(changes)


def _blocks(n: int, block: int) -> list[tuple[int, int]]:
    """Cut n samples into blocks, [start, end) each: no sample is left over, the last block takes what is too few."""
    starts = range(0, max(block, n // block * block), block)
    return [(start, n if start == starts[-1] else start + block) for start in starts] if n else []


def _robust_mean(samples: Floats) -> Floats:
    """Mean of the middle samples per plate: one spike in a block is no evidence. samples (n, ch) -> (ch,)."""
    ranked = np.sort(samples, axis=0)
    return np.asarray(ranked[1:-1].mean(axis=0) if len(ranked) > 2 else ranked.mean(axis=0))


def _observe_block(out: Levels, rows: Ints, block: Floats, t_ns: int, config: ShelfConfig) -> list[PlateChange]:
    """Advance the given plates by one block, writing into out."""
    out.history_g[rows, :-1] = out.history_g[rows, 1:]
    out.history_ns[rows, :-1] = out.history_ns[rows, 1:]
    out.history_g[rows, -1] = block
    out.history_ns[rows, -1] = t_ns
    out.last_ns[rows] = t_ns
    fresh = np.isnan(out.level_g[rows])
    out.level_g[rows[fresh]] = block[fresh]
    out.level_blocks[rows[fresh]] = 1
    sd = np.sqrt(np.maximum(out.noise_var[rows], config.noise_sd_g_min**2))
    off = block - out.level_g[rows]
    disturbed = out.disturbed[rows]
    # A young noise estimate is wide: better a late noise figure than a false disturbance.
    wide = config.disturbed_sds * sd * np.sqrt(1 + 8 / out.noise_blocks[rows])
    starts = ~disturbed & (np.abs(off) > wide)
    calm = ~disturbed & ~starts
    _learn(out, rows[calm], off[calm], config)
    out.disturbed[rows[starts]] = True
    out.onset_ns[rows[starts]] = t_ns
    out.quiet_blocks[rows[starts]] = 0
    changes = _settle(out, rows[disturbed | starts], block[disturbed | starts], t_ns, config)
    if slow.is_due(out.slow, rows, t_ns):
        changes += _slow_changes(out, rows, t_ns, config)
    return changes


def _slow_changes(out: Levels, rows: Ints, t_ns: int, config: ShelfConfig) -> list[PlateChange]:
    """End the changes that went by as noise: the level has slid to where it is now."""
    resting = ~out.disturbed[rows] & (out.level_blocks[rows] >= RECENT)
    means = np.where(resting, out.history_g[rows, -RECENT:].mean(axis=1), np.nan)
    out.slow = slow.remembered(out.slow, rows, means, out.noise_var[rows], t_ns)
    rest_var = out.history_g[rows, -2 * RECENT :].var(axis=1, ddof=1)
    over, before_g, now_g, noise = slow.gone(out.slow, rows, out.noise_var[rows], rest_var, t_ns, config)
    changes = []
    for i in np.flatnonzero(over).tolist():
        row, before, after = int(rows[i]), float(before_g[i]), float(now_g[i])
        step_ns = slow.step_of(out.slow, row, after, after - before)
        var = float(slow.difference_var(noise[i], config))
        changes.append(PlateChange(row, step_ns, step_ns, t_ns, before, after, var, True, trace_of(out, row)))
    went = rows[over]
    out.level_g[went] = now_g[over]
    out.level_blocks[went] = RECENT
    out.slow = slow.changed(out.slow, went, t_ns, out.level_g[went], out.noise_var[went])
    return changes


def _learn(out: Levels, rows: Ints, off: Floats, config: ShelfConfig) -> None:
    """Quiet blocks sharpen level and noise, both with a bounded memory."""
    n = out.level_blocks[rows]
    out.level_g[rows] += off / np.minimum(n + 1, config.level_blocks_max)
    out.level_blocks[rows] = np.minimum(n + 1, config.level_blocks_max)
    w = np.minimum(out.noise_blocks[rows] + 1, config.noise_blocks)
    # Light touches stay below the start of a disturbance; they must not teach the plate that it is noisy.
    usual = np.minimum(off**2 * n / (n + 1), 9.0 * np.maximum(out.noise_var[rows], config.noise_sd_g_min**2))
    out.noise_var[rows] += (usual - out.noise_var[rows]) / w
    out.noise_blocks[rows] = w


def _settle(out: Levels, rows: Ints, block: Floats, t_ns: int, config: ShelfConfig) -> list[PlateChange]:
    """Grow or restart the quiet run of disturbed plates, and end disturbances that have settled."""
    sd = np.sqrt(np.maximum(out.noise_var[rows], config.noise_sd_g_min**2))
    n = out.quiet_blocks[rows]
    joins = (n > 0) & (np.abs(block - out.quiet_g[rows]) <= 4.0 * sd)
    out.quiet_g[rows] = np.where(joins, out.quiet_g[rows] + (block - out.quiet_g[rows]) / (n + 1), block)
    out.quiet_blocks[rows] = np.where(joins, n + 1, 1)
    endless = t_ns - out.onset_ns[rows] > config.disturbed_s_max * SECOND_NS
    # Never quiet: the plate is noisier than believed. Its noise is learned anew from what it does now.
    out.noise_var[rows[endless]] *= 4.0
    out.onset_ns[rows[endless]] = t_ns
    settled = rows[out.quiet_blocks[rows] >= config.settle_blocks]
    changes = [c for row in settled.tolist() if (c := _change(out, row, t_ns, config)) is not None]
    out.level_g[settled] = out.quiet_g[settled]
    out.level_blocks[settled] = out.quiet_blocks[settled]
    out.disturbed[settled] = False
    went = np.array([change.plate for change in changes], np.int64)
    out.slow = slow.changed(out.slow, went, t_ns, out.level_g[went], out.noise_var[went])
    return changes


def _change(out: Levels, row: int, t_ns: int, config: ShelfConfig) -> PlateChange | None:
    """Return the change a settled plate went through, or None if noise explains it."""
    before, after = float(out.level_g[row]), float(out.quiet_g[row])
    # Noise of real plates wanders: more than three blocks do not make a mean more certain.
    blocks = 1 / min(3, int(out.level_blocks[row])) + 1 / min(3, int(out.quiet_blocks[row]))
    lasted_s = (t_ns - int(out.onset_ns[row])) / SECOND_NS
    noise = max(float(out.noise_var[row]), config.noise_sd_g_min**2)
    var = noise * blocks + slow.drift_var(lasted_s, config)
    if abs(after - before) <= config.change_sds * np.sqrt(var):
        return None
    (ago,), (ago_var,) = slow.while_ago(out.slow, np.array([row]), t_ns, config)
    if abs(before - ago) > config.change_sds * np.sqrt(slow.difference_var(np.fmin(noise, ago_var), config)):
        before = float(ago)  # it had begun to go as noise
    return _went(out, row, t_ns, before, after, var, int(out.onset_ns[row]))


def _went(out: Levels, row: int, t_ns: int, before: float, after: float, var: float, onset_ns: int) -> PlateChange:
    """Return a change between two levels, its moment taken from what the plate showed meanwhile."""
    away = np.abs(out.history_g[row] - after) > 0.5 * abs(after - before)
    away &= out.history_ns[row] > 0
    last = int(np.flatnonzero(away)[-1]) if away.any() else HISTORY - 1
    step_ns = int(out.history_ns[row, last])
    onset_ns = min(onset_ns, step_ns)
    return PlateChange(row, onset_ns, step_ns, t_ns, before, after, float(var), trace=trace_of(out, row))


def dark_plates(levels: Levels, now_ns: int) -> Ints:
    """Return the plates that say nothing: no sample for seconds, or the same to the last bit, as no live cell does."""
    said = levels.history_ns > now_ns - DARK_S * SECOND_NS
    most = np.where(said, levels.history_g, -np.inf).max(axis=1)
    least = np.where(said, levels.history_g, np.inf).min(axis=1)
    return np.flatnonzero((most <= least) & (said.sum(axis=1) != 1))


def trace_of(levels: Levels, row: int) -> Trace:
    """Return what a plate showed over the last seconds."""
    t_ns, g = levels.history_ns[row], levels.history_g[row]
    shown = (t_ns > 0) & np.isfinite(g)
    return tuple(zip(t_ns[shown].tolist(), g[shown].tolist(), strict=True))

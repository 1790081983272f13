"""The level filter, block by block, plate by plate. Compiled; levels.py is its caller and says what it means.

The pass over a slice's batches stops wherever something rare has to be done that is not compiled: after a block in
which a disturbance has settled with a change, or a plate is found to have gone to another level as noise. Its caller
does that and lets it go on from there.

Columns are taken from the table once, and what is done to one plate are functions of numbers: to hand arrays from one
compiled function to another costs more than the arithmetic of a block.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints, Singles
from fusion.shelf.means import robust_means
from fusion.shelf.slow import Pace, look_at

SWINGS = 30  # differences of blocks that tell a noise
CHI2_MEDIAN = 0.4549  # of chi-squared with one degree of freedom

DONE, SETTLED, DUE, SLID = 0, 1, 2, 3  # all batches are taken; a block has changed plates; and it is time to look for
# slow changes; that has been looked for, and there are some


class Table(NamedTuple):
    """The columns of Levels and, of Slow, what the pass looks at and writes; see there."""

    level_g: Floats
    level_blocks: Ints
    noise_var: Floats
    noise_blocks: Floats
    disturbed: Bools
    onset_ns: Ints
    quiet_g: Floats
    quiet_blocks: Ints
    last_ns: Ints
    last_seq: Ints
    history_g: Floats  # (p, width), with room for the blocks to come
    history_ns: Ints
    history_end: Ints
    history_written: Ints
    slow_g: Floats  # (p, width)
    slow_var: Floats
    slow_ns: Ints
    slow_end: Ints
    slow_written: Ints
    since_ns: Ints
    since_g: Floats
    since_var: Floats


class Rules(NamedTuple):
    """What the pass needs of ShelfConfig; see there."""

    block: int
    noise_var_min: float  # g2
    disturbed_sds: float
    level_blocks_max: int
    noise_blocks: float
    disturbed_ns_max: float
    settle_blocks: int
    change_sds: float
    drift_var_per_s: float  # g2
    every_ns: int  # between two looks at slow changes
    pace: Pace  # of these


class Flow(NamedTuple):
    """Where the pass is, and what it found where it stopped."""

    at: Ints  # (4,) batch; block to be taken next; how many plates have changed, and how many were live
    t_ns: Ints  # (1,) the middle of the last block
    settled: Ints  # (most channels,) plates
    settled_var: Floats  # (most channels,) g2, of what they changed by
    live: Ints  # (most channels,) plates that had a block
    over: Bools  # (most channels,) as slow.look returns them
    before_g: Floats
    after_g: Floats
    gone_var: Floats
    noise_var: Floats  # (R,) per channel, as it was once its batch was taken
    disturbed: Bools  # (R,) likewise


@njit(cache=True, error_model="numpy")
def follow(
    table: Table,
    rules: Rules,
    flow: Flow,
    seq: Ints,
    t_ns: Ints,
    dt_ns: Ints,
    first: Ints,
    begin: Ints,
    rows: Ints,
    g: Singles,
) -> int:
    """Take batches from where the pass is until one of DONE, SETTLED, DUE, SLID; columns of Batches behind flow."""
    batch, block = flow.at[0], flow.at[1]
    level_g, level_blocks, noise_var, noise_blocks = (
        table.level_g,
        table.level_blocks,
        table.noise_var,
        table.noise_blocks,
    )
    disturbed, onset_ns, quiet_g, quiet_blocks = table.disturbed, table.onset_ns, table.quiet_g, table.quiet_blocks
    last_ns, history_g, history_ns, history_end = table.last_ns, table.history_g, table.history_ns, table.history_end
    scratch, means = np.empty(2 * rules.block), np.empty(len(flow.live))
    while batch < len(seq):
        mine = rows[first[batch] : first[batch + 1]]
        ch = len(mine)
        samples = g[begin[batch] : begin[batch + 1]]
        n = len(samples) // max(ch, 1)
        blocks = max(n // rules.block, min(n, 1))
        if block == 0:
            _begin(table, mine, seq[batch], t_ns[batch])
        while block < blocks:
            start = block * rules.block
            end = n if block == blocks - 1 else start + rules.block
            middle = t_ns[batch] + start * dt_ns[batch] + ((end - start) * dt_ns[batch]) // 2
            block += 1
            settled, live = 0, 0
            few = max(1.0, rules.block / (end - start))
            robust_means(samples, ch, start, end, means, scratch)
            for c in range(ch):
                row, mean = mine[c], means[c]
                if row < 0 or middle <= last_ns[row] or not np.isfinite(mean):
                    continue
                flow.live[live] = row
                live += 1
                at = history_end[row]
                history_g[row, at], history_ns[row, at] = mean, middle
                history_end[row] = table.history_written[row] = at + 1
                last_ns[row] = middle
                if np.isnan(level_g[row]):
                    level_g[row], level_blocks[row] = mean, 1
                var = max(noise_var[row], rules.noise_var_min)
                sd = np.sqrt(var)
                if not disturbed[row]:
                    off = mean - level_g[row]
                    # A young noise estimate is wide, of few samples a block all the more: better a late noise figure
                    # than a false disturbance.
                    wide = rules.disturbed_sds * sd * np.sqrt(1 + 8 * few / noise_blocks[row])
                    if not abs(off) > wide:
                        level_g[row], level_blocks[row], noise_var[row], noise_blocks[row] = _learned(
                            level_g[row], level_blocks[row], noise_var[row], noise_blocks[row], off, var,
                            rules.level_blocks_max, rules.noise_blocks,
                        )  # fmt: skip
                        continue
                    disturbed[row], onset_ns[row], quiet_blocks[row] = True, middle, 0
                quiet_g[row], quiet_blocks[row] = _quieter(quiet_g[row], quiet_blocks[row], mean, sd)
                if float(middle - onset_ns[row]) > rules.disturbed_ns_max:
                    # Never quiet: the plate is noisier than believed. Its noise is learned anew from what it does now.
                    noise_var[row] = max(4.0 * noise_var[row], swing_var(history_g[row, : at + 1]))
                    onset_ns[row] = middle
                if quiet_blocks[row] < rules.settle_blocks:
                    continue
                var = change_var(
                    noise_var[row], level_blocks[row], quiet_blocks[row], middle - onset_ns[row], rules.noise_var_min,
                    rules.drift_var_per_s,
                )  # fmt: skip
                if abs(quiet_g[row] - level_g[row]) <= rules.change_sds * np.sqrt(var):  # noise explains it
                    level_g[row], level_blocks[row], disturbed[row] = quiet_g[row], quiet_blocks[row], False
                else:
                    flow.settled[settled], flow.settled_var[settled] = row, var
                    settled += 1
            due = live > 0 and middle - _last_slow_ns(table, flow.live[0]) >= rules.every_ns
            slid = False
            if due and not settled:
                slid = look_at(
                    table.slow_g, table.slow_var, table.slow_ns, table.slow_end, table.slow_written, table.since_ns,
                    table.since_g, table.since_var, flow.live[:live], disturbed, level_blocks, noise_var, history_g,
                    history_end, middle, rules.pace, flow.over, flow.before_g, flow.after_g, flow.gone_var,
                )  # fmt: skip
            if settled or slid:
                flow.at[0], flow.at[1], flow.at[2], flow.at[3] = batch, block, settled, live
                flow.t_ns[0] = middle
                return SLID if slid else DUE if due else SETTLED
        for c in range(ch):
            row = mine[c]
            if row >= 0:
                flow.noise_var[first[batch] + c] = noise_var[row]
                flow.disturbed[first[batch] + c] = disturbed[row]
        batch, block = batch + 1, 0
    flow.at[0], flow.at[1] = batch, 0
    return DONE


@njit(cache=True, error_model="numpy")
def _last_slow_ns(table: Table, row: int) -> int:
    return int(table.slow_ns[row, table.slow_end[row] - 1])


@njit(cache=True, error_model="numpy")
def _begin(table: Table, rows: Ints, seq: int, t_ns: int) -> None:
    """A restarted controller has a new zero: what happened meanwhile cannot be read from it."""
    restarted, asked = False, False
    for row in rows:
        if row < 0:
            continue
        if not asked:
            restarted, asked = seq < table.last_seq[row], True
        if restarted:
            table.level_g[row] = np.nan
            table.disturbed[row] = False
            table.since_ns[row], table.since_g[row], table.since_var[row] = t_ns, np.nan, table.noise_var[row]
        table.last_seq[row] = seq


@njit(cache=True, error_model="numpy")
def _learned(
    level_g: float,
    n: int,
    noise_var: float,
    noise_blocks: float,
    off: float,
    var: float,
    level_blocks_max: int,
    noise_blocks_max: float,
) -> tuple[float, int, float, float]:
    """Return level, its blocks, noise and its blocks after a quiet block that is off by so much; memory is bounded."""
    more, weight = min(n + 1, level_blocks_max), min(noise_blocks + 1, noise_blocks_max)
    # Light touches stay below the start of a disturbance; they must not teach the plate that it is noisy.
    usual = min(off * off * n / (n + 1), 9.0 * var)
    return level_g + off / more, more, noise_var + (usual - noise_var) / weight, weight


@njit(cache=True, error_model="numpy")
def _quieter(quiet_g: float, n: int, block_g: float, sd: float) -> tuple[float, int]:
    """Return the quiet run of a disturbed plate and its blocks after one more: it grows, or begins anew."""
    if n > 0 and abs(block_g - quiet_g) <= 4.0 * sd:
        return quiet_g + (block_g - quiet_g) / (n + 1), n + 1
    return block_g, 1


@njit(cache=True, error_model="numpy")
def swing_var(g: Floats) -> float:
    """Return the variance, g2, of a block by how the last ones, of g (k,), differ from one to the next; 0 for a few.

    The median difference: goods that come and go, and a level that wanders, hardly change it.
    """
    squares = np.diff(g[-SWINGS - 1 :]) ** 2
    squares = squares[np.isfinite(squares)]
    return float(np.median(squares)) / (2.0 * CHI2_MEDIAN) if len(squares) >= SWINGS // 2 else 0.0


@njit(cache=True, error_model="numpy")
def change_var(
    noise_var: float, level_blocks: int, quiet_blocks: int, lasted_ns: int, noise_var_min: float, drift_var_per_s: float
) -> float:
    """Return the variance, g2, of the difference of a plate's level and the quiet run that has just ended."""
    # Noise of real plates wanders: more than three blocks do not make a mean more certain.
    blocks = 1 / min(3, level_blocks) + 1 / min(3, quiet_blocks)
    return float(max(noise_var, noise_var_min) * blocks + drift_var_per_s * (lasted_ns / 1e9))

"""The level filter, block by block, plate by plate. Compiled; levels.py is its caller and says what it means.

The pass over a slice's batches stops wherever something rare has to be done that is not compiled: after a block in
which a disturbance has settled, or when levels are to be compared with those of a while ago. Its caller does that and
lets it go on from there.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints, Singles

DONE, STOPPED, DUE = 0, 1, 2  # all batches are taken; a block has settled plates; and it is time for slow changes


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
    slow_ns: Ints  # (p, width)
    slow_end: Ints
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
    every_ns: int  # between two looks at slow changes


class Flow(NamedTuple):
    """Where the pass is, and what it found where it stopped."""

    at: Ints  # (4,) batch; block to be taken next; how many plates have settled, and how many were live
    t_ns: Ints  # (1,) the middle of the last block
    settled: Ints  # (most channels,) plates
    live: Ints  # (most channels,) plates that had a block
    noise_var: Floats  # (R,) per channel, as it was once its batch was taken
    disturbed: Bools  # (R,) likewise


@njit(cache=True)
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
    """Take batches from where the pass is until one of DONE, STOPPED, DUE; columns of Batches behind flow."""
    batch, block = flow.at[0], flow.at[1]
    scratch = np.empty(2 * rules.block)
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
            for c in range(ch):
                row = mine[c]
                if row < 0 or middle <= table.last_ns[row]:
                    continue
                mean = _robust_mean(samples, ch, c, start, end, scratch)
                if not np.isfinite(mean):
                    continue
                flow.live[live] = row
                live += 1
                if _observe(table, rules, row, mean, middle):
                    flow.settled[settled] = row
                    settled += 1
            due = live > 0 and middle - _last_slow_ns(table, flow.live[0]) >= rules.every_ns
            if settled or due:
                flow.at[0], flow.at[1], flow.at[2], flow.at[3] = batch, block, settled, live
                flow.t_ns[0] = middle
                return DUE if due else STOPPED
        for c in range(ch):
            row = mine[c]
            if row >= 0:
                flow.noise_var[first[batch] + c] = table.noise_var[row]
                flow.disturbed[first[batch] + c] = table.disturbed[row]
        batch, block = batch + 1, 0
    flow.at[0], flow.at[1] = batch, 0
    return DONE


@njit(cache=True)
def _last_slow_ns(table: Table, row: int) -> int:
    return int(table.slow_ns[row, table.slow_end[row] - 1])


@njit(cache=True)
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


@njit(cache=True)
def _robust_mean(samples: Singles, ch: int, c: int, start: int, end: int, scratch: Floats) -> float:
    """Return the mean of a channel's middle samples: one spike in a block is no evidence. NaN counts as the largest."""
    n = end - start
    for k in range(n):
        one = float(samples[(start + k) * ch + c])
        at = k
        while at > 0 and (scratch[at - 1] > one or (np.isnan(scratch[at - 1]) and not np.isnan(one))):
            scratch[at] = scratch[at - 1]
            at -= 1
        scratch[at] = one
    low, high = (1, n - 1) if n > 2 else (0, n)
    total = 0.0
    for k in range(low, high):
        total += scratch[k]
    return total / (high - low)


@njit(cache=True)
def _observe(table: Table, rules: Rules, row: int, block_g: float, t_ns: int) -> bool:
    """Advance one plate by a block; return whether a disturbance of it has settled."""
    end = table.history_end[row]
    table.history_g[row, end], table.history_ns[row, end] = block_g, t_ns
    table.history_end[row] = table.history_written[row] = end + 1
    table.last_ns[row] = t_ns
    if np.isnan(table.level_g[row]):
        table.level_g[row], table.level_blocks[row] = block_g, 1
    noise_var = max(table.noise_var[row], rules.noise_var_min)
    sd = np.sqrt(noise_var)
    if not table.disturbed[row]:
        off = block_g - table.level_g[row]
        # A young noise estimate is wide: better a late noise figure than a false disturbance.
        wide = rules.disturbed_sds * sd * np.sqrt(1 + 8 / table.noise_blocks[row])
        if not abs(off) > wide:
            _learn(table, rules, row, off, noise_var)
            return False
        table.disturbed[row], table.onset_ns[row], table.quiet_blocks[row] = True, t_ns, 0
    return bool(_is_settled(table, rules, row, block_g, sd, t_ns))


@njit(cache=True)
def _learn(table: Table, rules: Rules, row: int, off: float, noise_var: float) -> None:
    """Quiet blocks sharpen level and noise, both with a bounded memory."""
    n = table.level_blocks[row]
    more = min(n + 1, rules.level_blocks_max)
    table.level_g[row] += off / more
    table.level_blocks[row] = more
    weight = min(table.noise_blocks[row] + 1, rules.noise_blocks)
    # Light touches stay below the start of a disturbance; they must not teach the plate that it is noisy.
    usual = min(off * off * n / (n + 1), 9.0 * noise_var)
    table.noise_var[row] += (usual - table.noise_var[row]) / weight
    table.noise_blocks[row] = weight


@njit(cache=True)
def _is_settled(table: Table, rules: Rules, row: int, block_g: float, sd: float, t_ns: int) -> bool:
    """Grow or restart the quiet run of a disturbed plate; return whether it is long enough to be a level."""
    n = table.quiet_blocks[row]
    if n > 0 and abs(block_g - table.quiet_g[row]) <= 4.0 * sd:
        table.quiet_g[row] += (block_g - table.quiet_g[row]) / (n + 1)
        table.quiet_blocks[row] = n + 1
    else:
        table.quiet_g[row], table.quiet_blocks[row] = block_g, 1
    if float(t_ns - table.onset_ns[row]) > rules.disturbed_ns_max:
        # Never quiet: the plate is noisier than believed. Its noise is learned anew from what it does now.
        table.noise_var[row] *= 4.0
        table.onset_ns[row] = t_ns
    return bool(table.quiet_blocks[row] >= rules.settle_blocks)

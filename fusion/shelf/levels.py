"""Level filter and change detection over all plate messages of a slice at once; blocks.py is the compiled part."""

from dataclasses import dataclass, field, fields
from functools import lru_cache

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints
from fusion.config import SECOND_NS, ShelfConfig
from fusion.frozen import record
from fusion.messages import Plates
from fusion.shelf import slow
from fusion.shelf.batches import Batches, batches_of, blocks_most
from fusion.shelf.blocks import DUE, SLID, Flow, Rules, Table, follow, swing_var
from fusion.shelf.slow import Slow
from fusion.shelf.tails import Tail, last, last_of, no_tail, with_room
from fusion.store import Store

HISTORY = 40  # blocks remembered to find the moment of a step
DARK_S = 3  # a plate that was still for so long is dead or stuck
RESTLESS_S = 3  # one that was never quiet for so long is asked by how much it swings


@dataclass(slots=True, eq=False)
class Levels:
    """One row a plate, in the store's plate order. Written only while observe_batches makes the next one."""

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
    history: Tail  # values: g of each block, HISTORY of them
    slow: Slow  # levels of the last seconds


COLUMNS = tuple(f.name for f in fields(Levels) if f.name not in ("history", "slow"))


Trace = tuple[tuple[int, float], ...]  # (t_ns, g) of one plate, block by block


@record()
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
    is_hidden: bool = False  # a hand leaned on the plate: it may be of any moment from its onset to its step
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
        history=no_tail(1, p, HISTORY),
        slow=slow.no_levels(p, config),
    )


def observe_plates(
    levels: Levels, message: Plates, rows: Ints, config: ShelfConfig
) -> tuple[Levels, tuple[PlateChange, ...]]:
    """Take one batch; rows (ch,) are the store's plates by channel, -1 where the store knows none."""
    levels, changes, _ = observe_batches(levels, batches_of([message], [rows]), config)
    return levels, changes[0]


@record(eq=False)
class Noise:
    """What was believed of the plates of each channel once its batch was taken, (R,) as in Batches."""

    var: Floats  # (R,) g2, of one block
    disturbed: Bools  # (R,)


def observe_batches(
    levels: Levels, batches: Batches, config: ShelfConfig
) -> tuple[Levels, tuple[tuple[PlateChange, ...], ...], Noise]:
    """Take all batches of a slice, in their order; return the levels, the changes of each batch, and the noise."""
    out = _thawed(levels, blocks_most(batches, config.block))
    room, most = len(batches.rows), int((batches.first[1:] - batches.first[:-1]).max())
    flow = Flow(
        np.zeros(4, np.int64), np.zeros(1, np.int64), np.empty(most, np.int64), np.empty(most),
        np.empty(most, np.int64), np.empty(most, np.bool_), np.empty(most), np.empty(most), np.empty(most),
        np.zeros(room), np.zeros(room, np.bool_),
    )  # fmt: skip
    changes: list[list[PlateChange]] = [[] for _ in batches.src]
    table, rules = _table(out), _rules(config)
    while stop := follow(
        table, rules, flow, batches.seq, batches.t_ns, batches.dt_ns, batches.first, batches.begin, batches.rows,
        batches.g,
    ):  # fmt: skip
        at, _, settled, live = flow.at.tolist()
        t_ns = int(flow.t_ns[0])
        changes[at] += _settle(out, flow.settled[:settled], flow.settled_var, t_ns, config)
        rows = flow.live[:live]
        if stop == DUE:
            look = out.disturbed, out.level_blocks, out.noise_var, out.history
            changes[at] += _slid(out, rows, slow.look(out.slow, rows, *look, t_ns, config), t_ns)
        elif stop == SLID:
            changes[at] += _slid(out, rows, (flow.over[:live], flow.before_g, flow.after_g, flow.gone_var), t_ns)
    return out, tuple(map(tuple, changes)), Noise(flow.noise_var, flow.disturbed)


def _thawed(levels: Levels, blocks: int) -> Levels:
    """Return a copy to be written, once a slice that has so many blocks of a plate."""
    columns = {name: getattr(levels, name).copy() for name in COLUMNS}
    return Levels(history=with_room(levels.history, blocks), slow=slow.thawed(levels.slow, blocks), **columns)


def _table(out: Levels) -> Table:
    history, ago = out.history, out.slow.tail
    columns = [getattr(out, name) for name in COLUMNS]
    columns += [history.values[0], history.ns, history.end, history.written]
    columns += [ago.values[0], ago.values[1], ago.ns, ago.end, ago.written]
    return Table(*[*columns, out.slow.since_ns, out.slow.since_g, out.slow.since_var])


@lru_cache(maxsize=8)
def _rules(config: ShelfConfig) -> Rules:
    return Rules(
        config.block, config.noise_sd_g_min**2, config.disturbed_sds, config.level_blocks_max, config.noise_blocks,
        float(config.disturbed_s_max * SECOND_NS), config.settle_blocks, config.change_sds,
        config.drift_g_per_sqrt_s**2, slow.EVERY_NS, slow.pace_of(config),
    )  # fmt: skip


def _slid(out: Levels, rows: Ints, looked: tuple[Bools, Floats, Floats, Floats], t_ns: int) -> list[PlateChange]:
    """End the changes that went by as noise, as slow.look finds them: the level has slid to where it is now."""
    at = np.flatnonzero(looked[0])
    if not len(at):
        return []
    went, (before_g, after_g, gone_var) = rows[at], (one[at] for one in looked[1:])
    changes = []
    for row, before, after, var in zip(
        went.tolist(), before_g.tolist(), after_g.tolist(), gone_var.tolist(), strict=True
    ):
        step_ns = slow.step_of(out.slow, row, after, after - before)
        changes.append(
            PlateChange(row, step_ns, step_ns, t_ns, before, after, var, is_slow=True, trace=trace_of(out, row))
        )
    out.level_g[went] = after_g
    out.level_blocks[went] = slow.RECENT
    slow.change(out.slow, went, t_ns, out.level_g[went], out.noise_var[went])
    return changes


def _settle(out: Levels, settled: Ints, var: Floats, t_ns: int, config: ShelfConfig) -> list[PlateChange]:
    """End disturbances that have settled with a change."""
    if not len(settled):
        return []
    each = zip(settled.tolist(), var[: len(settled)].tolist(), strict=True)
    changes = [_change(out, row, one, t_ns, config) for row, one in each]
    out.level_g[settled] = out.quiet_g[settled]
    out.level_blocks[settled] = out.quiet_blocks[settled]
    out.disturbed[settled] = False
    slow.change(out.slow, settled, t_ns, out.level_g[settled], out.noise_var[settled])
    return changes


def _change(out: Levels, row: int, var: float, t_ns: int, config: ShelfConfig) -> PlateChange:
    """Return the change a settled plate went through."""
    before, after = float(out.level_g[row]), float(out.quiet_g[row])
    noise = max(float(out.noise_var[row]), config.noise_sd_g_min**2)
    ago, ago_var = slow.while_ago(out.slow, row, t_ns, config)
    if abs(before - ago) > config.change_sds * np.sqrt(slow.difference_var(np.fmin(noise, ago_var), config)):
        before = ago  # it had begun to go as noise
    return _went(out, row, t_ns, before, after, var, int(out.onset_ns[row]))


def _went(out: Levels, row: int, t_ns: int, before: float, after: float, var: float, onset_ns: int) -> PlateChange:
    """Return a change between two levels, its moment taken from what the plate showed meanwhile."""
    (g,), ns = last_of(out.history, row)
    away = np.abs(g - after) > 0.5 * abs(after - before)
    away &= ns > 0
    at = int(np.flatnonzero(away)[-1]) if away.any() else HISTORY - 1
    step_ns = int(ns[at])
    onset_ns = min(onset_ns, step_ns)
    # A hand that leans on a plate with more than half of what then is gone hides when it went.
    leant = (ns >= onset_ns) & ((g - before) * np.sign(before - after) > 0.5 * abs(after - before))
    hidden = bool(leant.any())
    return PlateChange(
        row, onset_ns, step_ns, t_ns, before, after, float(var), is_hidden=hidden, trace=trace_of(out, row)
    )


def swings(levels: Levels, now_ns: int) -> tuple[Floats, Bools]:
    """Return the variance of a block of each plate, (p,) g2, and of which it is told by what they do now, (p,).

    It is what is believed; of a plate that has not been quiet for seconds, what its blocks differ by.
    """
    restless = np.asarray(levels.disturbed & (now_ns - levels.onset_ns > RESTLESS_S * SECOND_NS))
    out, rows = levels.noise_var.copy(), np.flatnonzero(restless)
    if len(rows):
        (g,), _ = last(levels.history, rows, HISTORY)
        out[rows] = np.maximum(out[rows], [swing_var(one) for one in g])
    return out, restless


def dark_plates(levels: Levels, now_ns: int, among: Ints | None = None) -> Ints:
    """Return the plates that say nothing: no sample for seconds, or the same to the last bit, as no live cell does.

    Asked are some, or all.
    """
    rows = np.arange(len(levels.level_g)) if among is None else among
    history, since_ns = levels.history, now_ns - DARK_S * SECOND_NS
    return np.asarray(rows[_say_nothing(rows, history.values[0], history.ns, history.end, HISTORY, since_ns)])


@njit(cache=True, error_model="numpy")
def _say_nothing(rows: Ints, g: Floats, ns: Ints, end: Ints, kept: int, since_ns: int) -> Bools:
    """Return which of some plates (r,) said nothing after since_ns, or the same twice or more; the others as in Tail.

    Nearly every plate's last two blocks differ: no more of them is looked at.
    """
    out = np.zeros(len(rows), np.bool_)
    for i in range(len(rows)):
        row, said, first, is_same = rows[i], 0, 0.0, True
        for c in range(end[row] - 1, end[row] - kept - 1, -1):
            if ns[row, c] > since_ns:
                said += 1
                first = g[row, c] if said == 1 else first
                is_same = g[row, c] == first  # as NaN never is
            if not is_same:
                break
        out[i] = is_same and said != 1
    return out


def trace_of(levels: Levels, row: int, first_ns: int = 1, last_ns: int = np.iinfo(np.int64).max) -> Trace:
    """Return what a plate showed over the last seconds, from some moment to another."""
    (g,), t_ns = last_of(levels.history, row)
    shown = (t_ns >= first_ns) & (t_ns <= last_ns) & np.isfinite(g)
    return tuple(zip(t_ns[shown].tolist(), g[shown].tolist(), strict=True))

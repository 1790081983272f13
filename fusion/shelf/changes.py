"""Plate changes that belong together become shelf changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter

import numpy as np

from fusion.arrays import Ints
from fusion.config import SECOND_NS, ShelfConfig
from fusion.frozen import replace
from fusion.shelf.beside import company_of_plate, plates_beside
from fusion.shelf.levels import Levels, PlateChange, Trace, trace_of
from fusion.shelf.shares import goods_beside, shares_beside
from fusion.store import Store, facings_of_plate

AGO_S = 16.0  # what was told of a plate so long ago is where a slow change of it begins
TRACE_S = 2.0  # before and after the step


@dataclass(frozen=True, slots=True)
class ShelfChange:
    """Goods moved on or off one shelf at one moment."""

    t0_ns: int
    t1_ns: int
    step_ns: int
    plates: tuple[int, ...]  # rows, sorted
    delta_g: tuple[float, ...]  # per plate, negative when weight went away
    var: tuple[float, ...]  # g2 per plate
    # Plates of the same facings that may hide a share of the same goods: (plate, grams, g2).
    hidden: tuple[tuple[int, float, float], ...] = ()
    # What the plates showed about the step, per plate: to look at, not to decide by.
    trace: tuple[Trace, ...] = field(default=(), compare=False, repr=False)

    @property
    def total_g(self) -> float:
        """Grams over all plates."""
        return sum(self.delta_g)

    @property
    def total_var(self) -> float:
        """Variance of total_g, g2."""
        return sum(self.var)


@dataclass(frozen=True, slots=True)
class Pending:
    """Plate changes that may still get company."""

    changes: tuple[PlateChange, ...] = ()
    told: Mapping[int, PlateChange] = field(default_factory=dict)  # plate -> its last change, as it was told
    share_ns: Mapping[int, int] = field(default_factory=dict)  # plate -> step of the last change it was asked for


def group_changes(
    pending: Pending,
    new: tuple[PlateChange, ...],
    levels: Levels,
    now_ns: int,
    store: Store,
    config: ShelfConfig,
) -> tuple[Pending, tuple[ShelfChange, ...]]:
    """Add new plate changes and return the shelf changes that are complete at now_ns.

    A group closes group_wait_s after it has settled, and waits longer for plates beside it that have been swinging
    since its step: heavy goods ring for seconds, and one plate sooner than the other.
    """
    if not pending.changes and not new:
        return pending, ()
    # What was told of plates grows with the store: it is looked up beside what is new, and copied only to be added to.
    told, news = pending.told, list[PlateChange]()
    known = {c.plate: c for c in pending.changes}
    for each in new:
        added = _went_on(each, known.get(each.plate) or told.get(each.plate), config)
        if added is not None:
            known[each.plate] = added  # the next one of this plate begins where this one ended, told already or not
            news.append(added)
    changes = sorted((*pending.changes, *news), key=_by_step)
    loads = {c.plate: c for c in changes}
    changes = [c for c in changes if not (_is_share(c, pending, config) or _is_pressed(c, loads, told, store, config))]
    changes = _without_plateaus(changes, store, config)
    last = {c.plate: c.step_ns for c in changes}
    of_plate: dict[int, list[PlateChange]] = {}
    for change in changes:
        of_plate.setdefault(change.plate, []).append(change)
    now_told, now_asked = dict[int, PlateChange](), dict[int, int]()
    ready: list[ShelfChange] = []
    waiting: list[PlateChange] = []
    for group in _groups(changes, store, config):
        fresh = now_ns - max(c.settled_ns for c in group) < config.group_wait_s * SECOND_NS
        if fresh or _has_company(group, levels, now_ns, store, config):
            waiting += group
        else:
            sharp = [_sharpened(c, levels) if last[c.plate] == c.step_ns else c for c in group]
            real = [c for c in sharp if abs(c.after_g - c.before_g) > config.change_sds * np.sqrt(c.var)]
            real = _without_cross_talk(real, config)
            if real:
                onset_ns = min(c.onset_ns for c in real)
                beside = [
                    plate
                    for plate in goods_beside(real, store)
                    if all(c in group for c in of_plate.get(plate, ()))  # else it has a change of its own
                    and not _ended_after(onset_ns, now_told.get(plate) or told.get(plate))
                ]
                shares, hidden = shares_beside(real, beside, levels, config)
                whole = _without_cross_talk([*real, *shares], config)
                ready.append(_traced(_shelf_change(whole, hidden), whole, levels))
                now_told |= {c.plate: c for c in whole}
                now_asked |= dict.fromkeys((*(c.plate for c in shares), *(h[0] for h in hidden)), ready[-1].step_ns)
    if ready:
        pending = Pending((), {**told, **now_told}, {**pending.share_ns, **now_asked})
    return replace(pending, changes=tuple(waiting)), tuple(sorted(ready, key=lambda c: (c.step_ns, c.plates)))


_by_step = attrgetter("step_ns", "plate")


def _is_share(change: PlateChange, pending: Pending, config: ShelfConfig) -> bool:
    """Tell whether what went by as noise was counted as a share of what changed beside it."""
    asked_ns = pending.share_ns.get(change.plate)
    return change.is_slow and asked_ns is not None and abs(asked_ns - change.step_ns) < config.slow_step_s * SECOND_NS


def _is_pressed(
    change: PlateChange,
    loads: Mapping[int, PlateChange],
    told: Mapping[int, PlateChange],
    store: Store,
    config: ShelfConfig,
) -> bool:
    """Tell whether a load beside a plate, new or told last, explains its change, seconds late perhaps."""
    near_ns = config.slow_step_s * SECOND_NS
    step_g = abs(change.after_g - change.before_g)
    for plate in plates_beside(store.plates, config.neighbours)[change.plate]:
        load = loads.get(plate) or told.get(plate)
        if load is None or abs(load.step_ns - change.step_ns) >= near_ns:
            continue
        if step_g <= config.cross_talk * abs(load.after_g - load.before_g):
            return True
    return False


def _went_on(change: PlateChange, before: PlateChange | None, config: ShelfConfig) -> PlateChange | None:
    """Return a change that went by as noise as what it adds to what is known of its plate meanwhile, if anything."""
    if not change.is_slow or before is None or change.step_ns - before.step_ns > AGO_S * SECOND_NS:
        return change
    rest = abs(change.after_g - before.after_g)
    return replace(change, before_g=before.after_g) if rest > config.change_sds * np.sqrt(change.var) else None


def _ended_after(onset_ns: int, told: PlateChange | None) -> bool:
    """Tell whether a plate's last change was told while a group went on: that share is counted."""
    return told is not None and told.settled_ns > onset_ns


def _without_plateaus(changes: list[PlateChange], store: Store, config: ShelfConfig) -> list[PlateChange]:
    """Join two changes of one plate with hardly a rest between: a hand that lay there before it took.

    A level between the two that a plate beside reached in the same moment was no hand: two things were taken.
    """
    out: list[PlateChange] = []
    of_plate: dict[int, list[PlateChange]] = {}
    for change in changes:
        mine = of_plate.setdefault(change.plate, [])
        before = mine[-1] if mine else None
        rested = before is None or change.onset_ns - before.settled_ns > config.plateau_s * SECOND_NS
        if before is None or rested or _twice(before, change, changes, store, config):
            out.append(change)
            mine.append(change)
            continue
        out.remove(before)
        mine.pop()
        joined = replace(change, onset_ns=before.onset_ns, before_g=before.before_g, var=max(before.var, change.var))
        if abs(joined.after_g - joined.before_g) > config.change_sds * np.sqrt(joined.var):
            out.append(joined)
            mine.append(joined)
    return out


def _twice(
    first: PlateChange, second: PlateChange, changes: list[PlateChange], store: Store, config: ShelfConfig
) -> bool:
    """Tell whether two steps the same way on one plate are two moves: a plate beside it made the first one too."""
    way = np.sign(first.after_g - first.before_g)
    if np.sign(second.after_g - second.before_g) != way:
        return False
    beside = (c for c in changes if _together(c, first, store, config) and not _together(c, second, store, config))
    return any(np.sign(c.after_g - c.before_g) == way for c in beside)


def _groups(changes: list[PlateChange], store: Store, config: ShelfConfig) -> list[list[PlateChange]]:
    """Split into connected groups of neighbours in space and time.

    A plate that moved twice in one move did not: a change joins only groups that its plate is not in, and that have no
    plate in common. One whose moment is known only roughly joins no second group.
    """
    company = company_of_plate(store.plates, store.facings, config.neighbours)
    groups: dict[int, list[int]] = {}  # by the latest change that joined it
    group_of: list[int] = []
    on_plate: dict[int, list[int]] = {}
    for row, change in enumerate(changes):
        near = (other for plate in company[change.plate] for other in on_plate.get(plate, ()))
        mine, plates = list[int](), {change.plate}
        for group in sorted({group_of[other] for other in near if _together(change, changes[other], store, config)}):
            theirs = {changes[other].plate for other in groups[group]}
            if plates.isdisjoint(theirs):
                mine += groups.pop(group)
                plates |= theirs
                if change.is_slow:
                    break
        groups[row] = [*mine, row]
        group_of.append(row)
        for other in mine:
            group_of[other] = row
        on_plate.setdefault(change.plate, []).append(row)
    return [[changes[row] for row in rows] for rows in groups.values()]


def _together(a: PlateChange, b: PlateChange, store: Store, config: ShelfConfig) -> bool:
    """Tell whether changes of two plates may be one move of goods."""
    if a.plate == b.plate:
        return False
    apart_ns = abs(a.step_ns - b.step_ns)
    if apart_ns <= config.together_s * SECOND_NS:
        return b.plate in plates_beside(store.plates, config.neighbours)[a.plate]
    # Whose moment is known only roughly goes with what changed under the same goods.
    if not (a.is_slow != b.is_slow and apart_ns <= config.slow_step_s * SECOND_NS):
        return False
    rows = facings_of_plate(store.facings)
    return not set(rows.get(a.plate, ())).isdisjoint(rows.get(b.plate, ()))


def _has_company(group: list[PlateChange], levels: Levels, now_ns: int, store: Store, config: ShelfConfig) -> bool:
    """Tell whether plates beside a group, disturbed before its step was over, may yet turn out to be part of it."""
    step_ns = max(c.step_ns for c in group)
    if now_ns - step_ns > config.company_s * SECOND_NS:
        return False
    beside = plates_beside(store.plates, config.neighbours)
    near = list(frozenset().union(*(beside[c.plate] for c in group)))
    before_ns = step_ns + int(config.together_s * SECOND_NS)
    return bool((levels.disturbed[near] & (levels.onset_ns[near] <= before_ns)).any())


def _sharpened(change: PlateChange, levels: Levels) -> PlateChange:
    """Use the level learned since, if the plate has stayed quiet: ringing and creep have died away by then."""
    if levels.disturbed[change.plate]:
        return change
    return replace(change, after_g=float(levels.level_g[change.plate]))


def _without_cross_talk(group: list[PlateChange], config: ShelfConfig) -> list[PlateChange]:
    """Leave out neighbours that moved no more than a load beside them moves a plate."""
    most = max((abs(c.after_g - c.before_g) for c in group), default=0.0)
    return [c for c in group if abs(c.after_g - c.before_g) > config.cross_talk * most]


def _shelf_change(group: list[PlateChange], hidden: tuple[tuple[int, float, float], ...]) -> ShelfChange:
    group = sorted(group, key=lambda c: c.plate)
    return ShelfChange(
        t0_ns=min(c.onset_ns for c in group),
        t1_ns=max(c.settled_ns for c in group),
        step_ns=int(np.median([c.step_ns for c in group])),
        plates=tuple(c.plate for c in group),
        delta_g=tuple(c.after_g - c.before_g for c in group),
        var=tuple(c.var for c in group),
        hidden=hidden,
    )


def _traced(change: ShelfChange, group: list[PlateChange], levels: Levels) -> ShelfChange:
    """Add what the plates showed about the step: what was kept when it settled, and what has come since."""
    kept = {c.plate: c.trace for c in group}
    both = ({**dict(kept[plate]), **dict(trace_of(levels, plate))} for plate in change.plates)
    near_ns = TRACE_S * SECOND_NS
    traces = (tuple((t, g) for t, g in sorted(one.items()) if abs(t - change.step_ns) <= near_ns) for one in both)
    return replace(change, trace=tuple(traces))


def channel_rows(store: Store) -> dict[str, Ints]:
    """Return per controller the plate row of each channel, -1 where there is none."""
    rows: dict[str, Ints] = {}
    for name in dict.fromkeys(store.plates.controller):
        own = [i for i, c in enumerate(store.plates.controller) if c == name]
        table = np.full(int(store.plates.channel[own].max()) + 1, -1)
        table[store.plates.channel[own]] = own
        rows[name] = table
    return rows

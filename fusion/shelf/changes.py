"""Plate changes that belong together become shelf changes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import field
from itertools import pairwise
from operator import attrgetter

import numpy as np

from fusion.arrays import Ints
from fusion.config import SECOND_NS, ShelfConfig
from fusion.frozen import record, replace
from fusion.shelf.apart import apart
from fusion.shelf.beside import bay_of_plate, plates_beside
from fusion.shelf.grouping import connected, is_cross_talk, is_pressed, without_plateaus
from fusion.shelf.levels import Levels, PlateChange, Trace, trace_of
from fusion.shelf.rest import rest_var
from fusion.shelf.shares import goods_beside, shares_beside
from fusion.store import Store

AGO_S = 16.0  # what was told of a plate so long ago is where a slow change of it begins
TRACE_S = 2.0  # before and after the step


@record()
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


@record()
class Company:
    """A plate that keeps a group beside it waiting, as long as it has been disturbed since before some moment."""

    plate: int
    before_ns: int


@record()
class Pending:
    """Plate changes that may still get company."""

    changes: tuple[PlateChange, ...] = ()
    told: Mapping[int, PlateChange] = field(default_factory=dict)  # plate -> its last change, as it was told
    earlier: Mapping[int, PlateChange] = field(default_factory=dict)  # plate -> the one that was told before that
    share_ns: Mapping[int, int] = field(default_factory=dict)  # plate -> step of the last change it was asked for
    rest_ns: Mapping[int, int] = field(default_factory=dict)  # bay -> until when nothing can happen there but by news
    held: Mapping[int, tuple[Company, ...]] = field(default_factory=dict)  # bay -> while these keep its groups waiting


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
    bays = bay_of_plate(store.plates, store.facings, config.neighbours)
    stirred = {bays[c.plate] for c in new}
    resting = {
        bay: until
        for bay, until in pending.rest_ns.items()
        if now_ns < until and bay not in stirred and all(_is_company(levels, c) for c in pending.held.get(bay, ()))
    }
    others = tuple(c for c in pending.changes if bays[c.plate] in resting)
    if len(others) == len(pending.changes) and not new:
        return pending, ()
    mine = replace(pending, changes=tuple(c for c in pending.changes if bays[c.plate] not in resting))
    after, ready = _group_in_bays(mine, new, levels, now_ns, store, config)
    held = {bay: pending.held[bay] for bay in resting if bay in pending.held} | {**after.held}
    return replace(after, changes=(*others, *after.changes), rest_ns={**resting, **after.rest_ns}, held=held), ready


def _group_in_bays(
    pending: Pending,
    new: tuple[PlateChange, ...],
    levels: Levels,
    now_ns: int,
    store: Store,
    config: ShelfConfig,
) -> tuple[Pending, tuple[ShelfChange, ...]]:
    """Do so with all changes of some bays; what comes back knows until when each of them rests."""
    # What was told of plates grows with the store: it is looked up beside what is new, and copied only to be added to.
    told, news = pending.told, list[PlateChange]()
    known = {c.plate: c for c in pending.changes}
    for each in new:
        last_of = known.get(each.plate) or told.get(each.plate)
        added = _went_on(_let_go(each, last_of, config), last_of, config)
        if added is not None:
            known[each.plate] = added  # the next one of this plate begins where this one ended, told already or not
            news.append(added)
    changes = before = sorted((*pending.changes, *news), key=_by_step)
    loads = {c.plate: c for c in changes}
    moved = loads, told, pending.earlier
    changes = [c for c in changes if not (_is_share(c, pending, config) or is_pressed(c, moved, store, config))]
    changes = without_plateaus(changes, store, config)
    last = {c.plate: c.step_ns for c in changes}
    of_plate: dict[int, list[PlateChange]] = {}
    for change in changes:
        of_plate.setdefault(change.plate, []).append(change)
    now_told, now_asked = dict[int, PlateChange](), dict[int, int]()
    ready: list[ShelfChange] = []
    waiting: list[PlateChange] = []
    bays = bay_of_plate(store.plates, store.facings, config.neighbours)
    waits: list[tuple[int, int]] = []  # bay and until when a group there waits, while its company lasts
    held: dict[int, tuple[Company, ...]] = {}
    for group in connected(changes, store, config):
        settled_ns = max(c.settled_ns for c in group)
        bay = bays[group[0].plate]
        if now_ns - settled_ns < config.group_wait_s * SECOND_NS:
            waits.append((bay, settled_ns + int(config.group_wait_s * SECOND_NS)))
            waiting += group
        elif (company := _company(group, levels, now_ns, store, config)) is not None:
            waits.append((bay, max(c.step_ns for c in group) + int(config.company_s * SECOND_NS) + 1))
            held[bay] = (*held.get(bay, ()), company)
            waiting += group
        else:
            sharp = [_sharpened(c, levels, config) if last[c.plate] == c.step_ns else c for c in group]
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
                for part in apart(whole, hidden, levels, store, config):
                    ready.append(_traced(_shelf_change(part, hidden, config), part, levels))
                now_told |= {c.plate: c for c in whole}
                now_asked |= dict.fromkeys((*(c.plate for c in shares), *(h[0] for h in hidden)), ready[-1].step_ns)
    if ready:
        earlier = {**pending.earlier, **{plate: told[plate] for plate in now_told if plate in told}}
        pending = Pending((), {**told, **now_told}, earlier, {**pending.share_ns, **now_asked})
    ready.sort(key=lambda c: (c.step_ns, c.plates))
    rest_ns = _rests(before, waiting, waits, bays)
    return replace(pending, changes=tuple(waiting), rest_ns=rest_ns, held=held), tuple(ready)


_by_step = attrgetter("step_ns", "plate")


def _rests(
    before: list[PlateChange], waiting: list[PlateChange], waits: list[tuple[int, int]], bays: tuple[int, ...]
) -> dict[int, int]:
    """Return until when each bay rests: where all changes wait as they did, the same will come out until then.

    A change that was left out, joined to another or told may change what becomes of others the next time, and so may
    two of one plate and moment.
    """
    count = Counter(bays[c.plate] for c in before)
    count.subtract(bays[c.plate] for c in waiting)
    restless = {bay for bay, n in count.items() if n}
    restless |= {bays[a.plate] for a, b in pairwise(before) if _by_step(a) == _by_step(b)}
    rests: dict[int, int] = {}
    for bay, until_ns in waits:
        if bay not in restless:
            rests[bay] = min(until_ns, rests.get(bay, until_ns))
    return rests


def _is_share(change: PlateChange, pending: Pending, config: ShelfConfig) -> bool:
    """Tell whether what went by as noise was counted as a share of what changed beside it."""
    asked_ns = pending.share_ns.get(change.plate)
    return change.is_slow and asked_ns is not None and abs(asked_ns - change.step_ns) < config.slow_step_s * SECOND_NS


def _let_go(change: PlateChange, press: PlateChange | None, config: ShelfConfig) -> PlateChange:
    """Return a loss as it is against the level before a hand pressed: who lifts something lets go of the plate."""
    if press is None or change.onset_ns - press.settled_ns > config.press_s * SECOND_NS:
        return change
    pressed_g, gone_g = press.after_g - press.before_g, change.before_g - change.after_g
    if not 0.0 < pressed_g < config.press_share * gone_g:
        return change
    return replace(change, before_g=press.before_g, var=max(change.var, press.var))


def _went_on(change: PlateChange, before: PlateChange | None, config: ShelfConfig) -> PlateChange | None:
    """Return a change that went by as noise as what it adds to what is known of its plate meanwhile, if anything."""
    if not change.is_slow or before is None or change.step_ns - before.step_ns > AGO_S * SECOND_NS:
        return change
    rest = abs(change.after_g - before.after_g)
    return replace(change, before_g=before.after_g) if rest > config.change_sds * np.sqrt(change.var) else None


def _ended_after(onset_ns: int, told: PlateChange | None) -> bool:
    """Tell whether a plate's last change was told while a group went on: that share is counted."""
    return told is not None and told.settled_ns > onset_ns


def _company(
    group: list[PlateChange], levels: Levels, now_ns: int, store: Store, config: ShelfConfig
) -> Company | None:
    """Return a plate beside a group that may yet turn out to be part of it: disturbed before the step was over."""
    step_ns = max(c.step_ns for c in group)
    if now_ns - step_ns > config.company_s * SECOND_NS:
        return None
    beside = plates_beside(store.plates, config.neighbours)
    near = list(frozenset().union(*(beside[c.plate] for c in group)))
    before_ns = step_ns + int(config.together_s * SECOND_NS)
    swings = levels.disturbed[near] & (levels.onset_ns[near] <= before_ns)
    return Company(near[int(swings.argmax())], before_ns) if swings.any() else None


def _is_company(levels: Levels, company: Company) -> bool:
    return bool(levels.disturbed[company.plate] and levels.onset_ns[company.plate] <= company.before_ns)


def _sharpened(change: PlateChange, levels: Levels, config: ShelfConfig) -> PlateChange:
    """Use what was learned since, if the plate has stayed quiet: ringing, creep and the hand have gone by then."""
    level_g = float(levels.level_g[change.plate])
    # What goes as noise takes the level with it: what is far off may be the next piece on its way.
    goes_on = change.is_slow and (level_g - change.after_g) ** 2 > change.var
    if levels.disturbed[change.plate] or goes_on:
        return change
    var = change.var if change.is_slow else min(change.var, rest_var(change, levels, config))
    return replace(change, after_g=level_g, var=var)


def _without_cross_talk(group: list[PlateChange], config: ShelfConfig) -> list[PlateChange]:
    """Leave out neighbours that moved no more than a load beside them moves a plate."""
    most = max((abs(c.after_g - c.before_g) for c in group), default=0.0)
    return [c for c in group if not is_cross_talk(c, most, config)]


def _shelf_change(
    group: list[PlateChange], hidden: tuple[tuple[int, float, float], ...], config: ShelfConfig
) -> ShelfChange:
    group = sorted(group, key=lambda c: c.plate)
    steps = [c.step_ns for c in group]
    if max(steps) - min(steps) > config.together_s * SECOND_NS:  # what a hand hid ended when the hand left
        steps = [c.step_ns for c in group if not c.is_hidden] or steps
    return ShelfChange(
        t0_ns=min(c.onset_ns for c in group),
        t1_ns=max(c.settled_ns for c in group),
        step_ns=int(np.median(steps)),
        plates=tuple(c.plate for c in group),
        delta_g=tuple(c.after_g - c.before_g for c in group),
        var=tuple(c.var for c in group),
        hidden=hidden,
    )


def _traced(change: ShelfChange, group: list[PlateChange], levels: Levels) -> ShelfChange:
    """Add what the plates showed about the step: what was kept when it settled, and what has come since."""
    kept = {c.plate: c.trace for c in group}
    first_ns, last_ns = (change.step_ns + sign * int(TRACE_S * SECOND_NS) for sign in (-1, 1))
    traces = []
    for plate in change.plates:
        shown = {t: g for t, g in kept[plate] if first_ns <= t <= last_ns}
        shown.update(trace_of(levels, plate, max(first_ns, 1), last_ns))
        traces.append(tuple(sorted(shown.items())))
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

"""Which changes of plates are one move of goods: in a row on one plate, at once on plates beside each other."""

from collections.abc import Mapping, Sequence
from math import erf, sqrt
from operator import attrgetter

import numpy as np

from fusion.config import SECOND_NS, ShelfConfig
from fusion.frozen import replace
from fusion.shelf.beside import company_of_plate, plates_beside
from fusion.shelf.levels import PlateChange
from fusion.store import Store, facings_of_plate


def without_plateaus(changes: list[PlateChange], store: Store, config: ShelfConfig) -> list[PlateChange]:
    """Join two changes of one plate with hardly a rest between: a hand that lay there before it took.

    A level between the two that a plate beside reached in the same moment was no hand: two things were taken. Where a
    hand lay on two plates it leaves them one after the other: what came on one as the other began to move, and went
    before the other was done, was the hand as well.
    """
    of_plate: dict[int, list[PlateChange]] = {}
    for change in changes:
        mine = of_plate.setdefault(change.plate, [])
        before = mine[-1] if mine else None
        rested = before is None or change.onset_ns - before.settled_ns > config.plateau_s * SECOND_NS
        if before is None or rested or _twice(before, change, changes, store, config):
            mine.append(change)
        else:
            mine[-1:] = _joined(before, change, config)
    twice = [mine for mine in of_plate.values() if len(mine) > 1]
    for mine in twice:
        for k in range(len(mine) - 1, 0, -1):
            beside = plates_beside(store.plates, config.neighbours)[mine[k].plate]
            others = (c for plate in beside for c in of_plate.get(plate, ()))
            if any(_lay_too(mine[k - 1], mine[k], other, config) for other in others):
                mine[k - 1 : k + 1] = _joined(mine[k - 1], mine[k], config)
                break
    return sorted((change for mine in of_plate.values() for change in mine), key=attrgetter("step_ns", "plate"))


def _joined(first: PlateChange, second: PlateChange, config: ShelfConfig) -> list[PlateChange]:
    """Return two changes of a plate as one, or none where they cancel."""
    one = replace(second, onset_ns=first.onset_ns, before_g=first.before_g, var=max(first.var, second.var))
    return [one] if abs(one.after_g - one.before_g) > config.change_sds * np.sqrt(one.var) else []


def _lay_too(first: PlateChange, second: PlateChange, other: PlateChange, config: ShelfConfig) -> bool:
    """Tell whether a plate was pressed and let go of by a hand that moved another, beside it, all the while."""
    pressed_g, gone_g = first.after_g - first.before_g, second.before_g - second.after_g
    rough_s = config.slow_step_s if second.is_slow else 0.0
    return (
        min(pressed_g, gone_g) > 0.0
        and abs(other.onset_ns - first.onset_ns) <= config.together_s * SECOND_NS
        and second.step_ns - int(rough_s * SECOND_NS) <= other.settled_ns
    )


def _twice(
    first: PlateChange, second: PlateChange, changes: list[PlateChange], store: Store, config: ShelfConfig
) -> bool:
    """Tell whether two steps the same way on one plate are two moves: a plate beside it made the first one too."""
    way = np.sign(first.after_g - first.before_g)
    if np.sign(second.after_g - second.before_g) != way:
        return False
    beside = (c for c in changes if _together(c, first, store, config) and not _together(c, second, store, config))
    return any(np.sign(c.after_g - c.before_g) == way for c in beside)


def is_pressed(
    change: PlateChange, loads: Sequence[Mapping[int, PlateChange]], store: Store, config: ShelfConfig
) -> bool:
    """Tell whether a load beside a plate explains its change, seconds late perhaps; loads by plate, the newest first.

    What went by as noise is told against a level of a while ago: all that was moved beside it since shows in it.
    """
    near_ns = config.slow_step_s * SECOND_NS
    since_ns = 2.0 * config.slow_s * SECOND_NS if change.is_slow else near_ns
    for plate in plates_beside(store.plates, config.neighbours)[change.plate]:
        moved = [each[plate] for each in loads if plate in each]
        late_ns = [abs(load.step_ns - change.step_ns) for load in moved]
        if not late_ns or min(late_ns) >= near_ns:
            continue
        each_g = [load.after_g - load.before_g for load, ns in zip(moved, late_ns, strict=True) if ns < since_ns]
        if any(is_cross_talk(change, load_g, config) for load_g in (each_g[0], sum(each_g))):
            return True
    return False


def is_cross_talk(change: PlateChange, load_g: float, config: ShelfConfig) -> bool:
    """Tell whether a change is sooner what a load beside a plate shows on it than a share of that load.

    What a load shows is anything up to cross_talk of it, a share is anything at all, and a plate errs either way. A
    load that went and came back to the last bit shows nothing.
    """
    if load_g == 0.0:
        return False
    step_g, load_g, sd_g = abs(change.after_g - change.before_g), abs(load_g), sqrt(change.var)
    most_g = config.cross_talk * load_g
    shown = (erf(step_g / (sqrt(2.0) * sd_g)) - erf((step_g - most_g) / (sqrt(2.0) * sd_g))) / (2.0 * most_g)
    return shown >= config.share_p / load_g


def connected(changes: list[PlateChange], store: Store, config: ShelfConfig) -> list[list[PlateChange]]:
    """Split into connected groups of neighbours in space and time.

    What is nearest in time is joined first, and groups that have a plate in common are not: a plate that moved twice in
    one move did not. A change whose moment is known only roughly comes last, and joins one group, sooner one whose
    moment is known well: it tells nothing of two others being one move. Neither does one that a hand hid.
    """
    company = company_of_plate(store.plates, store.facings, config.neighbours)
    on_plate: dict[int, list[int]] = {}
    pairs: list[tuple[int, int, int, int]] = []  # how many of the two are known only roughly, how far apart, which
    leant: set[int] = set()  # what a hand hid, as the slow ones
    for row, change in enumerate(changes):
        for other in (other for plate in company[change.plate] for other in on_plate.get(plate, ())):
            apart_ns = abs(change.step_ns - changes[other].step_ns)
            if _together(change, changes[other], store, config):
                rough = change.is_slow + changes[other].is_slow
                pairs.append((rough, apart_ns, other, row))
            elif under := [
                a for a, b in ((row, other), (other, row)) if _is_rest(changes[a], changes[b], store, config)
            ]:
                leant.update(under)
                pairs.append((1, apart_ns, other, row))
        on_plate.setdefault(change.plate, []).append(row)
    groups = [[row] for row in range(len(changes))]  # by member: all of a group share one list
    plates_in = [{change.plate} for change in changes]
    for rough, _, a, b in sorted(pairs):
        free = not rough or any((changes[row].is_slow or row in leant) and len(groups[row]) == 1 for row in (a, b))
        if groups[a] is groups[b] or not free or not plates_in[a].isdisjoint(plates_in[b]):
            continue
        groups[a] += groups[b]
        plates_in[a] |= plates_in[b]
        for row in groups[a]:
            groups[row], plates_in[row] = groups[a], plates_in[a]
    whole = {id(group): group for group in groups}
    return [[changes[row] for row in sorted(group)] for group in whole.values()]


def _is_rest(change: PlateChange, other: PlateChange, store: Store, config: ShelfConfig) -> bool:
    """Tell whether a change that a hand hid is the rest of what went beside it while it leaned there.

    It is where both make whole pieces of goods that stand on both plates, and neither does by itself.
    """
    near_ns = config.together_s * SECOND_NS
    if not (change.is_hidden and change.onset_ns - near_ns <= other.step_ns <= change.step_ns + near_ns):
        return False
    rows = facings_of_plate(store.facings)
    shared = set(rows.get(change.plate, ())) & set(rows.get(other.plate, ()))
    steps_g = change.after_g - change.before_g, other.after_g - other.before_g
    noise = change.var + other.var
    goods = {int(store.facings.product[row]) for row in shared}
    return any(
        _are_pieces(sum(steps_g), noise, k, store, config)
        and not any(_are_pieces(step, noise, k, store, config) for step in steps_g)
        for k in goods
    )


def _are_pieces(step_g: float, var: float, product: int, store: Store, config: ShelfConfig) -> bool:
    """Tell whether a step is some whole pieces of a product, as far as they and the plates err."""
    mass_g, sd_g = float(store.products.mass_g[product]), float(store.products.mass_sd_g[product])
    pieces = round(abs(step_g) / mass_g) if mass_g > 0.0 else 0
    spread = var + pieces * sd_g**2 + (pieces * config.piece_bias * mass_g) ** 2
    return pieces > 0 and abs(abs(step_g) - pieces * mass_g) <= config.piece_sds * np.sqrt(spread)


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

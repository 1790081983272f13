"""Plates whose grams are too large or too small, by what sure picks weighed there: the picks, and what they say now.

onsets.py is the model for those that left no doubt, misreads.py the one for those that did; here are the picks that
they are asked about.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

import numpy as np

from fusion.arrays import Floats, Ints
from fusion.attribution.explanations import PICK
from fusion.attribution.settled import Settled
from fusion.config import AttributionConfig
from fusion.frozen import record
from fusion.health.misreads import Bias, Misread, Seen, bias_of, is_misread, misread_gain
from fusion.health.onsets import MUCH, RIVALS_MAX, SUSPECTS_MAX, Errors, find_faults
from fusion.health.settings import HealthConfig
from fusion.shelf import ShelfChange
from fusion.store import Store

HIDDEN_MAX = 0.05  # of what was picked may lie on plates that do not show it
OTHER_GOODS = 0.5  # a pick further off than this was of something else
PACKAGE_OFF = 0.09  # real packages differ from the catalogue by no more: the store's contract
ODD_SDS = 3.0
SCATTER_PRIOR = 15.0  # picks that scatter as far as they may: what is believed of a store beforehand
KNOWN = -1  # a product whose packages are not off: test weights (known_weights.py)
SPOILED_SD = 0.02  # what a piece weighs beside what its product does: torn packages, a hand that still lay there


@record()
class Pick:
    """What one sure pick weighed."""

    product: int  # or KNOWN
    off: float  # relative to the catalogue
    var: float
    shares: tuple[tuple[int, float], ...]  # plate and share of the grams; they add up to 1
    t_ns: int = 0


@record()
class Gains:
    """What is known of the gains of plates."""

    picks: tuple[Pick, ...] = ()  # the latest last
    wrong: tuple[tuple[int, float], ...] = ()  # plate and its error, relative
    right_ns: tuple[tuple[int, int], ...] = ()  # of these, when it was last seen to weigh right; 0 for never
    misread: tuple[Pick, ...] = ()  # the latest of those that left a doubt, as if one of their facing's product
    rivals: tuple[tuple[int, tuple[int, ...]], ...] = ()  # of wrong plates: others that may be wrong instead
    suspects: tuple[tuple[int, float, int], ...] = ()  # plate, its error and how many picks say so that leave it open


def picks_of(settled: Iterable[Settled], gains: Gains, store: Store, config: AttributionConfig) -> tuple[Pick, ...]:
    """Return the picks among settled changes that left no doubt, each with the variance that plates alone give it."""
    out = []
    for one in settled:
        goods = {(part.kind, part.product) for part in one.reading.parts}
        product = next(iter(goods))[1] if len(goods) == 1 else -1
        if goods != {(PICK, product)} or not one.change.plates or store.products.by_weight[product]:
            continue
        qty = sum(part.qty for part in one.reading.parts)  # that two people took at once
        mass_g = qty * float(store.products.mass_g[product])
        hidden_var = sum(g**2 + var for _, g, var in one.change.hidden)
        if one.p < config.mass_learn_p or hidden_var > (HIDDEN_MAX * mass_g) ** 2:
            continue
        plates_var = own_var(one.change, gains) + hidden_var
        var = (qty * float(store.products.mass_sd_g[product]) ** 2 + plates_var) / mass_g**2
        total = sum(one.change.delta_g)
        shares = tuple((p, g / total) for p, g in zip(one.change.plates, one.change.delta_g, strict=True))
        off = -total / mass_g - 1.0
        if abs(off) < OTHER_GOODS:
            out.append(Pick(product, off, var + SPOILED_SD**2, shares, one.change.step_ns))
    return tuple(out)


def own_var(change: ShelfChange, gains: Gains) -> float:
    """Return the variance of a change without what trust.py added for plates that weigh wrong, g2."""
    wrong = dict(gains.wrong)
    widened = sum((wrong.get(p, 0.0) * g) ** 2 for p, g in zip(change.plates, change.delta_g, strict=True))
    return max(change.total_var - widened, 1.0)


def misread_of(settled: Iterable[Settled], store: Store, config: AttributionConfig) -> tuple[Pick, ...]:
    """Return the picks among settled changes that left a doubt, each as if it were one of its facing's product."""
    out = []
    for one in settled:
        product = is_misread(one, store, config)
        if product >= 0:
            mass_g, total = float(store.products.mass_g[product]), one.change.total_g
            var = one.change.total_var / mass_g**2 + SPOILED_SD**2
            shares = tuple((p, g / total) for p, g in zip(one.change.plates, one.change.delta_g, strict=True))
            out.append(Pick(product, -total / mass_g - 1.0, var, shares, one.change.step_ns))
    return tuple(out)


def weigh_gains(
    gains: Gains,
    picks: tuple[Pick, ...],
    misread: tuple[Pick, ...],
    attribution: AttributionConfig,
    config: HealthConfig,
) -> Gains:
    """Add picks and ask all plates they lay on; of each plate the latest picks count: it may have been mended."""
    if not picks and not misread:
        return gains
    both = sorted((*gains.picks, *picks), key=_when)  # some were not sure until later
    kept = _latest(tuple(both[-config.gain_memory :]), config.gain_latest)
    doubtful = tuple(sorted((*gains.misread, *misread), key=_when)[-config.misread_memory :])
    told = _told(kept, doubtful, attribution, config)
    sure, suspects = _sure(kept, attribution, config)
    wrong = _misread(told, kept, doubtful, config) | sure
    suspects = _worst([row for row in (*suspects, *_doubted(told, config)) if row.plate not in wrong])
    rows = sorted(wrong.items())
    return Gains(
        kept,
        tuple((plate, one.gain) for plate, one in rows),
        tuple((plate, one.right_ns) for plate, one in rows),
        doubtful,
        tuple((plate, one.rivals) for plate, one in rows if one.rivals),
        tuple((one.plate, one.gain, one.picks) for one in suspects),
    )


def _when(pick: Pick) -> int:
    return pick.t_ns


def tested(gains: Gains) -> frozenset[int]:
    """Return the plates that a test weight lay on, of late."""
    known = (pick for pick in gains.picks if pick.product == KNOWN)
    return frozenset(plate for pick in known for plate, share in pick.shares if share >= MUCH)


class _Wrong(NamedTuple):
    gain: float
    right_ns: int  # when it last weighed right
    rivals: tuple[int, ...]


class _Suspect(NamedTuple):
    nats: float
    plate: int
    gain: float
    picks: int


def _worst(suspects: list[_Suspect]) -> list[_Suspect]:
    """Return the few suspects that are worth telling a person of, each by what says most of it."""
    best = {one.plate: one for one in sorted(suspects)}
    return sorted(best.values(), key=lambda one: (-one.nats, one.plate))[:SUSPECTS_MAX]


def _sure(
    picks: tuple[Pick, ...], attribution: AttributionConfig, config: HealthConfig
) -> tuple[dict[int, _Wrong], list[_Suspect]]:
    """Return the plates that weigh wrong by sure picks, and those that may."""
    if not picks:
        return {}, []
    plates = np.array(sorted({plate for pick in picks for plate, _ in pick.shares}), np.int64)
    errors, out = _errors(picks, plates, attribution), {}
    found, suspects = find_faults(errors, config)
    for fault in found:
        before = np.flatnonzero(errors.G[: fault.first, fault.plate] >= MUCH)
        right_ns = picks[int(before[-1])].t_ns if len(before) else 0
        out[int(plates[fault.plate])] = _Wrong(fault.gain, right_ns, tuple(plates[list(fault.rivals)].tolist()))
    return out, [_Suspect(one.nats, int(plates[one.plate]), one.gain, one.picks) for one in suspects]


def _told(
    picks: tuple[Pick, ...], doubtful: tuple[Pick, ...], attribution: AttributionConfig, config: HealthConfig
) -> dict[int, Misread]:
    """Return what is said of each plate that picks which left a doubt lay on."""
    told = {}
    for plate in sorted({plate for pick in doubtful for plate, share in pick.shares if share >= MUCH}):
        own = [
            Seen(pick.t_ns, 1.0 + pick.off, pick.var, share, sure, pick.product)
            for some, sure in ((picks, True), (doubtful, False))
            for pick in some
            for at, share in pick.shares
            if at == plate and share >= MUCH
        ]
        told[plate] = misread_gain(own, _beside(plate, {row.product for row in own}, picks, attribution), config)
    return told


def _doubted(told: dict[int, Misread], config: HealthConfig) -> list[_Suspect]:
    """Return the plates that may weigh wrong by picks that left a doubt."""
    return [
        _Suspect(one.nats, plate, one.gain, one.picks)
        for plate, one in told.items()
        if one.picks and one.nats >= config.gain_suspect_nats and abs(one.gain) >= config.gain_min
    ]


def _misread(
    told: dict[int, Misread], picks: tuple[Pick, ...], doubtful: tuple[Pick, ...], config: HealthConfig
) -> dict[int, _Wrong]:
    """Return the plates that weigh wrong by such picks: the worst, with those that the same ones lay on."""
    told = {plate: one for plate, one in told.items() if one.picks >= config.misread_picks}
    worst = max(told, key=lambda plate: told[plate].nats, default=-1)
    if worst < 0 or told[worst].nats < config.misread_nats or abs(told[worst].gain) < config.misread_min:
        return {}
    lay = {
        plate: {pick.t_ns for pick in doubtful if dict(pick.shares).get(plate, 0.0) >= MUCH} for plate in sorted(told)
    }
    least = max(0.0, told[worst].nats - config.gain_lead_nats)
    suspects = tuple(plate for plate in lay if told[plate].nats > least and lay[plate] == lay[worst])
    out = {}
    for plate in suspects if len(suspects) <= RIVALS_MAX else (worst,):
        _, gain, since_ns, _ = told[plate]
        before = [pick.t_ns for pick in picks if pick.t_ns < since_ns and dict(pick.shares).get(plate, 0.0) >= MUCH]
        out[plate] = _Wrong(gain, max(before, default=0), tuple(other for other in suspects if other != plate))
    return out


def _beside(
    plate: int, products: Collection[int], picks: tuple[Pick, ...], config: AttributionConfig
) -> dict[int, Bias]:
    """Return what picks that hardly lay on a plate say of some products; what is further off was no whole package."""
    fair = [
        pick
        for pick in picks
        if dict(pick.shares).get(plate, 0.0) < MUCH and abs(pick.off) <= PACKAGE_OFF + ODD_SDS * pick.var**0.5
    ]
    return {
        product: bias_of([(p.off, p.var) for p in fair if p.product == product], (0.0, config.mass_bias_sd**2))
        if product != KNOWN
        else (0.0, 0.0)
        for product in sorted(products)
    }


def _latest(picks: tuple[Pick, ...], most: int) -> tuple[Pick, ...]:
    """Keep the picks that are among the latest of any plate which bore most of them."""
    count: dict[int, int] = {}
    kept = []
    for pick in reversed(picks):
        plate = max(pick.shares, key=lambda share: share[1])[0]
        count[plate] = count.get(plate, 0) + 1
        if count[plate] <= most:
            kept.append(pick)
    return tuple(reversed(kept))


def _errors(picks: tuple[Pick, ...], plates: Ints, config: AttributionConfig) -> Errors:
    """Return what the model asks for; plates (p,) are all that the picks lay on, ascending."""
    G = np.zeros((len(picks), len(plates)))
    for row, pick in enumerate(picks):
        G[row, np.searchsorted(plates, [plate for plate, _ in pick.shares])] = [share for _, share in pick.shares]
    product = np.array([pick.product for pick in picks])
    same = (product[:, None] == product[None, :]) & (product != KNOWN)
    nth = np.tril(same, -1).sum(axis=1)  # pick of its product: so often its bias has wandered
    B = same * (config.mass_bias_sd**2 + config.mass_drift_sd**2 * np.minimum(nth[:, None], nth[None, :]))
    y, R = np.array([pick.off for pick in picks]), np.array([pick.var for pick in picks])
    return Errors(y, G, B, R * _scatter(y, R, product))


def _scatter(y: Floats, R: Floats, product: Ints) -> float:
    """Return how far picks of a product scatter in this store, as a share of the variance R (n,) they may have.

    A plate that is off makes them scatter more: that only costs evidence.
    """
    squares, count = SCATTER_PRIOR, SCATTER_PRIOR
    for one in np.unique(product[product != KNOWN]).tolist():
        own = product == one
        w = 1.0 / R[own]
        middle = (w @ y[own]) / w.sum()
        squares, count = squares + float(w @ (y[own] - middle) ** 2), count + int(own.sum()) - 1
    return min(1.0, squares / count)

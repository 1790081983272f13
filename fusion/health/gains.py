"""Plates whose grams are too large or too small, by what sure picks weighed there.

A pick that left no doubt is off the catalogue by the bias of its product, which every plate it stands on shows, and by
the gains of the plates it lay on, which all their products show. Both are small where all is well: with Gaussian priors
the errors y of n picks have the covariance S = s0^2 G G' + sb^2 B B' + R, G (n, p) the share of each plate in each pick
and B (n, k) its product. A plate with a column g of G is asked how much likelier y is if its gain is drawn widely (s1)
than like the others' (s0); all plates are asked at once, since S has to be solved for only once.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from fusion.arrays import Floats, Ints
from fusion.attribution.explanations import PICK
from fusion.attribution.settled import Settled
from fusion.config import AttributionConfig
from fusion.health.settings import HealthConfig
from fusion.store import Store

CULPRITS_MAX = 5  # found one after the other, the worst first
AGREES_SDS = 2.0
HIDDEN_MAX = 0.05  # of what was picked may lie on plates that do not show it
OTHER_GOODS = 0.5  # a pick further off than this was of something else
SPOILED_SD = 0.02  # what a piece weighs beside what its product does: torn packages, a hand that still lay there


@dataclass(frozen=True, slots=True)
class Pick:
    """What one sure pick weighed."""

    product: int
    off: float  # relative to the catalogue
    var: float
    shares: tuple[tuple[int, float], ...]  # plate and share of the grams; they add up to 1


@dataclass(frozen=True, slots=True)
class Gains:
    """What is known of the gains of plates."""

    picks: tuple[Pick, ...] = ()  # the latest last
    wrong: tuple[tuple[int, float], ...] = ()  # plate and its error, relative


def picks_of(settled: Iterable[Settled], gains: Gains, store: Store, config: AttributionConfig) -> tuple[Pick, ...]:
    """Return the picks among settled changes that left no doubt, each with the variance that plates alone give it."""
    out, wrong = [], dict(gains.wrong)
    for one in settled:
        part = one.reading.parts[0] if len(one.reading.parts) == 1 else None
        if part is None or part.kind != PICK or not one.change.plates or store.products.by_weight[part.product]:
            continue
        mass_g = part.qty * float(store.products.mass_g[part.product])
        hidden_var = sum(g**2 + var for _, g, var in one.change.hidden)
        if one.p < config.mass_learn_p or hidden_var > (HIDDEN_MAX * mass_g) ** 2:
            continue
        widened = sum((wrong.get(p, 0.0) * g) ** 2 for p, g in zip(one.change.plates, one.change.delta_g, strict=True))
        plates_var = max(one.change.total_var - widened, 1.0) + hidden_var
        var = (part.qty * float(store.products.mass_sd_g[part.product]) ** 2 + plates_var) / mass_g**2
        total = sum(one.change.delta_g)
        shares = tuple((p, g / total) for p, g in zip(one.change.plates, one.change.delta_g, strict=True))
        off = -total / mass_g - 1.0
        if abs(off) < OTHER_GOODS:
            out.append(Pick(part.product, off, var + SPOILED_SD**2, shares))
    return tuple(out)


def weigh_gains(gains: Gains, picks: tuple[Pick, ...], bias_sd: float, config: HealthConfig) -> Gains:
    """Add sure picks and ask all plates they lay on; of each plate the latest picks count: it may have been mended."""
    if not picks:
        return gains
    kept = _latest((*gains.picks, *picks)[-config.gain_memory :], config.gain_latest)
    return Gains(kept, _wrong(kept, bias_sd, config))


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


def _wrong(picks: tuple[Pick, ...], bias_sd: float, config: HealthConfig) -> tuple[tuple[int, float], ...]:
    plates = np.array(sorted({plate for pick in picks for plate, _ in pick.shares}), np.int64)
    G = np.zeros((len(picks), len(plates)))
    for row, pick in enumerate(picks):
        G[row, np.searchsorted(plates, [plate for plate, _ in pick.shares])] = [share for _, share in pick.shares]
    product = np.array([pick.product for pick in picks])
    y, R = np.array([pick.off for pick in picks]), np.array([pick.var for pick in picks])
    S = bias_sd**2 * (product[:, None] == product[None, :]) + np.diag(R)
    sd = np.full(len(plates), config.gain_sd)
    found: dict[int, float] = {}
    while len(found) < CULPRITS_MAX:
        nats, gain = _asked((G * sd**2) @ G.T + S, G, y, sd, config)
        nats[[*found]] = -np.inf
        nats[np.abs(gain) < config.gain_min] = -np.inf
        nats[~_agreed(G, y, R, gain, config)] = -np.inf
        worst = int(np.argmax(nats))
        if nats[worst] < config.gain_nats:
            break
        found[worst] = float(gain[worst])
        sd[worst] = config.gain_fault_sd
    return tuple(sorted((int(plates[row]), gain) for row, gain in found.items()))


def _asked(S: Floats, G: Floats, y: Floats, sd: Floats, config: HealthConfig) -> tuple[Floats, Floats]:
    """Return per plate the nats for a wrong gain, and that gain, (p,) each, given the covariance S of the errors."""
    solved = np.linalg.solve(S, np.concatenate([G, y[:, None]], axis=1))
    a = (G * solved[:, :-1]).sum(axis=0)
    c = G.T @ solved[:, -1]
    # Without the plate's own prior, by Sherman and Morrison: its gain is measured with precision `sharp`.
    left = np.maximum(1.0 - sd**2 * a, 1e-9)
    sharp, seen = a / left, c / np.maximum(a, 1e-12)
    noise = 1.0 / np.maximum(sharp, 1e-12)
    wide, usual = noise + config.gain_fault_sd**2, noise + config.gain_sd**2
    nats = -0.5 * seen**2 * (1.0 / wide - 1.0 / usual) - 0.5 * np.log(wide / usual)
    return nats, seen * config.gain_fault_sd**2 / wide


def _agreed(G: Floats, y: Floats, R: Floats, gain: Floats, config: HealthConfig) -> Ints:
    """Return for which plates (p,) enough picks say so, and few otherwise: one odd package is no plate."""
    much = G > 0.3
    far = np.abs(y) > AGREES_SDS * np.sqrt(R)
    same = much & (far & (np.abs(y) > 0.0))[:, None] & (np.sign(y)[:, None] == np.sign(gain)[None, :])
    return np.asarray((same.sum(axis=0) >= config.gain_picks) & (same.sum(axis=0) > 2 * (much & ~same).sum(axis=0)))

"""Picks that nobody could read, and the gain that would make them goods of their facing.

A plate that bears whole packages and weighs a quarter too much makes every pick from it one of something else, or of
nothing that is sold, or an exchange: such picks are never sure, and onsets.py never hears of them. But they are all
off alike. Each pick since a moment is asked how likely it is with a gain g against none,

    w sum_n P(n) N(r; n (1 + b + g c), n^2 sb^2 + R) + (1 - w) / SPAN,

r what went away in pieces of the facing's product, c the plate's share of it, n how many pieces were taken, b the bias
of the product and sb how well it is known by sure picks beside the plate, or on it before the moment, w how likely it
was that product at all: otherwise it is anything. The mean over a prior of g, then over the moments, is the evidence.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np

from fusion.arrays import Floats
from fusion.attribution.explanations import PICK, PUT
from fusion.attribution.settled import Settled
from fusion.config import AttributionConfig
from fusion.health.settings import HealthConfig
from fusion.store import Store, facings_of_plate

PIECES: Final = ((1, 0.75), (2, 0.2), (3, 0.05))  # how many are taken at a time
SPAN: Final = 4.0  # pieces of it that anything else weighs, at most
MISREAD_W: Final = 0.5
SURE_W: Final = 0.98
GAINS: Final = np.arange(-0.5, 0.505, 0.01)


Bias = tuple[float, float]  # of a product, relative, and its variance


class Seen(NamedTuple):
    """A pick as one plate knows it."""

    t_ns: int
    ratio: float  # what went away, in pieces
    var: float
    share: float
    sure: bool
    product: int


class Misread(NamedTuple):
    """What picks say of a plate's gain when doubtful ones are read with it."""

    nats: float  # for its being wrong until now
    gain: float  # its likeliest size
    since_ns: int  # of the first pick that it bears on
    picks: int  # that it explains; 0 where others speak against it, or none of them is in doubt


def is_misread(one: Settled, store: Store, config: AttributionConfig) -> int:
    """Return the product whose facing a doubtful change took from, and no other's; -1 where there is none.

    An exchange explains any weight: what reads as goods put back for others is as doubtful as what reads as nothing.
    """
    kinds = {part.kind for part in one.reading.parts}
    sure = one.p >= config.mass_learn_p and kinds != {PICK, PUT}
    if sure or not one.change.plates or one.change.total_g >= 0.0:
        return -1
    on = set.intersection(*(_products_on(plate, store) for plate in one.change.plates))
    taken = {part.product for part in one.reading.parts if part.kind == PICK} & on or on
    product = min(taken) if len(taken) == 1 else -1
    return -1 if product < 0 or store.products.by_weight[product] else product


def _products_on(plate: int, store: Store) -> set[int]:
    """Return the products that are meant to stand on a plate."""
    return {int(store.facings.product[row]) for row in facings_of_plate(store.facings).get(plate, ())}


def misread_gain(picks: Iterable[Seen], beside: Mapping[int, Bias], config: HealthConfig) -> Misread:
    """Return what the picks on a plate say of its gain; beside is what is known of the products without it."""
    rows = sorted(picks)
    if not rows:
        return Misread(-np.inf, 0.0, 0, 0)
    told = [_since(rows, k, beside) for k in range(len(rows))]  # (n - k, g) of each pick from the k-th on
    prior = -0.5 * (GAINS / config.gain_fault_sd) ** 2
    weighed = np.array([each.sum(axis=0) for each in told]) + prior - np.logaddexp.reduce(prior)
    nats = np.logaddexp.reduce(weighed, axis=1)
    first = int(np.argmax(nats))
    best = int(np.argmax(weighed[first]))
    fits, after = int((told[first][:, best] > 0.0).sum()), len(rows) - first
    doubtful = not all(row.sure for row in rows[first:])
    clear = fits > 2 * (after - fits) and doubtful
    total = float(np.logaddexp.reduce(nats) - np.log(len(rows)))
    return Misread(total, float(GAINS[best]), rows[first].t_ns, fits if clear else 0)


def bias_of(offs: Iterable[tuple[float, float]], known: Bias) -> Bias:
    """Return how far a product is off, with the variance of that, after picks that were off by so much, and theirs."""
    mean, var = known
    for off, noise in offs:
        gain = var / (var + noise)
        mean, var = mean + gain * (off - mean), (1.0 - gain) * var
    return mean, var


def _since(rows: list[Seen], first: int, beside: Mapping[int, Bias]) -> Floats:
    """Return how much likelier each pick from the first on is with each gain than with none, (n - first, g) nats."""
    right = [row for row in rows[:first] if row.sure]
    bias = {
        product: bias_of([(row.ratio - 1.0, row.var) for row in right if row.product == product], known)
        for product, known in beside.items()
    }
    return np.array([_nats(row, bias[row.product]) for row in rows[first:]]).reshape(-1, len(GAINS))


def _nats(row: Seen, bias: Bias) -> Floats:
    """Return how much likelier a pick is with each gain than with none, (g,) nats."""
    with_gain, without = _density(row, GAINS, bias), _density(row, np.zeros(1), bias)
    return np.asarray(np.log(with_gain) - np.log(without), np.float64)


def _density(row: Seen, gains: Floats, known: Bias) -> Floats:
    bias, bias_var = known
    w = SURE_W if row.sure else MISREAD_W
    out = np.full(len(gains), (1.0 - w) / SPAN)
    for n, p in PIECES:
        var = n**2 * bias_var + row.var
        off = row.ratio - n * (1.0 + bias + gains * row.share)
        out += w * p * np.exp(-0.5 * off**2 / var) / np.sqrt(2.0 * np.pi * var)
    return out

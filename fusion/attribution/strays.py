"""Pieces that were set down where the planogram does not have them: what they weigh, and how they lie, is known.

Whoever takes one takes the grams that were put there, from the same plates in the same shares. Of goods that stand
there by the planogram any piece may go, and it may lie anyhow on their plates. Goods that went from there and that
nobody set down there tell that the planogram is out of date: more of them may stand there.
"""

from collections.abc import Iterable, Sequence
from math import log

import numpy as np

from fusion.attribution.explanations import PICK, PUT, Explanation
from fusion.attribution.normal import log_normal, normal_nats
from fusion.attribution.picking import spread_nats
from fusion.attribution.priors import facing_rows
from fusion.frozen import record
from fusion.shelf import ShelfChange
from fusion.store import Store

P_MAX = 0.9  # that a piece which is taken is the one that was set down there, and is weighed by itself
BESIDE_P = 0.1  # that a plate it lay on as well was told of with something else
MORE_P = 0.5  # that there are more where one piece stood that the planogram does not know of
AGAIN_SD_G, AGAIN_SD = 2.0, 0.004  # of what plates say of one thing twice, beside their noise; see returning.py


@record()
class Stray:
    """One piece away from its place, as it was set down."""

    product: int
    plates: tuple[int, ...]
    delta_g: tuple[float, ...]  # per plate
    var: tuple[float, ...]  # g2 per plate
    p: float  # that it was


def noted(
    strays: tuple[Stray, ...], change: ShelfChange, best: tuple[Explanation, float], store: Store
) -> tuple[Stray, ...]:
    """Take note of a piece set down away from its place, and of one taken from there, by the likeliest reading."""
    reading, p = best
    taken = [part.product for part in reading.parts if part.kind == PICK]
    for product in taken:
        here = [(_fit_nats(one, change), k) for k, one in enumerate(strays) if one.product == product]
        near = [(nats, k) for nats, k in here if set(strays[k].plates) & set(change.plates)]
        if near:
            gone = max(near)[1]
            strays = (*strays[:gone], *strays[gone + 1 :])
    part = reading.parts[0] if len(reading.parts) == 1 else None
    if part is None or part.kind != PUT or part.qty != 1 or not change.plates:
        return strays
    if part.product in _planned(change, store):
        return strays
    return (*strays, Stray(part.product, change.plates, change.delta_g, change.var, p))


def off_plan(change: ShelfChange, readings: Iterable[tuple[Explanation, float]], store: Store) -> dict[int, float]:
    """Return how likely some goods went from facings that are another product's, as a change is read now.

    Then the planogram is out of date, unless they had been set down there.
    """
    planned = _planned(change, store)
    out: dict[int, float] = {}
    for reading, p in readings:
        for product in {part.product for part in reading.parts if part.kind == PICK} - planned:
            out[product] = out.get(product, 0.0) + p
    return out


def _planned(change: ShelfChange, store: Store) -> set[int]:
    """Return the products that the planogram has on the plates of a change."""
    return {int(store.facings.product[row]) for row in facing_rows(change.plates, store)}


def stray_nats(strays: Sequence[Stray], change: ShelfChange) -> dict[int, tuple[float, float]]:
    """Return, by product, how well the best fitting piece of it set down here is what went, in nats, and its p.

    The nats are a log density of the grams that went, as those of any other piece are.
    """
    out: dict[int, tuple[float, float]] = {}
    for one in strays if change.total_g < 0.0 else ():
        if set(one.plates) & set(change.plates):
            found = _fit_nats(one, change), min(one.p, P_MAX)
            out[one.product] = max(found, out.get(one.product, found))
    return out


def _fit_nats(stray: Stray, change: ShelfChange) -> float:
    """Return the log density of the grams that went if they are a stray's: of all, and of each plate where they agree.

    Shares that are the same say more than the sum does, by as much as shares could have been any. A plate on which only
    a share of it lies may have been told of with what somebody else moved there.
    """
    lay = dict(zip(stray.plates, zip(stray.delta_g, stray.var, strict=True), strict=True))
    again = AGAIN_SD_G**2 + (AGAIN_SD * sum(stray.delta_g)) ** 2
    if not lay.keys() >= set(change.plates):
        return normal_nats(change.total_g, -sum(stray.delta_g), change.total_var + sum(stray.var) + again)
    grams, var = np.array([lay[plate] for plate in change.plates]).T
    each = log_normal(change.delta_g + grams, var + change.var + again / len(grams))
    missing = log(BESIDE_P) if len(lay) > len(grams) else 0.0
    return float(each.sum()) - spread_nats(abs(change.total_g), len(grams)) + missing

"""How well it is known that goods weigh what they should: the grams of those sold by weight, and what packages weigh.

Plates weigh what was taken. Where several pieces went at once they weigh the sum: whose share is how much follows from
what pieces weigh, and pieces of fruit differ. Where two people took from one facing in quick succession, a piece of one
may have lain partly on the plate of the other. What was taken where no plate weighs is charged what such pieces weigh
on the average, and is off by as much as they differ. A share on a plate beside that is noisy was not weighed. A scale
in trade must be right within a tolerance; a line that is charged unseen must be as well.

A package that weighs unlike all of its kind lies on a plate that is off, or something else moved beside it.
"""

from collections.abc import Iterable, Mapping
from itertools import product
from math import erf, exp, inf, log, sqrt

import numpy as np

from fusion.attribution.explanations import PICK, Goods, Part
from fusion.attribution.masses import Masses
from fusion.attribution.normal import normal_nats
from fusion.attribution.picking import spread_nats
from fusion.attribution.priors import odd_share
from fusion.attribution.settled import Settled
from fusion.config import SECOND_NS, AttributionConfig
from fusion.shelf import ShelfChange
from fusion.store import Store, facings_of_plate

COVERED = 0.2  # a share known worse than to this part of the whole is one that a hand covered
NEXT_WIDTHS = 1.5  # plates next to each other are no further apart than so many of their widths
# (p, g2): the variance of the grams that a trip's share of a change has, infinite where there may be something else.
Errors = tuple[tuple[float, float], ...]
Weighed = Mapping[tuple[str, int], tuple[Errors, ...]]  # (trip, product) -> of every change that it rests on


def beside(
    change: ShelfChange, open_: Mapping[str, ShelfChange], store: Store, config: AttributionConfig
) -> dict[str, float]:
    """Return the open changes of the same moment on facings of goods sold by weight that this one is on as well.

    With the grams, either way, by which both may have got each other's.
    """
    own = _loose_plates(change, store)
    out = {}
    for event, other in open_.items() if own else ():
        apart_s = abs(change.step_ns - other.step_ns) / SECOND_NS
        if other.plates and apart_s < config.hurry_s[1] and own & set(other.plates):
            out[event] = config.straddling * min(abs(change.total_g), abs(other.total_g))
    return out


def _loose_plates(change: ShelfChange, store: Store) -> set[int]:
    of_plate, facings = facings_of_plate(store.facings), store.facings
    rows = {row for plate in change.plates for row in of_plate.get(plate, ())}
    return {p for row in rows if store.products.by_weight[facings.product[row]] for p in facings.plates[row]}


def weighed_in(
    settled: Iterable[Settled], mixed: Mapping[str, float], masses: Masses, store: Store, config: AttributionConfig
) -> dict[tuple[str, int], tuple[Errors, ...]]:
    """Return how uncertain what everybody's goods weigh is, by the changes that moved them.

    mixed gives, by event, the grams it may have got of another's.
    """
    out: dict[tuple[str, int], tuple[Errors, ...]] = {}
    for one in settled:
        odd = _odd(one, masses, store, config)
        for part in one.reading.parts:
            if odd and part.trip:
                key = part.trip, part.product
                out[key] = (*out.get(key, ()), ((1.0 - odd, 0.0), (odd, inf)))
            guessed = part.grams == part.qty * store.products.mass_g[part.product]
            # In hands nothing is weighed anew: what was weighed before keeps its grams.
            if part.trip and store.products.by_weight[part.product] and (one.change.plates or guessed):
                key = part.trip, part.product
                errors: list[Errors] = [((1.0, _var(part, one, store, config)),)]
                if astray := mixed.get(one.event, 0.0):
                    errors.append(((1.0 - config.straddling_p, 0.0), (config.straddling_p, astray**2)))
                errors += _unweighed(part, one.change, store, config)
                out[key] = (*out.get(key, ()), *errors)
    return out


def _unweighed(part: Part, change: ShelfChange, store: Store, config: AttributionConfig) -> list[Errors]:
    """Return how far the grams of a part may be off by shares on plates beside, of its facing, that show no clear one.

    No share is as likely as the noise of the plate makes what it shows; a share may be any part of the whole. Under a
    hand a plate shows nothing, and its share mostly once the hand is gone, as a change of its own.
    """
    out: list[Errors] = []
    next_to = [
        (plate, grams, var)
        for plate, grams, var in change.hidden
        if var < (COVERED * part.grams) ** 2 and _lies_beside(plate, part.product, change, store)
    ]
    for _, grams, var in next_to:
        prior = config.straddles_p / len(next_to)
        none = log(1.0 - prior) + normal_nats(grams, 0.0, var)
        share_p = 1.0 / (1.0 + exp(none - log(prior) - spread_nats(part.grams, 2)))
        out.append(((1.0 - share_p, 0.0), (share_p, grams**2 + var)))
    return out


def _lies_beside(plate: int, product: int, change: ShelfChange, store: Store) -> bool:
    """Tell whether a plate is next to those of a change, under a facing of a product that is on both."""
    rows = facings_of_plate(store.facings).get(plate, ())
    own = {p for row in rows if store.facings.product[row] == product for p in store.facings.plates[row]}
    near = own.intersection(change.plates)
    apart = [float(np.linalg.norm(store.plates.centre[p] - store.plates.centre[plate])) for p in near]
    return min(apart, default=inf) < NEXT_WIDTHS * float(store.plates.size[plate, 0])


def _odd(one: Settled, masses: Masses, store: Store, config: AttributionConfig) -> float:
    """Return how likely something else moved beside packages of one product that were taken: they weigh unlike it."""
    goods = {(part.kind, part.product) for part in one.reading.parts}
    product = min((product for _, product in goods), default=-1)
    if goods != {(PICK, product)} or not one.change.plates or store.products.by_weight[product]:
        return 0.0
    qty = sum(part.qty for part in one.reading.parts)
    return config.odd_else_p * odd_share(one.change, product, qty, masses, store, config)


def _var(part: Part, one: Settled, store: Store, config: AttributionConfig) -> float:
    """Return the variance, g2, of the grams of one part of a change: of a known sum each share is the rest's too.

    Where no plate weighed it, it is off by as much as pieces differ.
    """
    if not one.change.plates:
        return part.qty * float(store.products.mass_sd_g[part.product]) ** 2
    own, rest = (
        sum(p.qty * float(store.products.mass_sd_g[p.product]) ** 2 for p in one.reading.parts if (p is part) == mine)
        for mine in (True, False)
    )
    plates = one.change.total_var + (config.weigh_gain_sd * part.grams) ** 2
    return plates + own * rest / max(own + rest, 1e-9)


def alike(one: Goods, other: Goods, store: Store, config: AttributionConfig) -> bool:
    """Tell whether two sets of goods are the same to pay: of what is sold by weight only the grams count."""
    if len(one) != len(other):
        return False
    for (sold, pieces, grams), (also, others, other_grams) in zip(one, other, strict=True):
        if sold != also:
            return False
        if store.products.by_weight[sold]:
            if abs(pieces * grams - others * other_grams) > _tolerance_g(pieces * grams, config):
                return False
        elif pieces != others:
            return False
    return True


def named_alike(one: tuple[Part, ...], other: tuple[Part, ...], store: Store) -> bool:
    """Tell whether two readings say the same of everything but how many pieces of goods sold by weight there were."""
    loose = store.products.by_weight
    said = (
        tuple((p.trip, p.kind, p.product, 0 if loose[p.product] else p.qty) for p in parts) for parts in (one, other)
    )
    return next(said) == next(said)


def _tolerance_g(grams: float, config: AttributionConfig) -> float:
    return max(config.weigh_tolerance_g, config.weigh_tolerance * grams)


def weighed_right(grams: float, errors: Iterable[Errors], config: AttributionConfig) -> float:
    """Return the probability that a line of so many grams, of changes with these errors, is within the tolerance."""
    total = {0.0: 1.0}  # variance -> p
    for one in errors:
        longer: dict[float, float] = {}
        for (var, p), (q, more) in product(total.items(), one):
            longer[var + more] = longer.get(var + more, 0.0) + p * q
        total = longer
    return sum(p * erf(_tolerance_g(grams, config) / sqrt(2.0 * max(var, 1e-6))) for var, p in total.items())

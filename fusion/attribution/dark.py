"""Hands in front of plates that say nothing: what they took there, if anything, no scale weighed.

A plate that is dead, stuck or silent leaves a hole in what the store can see. Whoever reaches into it may have taken
something or may only have looked; what cameras then see in the hand decides, and where they see nothing the receipt is
as doubtful as the reach.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

import numpy as np

from fusion.arrays import Floats
from fusion.attribution.bodies import Bodies
from fusion.attribution.evidence import HAND_ABOVE_PLATE_M
from fusion.attribution.explanations import PICK, PUT, Explanation, Goods, Part
from fusion.attribution.lasting import broken_off
from fusion.attribution.looks import NO_LOOKS, Looks
from fusion.attribution.priors import facing_rows
from fusion.attribution.why import HELD, PRIOR
from fusion.config import SECOND_NS, AttributionConfig, DarkConfig
from fusion.frozen import record
from fusion.shelf import ShelfChange
from fusion.store import Store
from fusion.tracking.hands import nats_at


@record()
class Reach:
    """A hand was where a product stands on plates that say nothing."""

    track_id: int
    facing: int  # row in store.facings
    since_ns: int
    t_ns: int  # until


def reaches_now(
    going_on: tuple[Reach, ...], bodies: Bodies, dark: Collection[int], store: Store, config: AttributionConfig
) -> tuple[Reach, ...]:
    """Return the reaches after one more slice; dark are the plates that say nothing now.

    A hand is at the facing it is likeliest at, however many say nothing.
    """
    facings = dark_facings(frozenset(dark), store)
    if not facings or not len(bodies.track_id):
        return going_on
    at = _nats_at(facings, bodies, store, config)
    past, still = broken_off(going_on, bodies.t_ns, config.dark.break_s)
    known = {(one.track_id, one.facing): one for one in still}
    for i in np.flatnonzero(at.max(axis=0) > config.dark.reach_nats):
        key = int(bodies.track_id[i]), facings[int(at[:, i].argmax())]
        before = known.get(key)
        known[key] = Reach(*key, before.since_ns if before else bodies.t_ns, bodies.t_ns)
    return (*past, *(known[key] for key in sorted(known)))


@lru_cache(maxsize=8)
def dark_facings(dark: frozenset[int], store: Store) -> tuple[int, ...]:
    """Return the facings of which every plate says nothing, in file order: slice after slice the same are asked for."""
    return tuple(row for row in facing_rows(tuple(dark), store) if dark.issuperset(store.facings.plates[row]))


def _nats_at(facings: Sequence[int], bodies: Bodies, store: Store, config: AttributionConfig) -> Floats:
    """Return per facing and body (f, n) how much likelier one of its hands is there than an unseen one, in nats.

    It is -inf for whoever is too far off to reach there.
    """
    plates = [list(store.facings.plates[row]) for row in facings]
    apart = store.plates.centre[[own[0] for own in plates], None, :2] - bodies.head[:, :2]
    near = np.linalg.norm(apart, axis=2) < 2 * config.reach_m_max
    out = np.full(near.shape, -np.inf)
    for k in np.flatnonzero(near.any(axis=1)).tolist():
        points = store.plates.centre[plates[k]] + np.array([0.0, 0.0, HAND_ABOVE_PLATE_M])
        hands = bodies.head[near[k]], bodies.hands[near[k]], bodies.hands_cov[near[k]]
        out[k, near[k]] = nats_at(points, *hands, config.hand_sd_m, config.hands).max(axis=1)
    return out


def moved_beside(reach: Reach, changes: Mapping[str, ShelfChange], store: Store, config: DarkConfig) -> tuple[str, ...]:
    """Return which changes moved goods beside a reach while it lasted: the hand may have been there for those."""
    mine = store.plates.centre[list(store.facings.plates[reach.facing])].mean(axis=0)
    slack = int(config.break_s * SECOND_NS)
    return tuple(
        event
        for event, change in changes.items()
        if change.plates
        and reach.since_ns - slack <= change.step_ns <= reach.t_ns + slack
        and np.linalg.norm(store.plates.centre[list(change.plates)].mean(axis=0) - mine) < config.beside_m
    )


def reach_readings(
    reach: Reach,
    trip: str,
    looks: Mapping[int, tuple[Looks, Looks]],
    goods: Mapping[str, Goods],
    store: Store,
    config: DarkConfig,
    free_p: float = 1.0,
) -> tuple[Explanation, ...]:
    """Return what may have happened, best first: nothing (no parts), a piece taken, or one of theirs put back.

    free_p is how likely the hand was there for nothing else.
    """
    product = int(store.facings.product[reach.facing])
    before, after = looks.get(reach.track_id, NO_LOOKS)
    own_g = next((g for k, _, g in goods.get(trip, ()) if k == product), None)
    # Who has one shows it whether or not another is taken.
    shown = after.of(product) if own_g is None else min(0.0, after.of(product))
    ways = [(PICK, free_p * config.takes_p, shown, float(store.products.mass_g[product]))]
    if own_g is not None:
        ways.append((PUT, free_p * config.puts_p, before.of(product), own_g))
    rest = 1.0 - sum(p for _, p, _, _ in ways)
    out = [Explanation((), 0.0)]
    for kind, p, held, grams in ways:
        prior = float(np.log(p / rest))
        why = ((PRIOR, prior), (HELD, held))
        out.append(Explanation((Part(trip, kind, product, 1, grams),), prior + held, why=why))
    return tuple(sorted(out, key=lambda e: -e.nats))

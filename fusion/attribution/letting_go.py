"""Goods that were carried in the hand for long, and then no more: who stood beside may have been handed them.

Whoever takes something for somebody else mostly keeps it in the hand until they meet; who gets it may bag it at once,
so that nobody ever sees it in their hands. People also bag what they carry, but they do when they need the hand: just
before they take the next thing. Who stopped to hand over something else stood there for that. What a cart's camera saw
go in then is in the cart.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from math import exp, expm1, inf, log

from fusion.attribution.beam import Group
from fusion.attribution.cart_evidence import camera_nats
from fusion.attribution.explanations import PUT, Explanation, Goods, handed
from fusion.attribution.hypotheses import doer_p, weights
from fusion.attribution.passing import read_passing
from fusion.attribution.possession import Run, left_nats
from fusion.attribution.state import Attribution, group_of
from fusion.attribution.why import HELD, PRIOR
from fusion.config import SECOND_NS, AttributionConfig
from fusion.frozen import replace
from fusion.store import Store
from fusion.tracking.carts import SeenMove


def let_go(state: Attribution, since_ns: int, until_ns: int, config: AttributionConfig) -> list[tuple[str, int]]:
    """Return what, by trip and product, is known from some instant to another to be in the hand no more."""
    gone_ns = int(config.possession.gone_s * SECOND_NS)
    if since_ns >= until_ns:
        return []  # nothing was put together in this slice
    return [key for key, run in state.runs.items() if run.beside and since_ns < run.last_ns + gone_ns <= until_ns]


def let_go_with(state: Attribution, trip: str, t_ns: int, config: AttributionConfig) -> list[tuple[str, int]]:
    """Return what a trip that left at an instant may have given or got, and nobody has been asked about yet."""
    found = let_go(state, 0, t_ns, config)
    return [key for key in found if key[0] == trip or trip in dict(state.runs[key].beside)]


def read_let_go(
    state: Attribution, found: Collection[tuple[str, int]], store: Store, config: AttributionConfig
) -> Attribution:
    """Read into the beams that those beside may have been handed what somebody let go of; nobody is asked twice."""
    for trip, product in sorted(found, key=lambda key: (state.runs[key].last_ns, key)):
        run = state.runs[trip, product]
        state = replace(state, runs={**state.runs, (trip, product): replace(run, beside=())})
        takers = _takers(state, trip, product, run, store, config)
        if not takers:
            continue

        def readings(
            goods: Mapping[str, Goods], trip: str = trip, product: int = product, takers: Mapping[str, float] = takers
        ) -> tuple[Explanation, ...]:
            return let_go_readings(trip, product, takers, goods, config)

        asked, witness = (trip, *takers), f"let go {store.products.sku[product]}"
        state = read_passing(state, run.last_ns, witness, asked, readings, store, config)
    return state


def let_go_readings(
    giver: str, product: int, takers: Mapping[str, float], goods: Mapping[str, Goods], config: AttributionConfig
) -> tuple[Explanation, ...]:
    """Return who may have been handed a piece that is in the giver's hand no more; no parts is "nobody"."""
    out = [Explanation((), 0.0)]
    grams = next((g for k, _, g in goods.get(giver, ()) if k == product), None)
    if grams is None:
        return tuple(out)
    prior = config.possession.given_nats
    for taker, nats in takers.items():
        why = ((PRIOR, prior), (HELD, nats))
        out.append(Explanation(handed(giver, taker, product, grams), prior + nats, why=why))
    return tuple(sorted(out, key=lambda e: -e.nats))


def _takers(
    state: Attribution, trip: str, product: int, run: Run, store: Store, config: AttributionConfig
) -> dict[str, float]:
    """Return how much likelier it is that each of those beside got a piece than that it was bagged."""
    own = config.possession
    known = frozenset().union(*(g.trips for g in state.groups))
    if trip not in known:
        return {}
    gone_ns, run_alone = run.last_ns + int(own.gone_s * SECOND_NS), run.alone
    carried = left_nats(run_alone, gone_ns, own.gone_s, own)
    if carried <= 0.0:
        return {}
    # Where they stood speaks for letting go of this only if they were not there for something else.
    elsewhere = left_nats(replace(run_alone, set_down_nats=min(0.0, run.set_down_nats)), gone_ns, own.gone_s, own)
    needed_p = _needed_p(state, group_of(state, trip), trip, product, run, config)
    nats = log((1.0 - needed_p) * exp(carried) + needed_p * exp(elsewhere + own.needed_nats))
    # Who still has it has bagged it, or put it into the cart as its camera saw.
    nats = -log(exp(-nats) + expm1(_carted_nats(state.seen.moves, trip, product, run.last_ns, store, config)))
    found = {taker: nats + met for taker, met in run.beside if taker in known}
    return {taker: one for taker, one in found.items() if own.given_nats + one > own.let_go_nats_min}


def _needed_p(state: Attribution, group: Group, trip: str, product: int, run: Run, config: AttributionConfig) -> float:
    """Return how likely the hand was needed for something else just then, or something else was handed over."""
    first_ns, last_ns = run.last_ns - SECOND_NS, run.last_ns + int(config.possession.gone_s * SECOND_NS)
    weighed, moment_ns = weights(group), int(config.possession.moment_s * SECOND_NS)
    near = (
        event
        for event, doers in state.doers.items()
        if doers.get(trip) == run.track_id and first_ns <= state.open[event].step_ns <= last_ns
    )
    met = (
        event
        for event in group.choice.column
        if not state.open[event].plates and abs(state.open[event].step_ns - run.last_ns) <= moment_ns
    )
    reached_p = (doer_p(group, event, trip, weighed) for event in near)
    gave_p = (float(weighed @ group.choice.where(event, partial(_gives_another, trip, product))) for event in met)
    return min(1.0, max((*reached_p, *gave_p), default=0.0))


def _gives_another(trip: str, product: int, reading: Explanation) -> bool:
    return any(part.trip == trip and part.kind == PUT and part.product != product for part in reading.parts)


def _carted_nats(
    moves: Iterable[SeenMove], trip: str, product: int, t_ns: int, store: Store, config: AttributionConfig
) -> float:
    """Return what the camera of a cart that somebody stood at then says of a product's having gone in, in nats."""
    moment_ns = int(config.possession.moment_s * SECOND_NS)
    nats = (
        camera_nats(one, store).get(product, 0.0)
        for one in moves
        if one.move.direction > 0
        and abs(one.move.t_ns - t_ns) <= moment_ns
        and one.near.get(trip, inf) < config.cart_reach_m
    )
    return max(nats, default=0.0)

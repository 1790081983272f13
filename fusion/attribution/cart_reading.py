"""What carts say of goods: what goes into a basket, what others lay into it, and carts that change hands."""

from collections.abc import Collection, Mapping

import numpy as np

from fusion.attribution.cart_evidence import move_nats, moved_in_basket
from fusion.attribution.cart_pass import CartPass, cart_pass_readings
from fusion.attribution.carted import Placed, filled, owner_by_goods, pushed, taken_over
from fusion.attribution.explanations import Explanation, Goods
from fusion.attribution.hypotheses import weights
from fusion.attribution.passing import Readings, read_passing
from fusion.attribution.state import Attribution, People
from fusion.config import AttributionConfig
from fusion.frozen import replace
from fusion.store import Store
from fusion.tracking.carts import SeenMove


def read_move(
    state: Attribution, one: SeenMove, people: People, store: Store, config: AttributionConfig
) -> Attribution:
    """Take note of what a move into a basket, or out of it, was by camera and scale, and by what those beside had."""
    nats, owner = move_nats(one, state.seen, store, people.cart), ""
    if one.move.direction > 0:
        beside = {t for t, far in one.near.items() if far < config.cart_reach_m} | {
            t for t, p in one.pairing.items() if p > people.cart.unowned_p
        }
        had = _may_have_had(state, beside)
        by = {
            t: {k: n + float(np.log(max(mine.get(k, 0.0), people.cart.unowned_p))) for k, n in nats.items()}
            for t, mine in had.items()
        }
        owner = owner_by_goods(one.pairing, {t: max(mine.values(), default=0.0) for t, mine in by.items()}, config)
        unowned = float(np.log(people.cart.unowned_p))
        nats = {k: max((mine[k] for mine in by.values()), default=n + unowned) for k, n in nats.items()}
    placed = Placed(one.move.direction, tuple((k, n) for k, n in nats.items() if n > 0.0))
    return replace(state, baskets=filled(state.baskets, one.cart, placed, owner)) if placed.nats else state


def _may_have_had(state: Attribution, trips: Collection[str]) -> dict[str, dict[int, float]]:
    """Return per trip how likely it is of each product that it has a piece."""
    out: dict[str, dict[int, float]] = {trip: {} for trip in sorted(trips)}
    for group in state.groups:
        mine = group.trips.intersection(out)
        for hypothesis, p in zip(group.beam, weights(group).tolist(), strict=True) if mine else ():
            for trip in mine:
                for product in {k for k, _, _ in hypothesis.goods.get(trip, ())}:
                    out[trip][product] = min(1.0, out[trip].get(product, 0.0) + p)
    return out


def read_cart_pass(
    state: Attribution, one: CartPass, people: People, store: Store, config: AttributionConfig
) -> Attribution:
    """Read a move into a cart into the beam of everybody near it."""
    weighed = moved_in_basket(one.move, state.seen, store, people.cart)
    basket = state.baskets.get(one.move.cart)
    placed = basket.placed if basket is not None else ()

    def readings(goods: Mapping[str, Goods]) -> tuple[Explanation, ...]:
        return cart_pass_readings(one, weighed, placed, goods, config)

    return read_passing(state, one.t_ns, f"cart {one.nats}", (one.owner, *one.others), readings, store, config)


def read_carts(state: Attribution, now_ns: int, people: People, store: Store, config: AttributionConfig) -> Attribution:
    """Follow whose the carts are; goods in a cart that changes hands may go with it."""
    if not people.carts:
        return state
    baskets, changed = pushed(state.baskets, people.carts)
    state = replace(state, baskets=baskets)
    for cart, source, target in changed:
        if store.handover != "holder" or people.staff & {source, target}:
            continue

        def readings(goods: Mapping[str, Goods], now: tuple[str, str, str] = (cart, source, target)) -> Readings:
            return taken_over(baskets[now[0]], now[1], now[2], goods, config)

        state = read_passing(state, now_ns, f"{cart} changes hands", (source, target), readings, store, config)
    return state

"""What carts say of goods: what goes into a basket, what others lay into it, and carts that change hands."""

from collections.abc import Collection, Mapping
from functools import partial

import numpy as np

from fusion.attribution.cart_evidence import camera_nats, has_scale, move_nats, moved_in_basket
from fusion.attribution.cart_pass import CartPass, cart_pass_readings
from fusion.attribution.carted import CartNow, Placed, filled, found_in, owner_by_goods, pushed, taken_over, unseen_of
from fusion.attribution.explanations import PICK, Explanation, Goods
from fusion.attribution.hypotheses import weights
from fusion.attribution.passing import Readings, read_passing
from fusion.attribution.possession import carried_on
from fusion.attribution.state import Attribution, People
from fusion.attribution.strangers import missed
from fusion.config import SECOND_NS, AttributionConfig
from fusion.frozen import replace
from fusion.store import Store
from fusion.tracking.carts import SeenMove


def read_move(
    state: Attribution, one: SeenMove, people: People, store: Store, config: AttributionConfig
) -> Attribution:
    """Take note of what a move into a basket, or out of it, was by camera and scale, and by what those beside had."""
    beside = {t for t, far in one.near.items() if far < config.cart_reach_m} | {
        t for t, p in one.pairing.items() if p > people.cart.unowned_p
    }
    one = _upright(state, one, beside, people, store, config)
    nats, owner, of = move_nats(one, state.seen, store, people.cart), ("", 0.0), frozenset[str]()
    if one.move.direction > 0:
        had = _may_have_had(state, beside)
        by = {
            t: {k: n + float(np.log(max(mine.get(k, 0.0), people.cart.unowned_p))) for k, n in nats.items()}
            for t, mine in had.items()
        }
        put = {t: max(mine.values(), default=0.0) for t, mine in by.items()}
        owner, unowned = owner_by_goods(one.pairing, put, config), float(np.log(people.cart.unowned_p))
        # Goods of somebody else's that are put into a cart are its owner's from then on.
        of = frozenset(t for t, mine in put.items() if mine > max(put.values()) + 0.5 * unowned)
        of |= {t for t, p in one.pairing.items() if p >= config.cart_owner_p}
        nats = {k: max((mine[k] for mine in by.values()), default=n + unowned) for k, n in nats.items()}
    placed = Placed(one.move.direction, tuple((k, n) for k, n in nats.items() if n > 0.0), of)
    return replace(state, baskets=filled(state.baskets, one.cart, placed, *owner)) if placed.nats else state


def _upright(
    state: Attribution,
    one: SeenMove,
    beside: Collection[str],
    people: People,
    store: Store,
    config: AttributionConfig,
) -> SeenMove:
    """Return a move the right way round: what was never in the basket, and was just taken from a shelf, goes in."""
    if one.move.direction > 0:
        return one
    basket = state.baskets.get(one.cart)
    was_in = {k for placed in basket.placed if placed.direction > 0 for k, _ in placed.nats} if basket else set()
    seen = camera_nats(one, store)
    named = {k for k, nats in seen.items() if nats > 0.5 * max(seen.values())}  # the rest is hardly meant
    since_ns = one.move.t_ns - int(2.0 * people.cart.move_window_s * SECOND_NS)
    if not named or named & was_in or not named & _just_picked(state, beside, since_ns, one.move.t_ns):
        return one
    return replace(one, move=replace(one.move, direction=1))


def _just_picked(state: Attribution, trips: Collection[str], since_ns: int, until_ns: int) -> set[int]:
    """Return the products that some trips took from shelves between two instants, as is believed now."""
    recent = [event for event, change in state.open.items() if change.plates and since_ns <= change.step_ns <= until_ns]
    return {
        part.product
        for group in state.groups
        if group.trips.intersection(trips)
        for event in recent
        if group.reads(event)
        for part in group.reading(0, event).parts
        if part.kind == PICK and part.trip in trips
    }


def _may_have_had(state: Attribution, trips: Collection[str]) -> dict[str, dict[int, float]]:
    """Return per trip how likely it is of each product that it has a piece."""
    out: dict[str, dict[int, float]] = {trip: {} for trip in sorted(trips)}
    for group in state.groups:
        mine = group.trips.intersection(out).intersection(group.goods.column)
        weighed = weights(group).tolist() if mine else []
        for trip in mine:
            for goods, p in zip(group.goods.each(trip), weighed, strict=True):
                for product in {k for k, _, _ in goods}:
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
    carts = {
        cart: replace(now, owner="") if _goes_out(state, cart, now, now_ns, people, store, config) else now
        for cart, now in people.carts.items()
    }
    baskets, changed = pushed(state.baskets, carts, config)
    if changed and missed(state, now_ns, people, config) - people.staff:
        baskets |= {cart: replace(baskets[cart], lost=True) for cart, _, _ in changed}
    state = replace(state, baskets=baskets)
    for cart, source, target in changed:
        if store.handover != "holder" or people.staff & {source, target}:
            continue
        witness = f"{cart} changes hands"
        if any(source in group.trips for group in state.groups):
            readings = partial(_taken_over, state, cart, source, target, config)
            state = read_passing(state, now_ns, witness, (source, target), readings, store, config)
        else:
            laid = {k: (one.nats + config.tags.left_nats, one.grams) for k, one in state.laid.items()}
            found = found_in(state.baskets[cart], source, target, laid, config)
            anyway = partial(_whatever_is_carried, found)
            state = read_passing(state, now_ns, witness, (target,), anyway, store, config, may_appear=True)
    return state


def _goes_out(
    state: Attribution,
    cart: str,
    now: CartNow,
    now_ns: int,
    people: People,
    store: Store,
    config: AttributionConfig,
) -> bool:
    """Tell whether a cart that seems to change hands is at a gate, and whose it was nowhere in sight: both are leaving.

    Who comes behind them is near it then, and has not taken it.
    """
    basket = state.baskets.get(cart)
    if basket is None or not basket.owner or now.owner in ("", basket.owner):
        return False
    apart_m = np.linalg.norm(store.gates.line.mean(axis=1) - np.array(now.xy), axis=1)
    if apart_m.min(initial=np.inf) > config.cart_gone_m:
        return False
    return basket.owner in missed(state, now_ns, people, config) | {one.trip for one in state.exits}


def _whatever_is_carried(found: Readings, _: Mapping[str, Goods]) -> Readings:
    return found


def _taken_over(
    state: Attribution, cart: str, source: str, target: str, config: AttributionConfig, goods: Mapping[str, Goods]
) -> Readings:
    unseen = may_be_in(state, cart, source, goods.get(source, ()), config)
    return taken_over(state.baskets[cart], source, target, goods, config, unseen)


def may_be_in(state: Attribution, cart: str, trip: str, goods: Goods, config: AttributionConfig) -> frozenset[int]:
    """Return the products of somebody that a cart's camera may have missed when they went in.

    A scale misses none; and what hands were seen with for longer than it takes to put it into a cart they kept.
    """
    if has_scale(state.seen, cart):
        return frozenset()
    return unseen_of(state.baskets, trip, goods) - carried_on(state.runs, trip, config.cart_carried_s)

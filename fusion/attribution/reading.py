"""One shelf change is read into the beam of everybody it may concern."""

from collections.abc import Callable, Collection, Hashable, Mapping
from functools import cache
from itertools import chain

import numpy as np

from fusion.attribution.beam import Group, Hypothesis, told_apart
from fusion.attribution.cart_evidence import cart_nats
from fusion.attribution.crossing import crossings
from fusion.attribution.evidence import candidates
from fusion.attribution.explanations import PUT, Explanation, Goods, Mover, movers, ranked
from fusion.attribution.hurry import Hurry, busy_in, hurried, unhurried
from fusion.attribution.hypotheses import LIKELY_NATS, extend, lots, merge, reading_posterior
from fusion.attribution.lifting import Begun, begun, rest_of, whole_of
from fusion.attribution.masses import masses_of
from fusion.attribution.picking import picks
from fusion.attribution.pressing import Before, is_undone, pressed_g, shortly_before
from fusion.attribution.priors import Moved, facing_rows, weigh_change
from fusion.attribution.record import best_few, put_aside
from fusion.attribution.returning import puts
from fusion.attribution.settled import Settled
from fusion.attribution.state import Attribution, People, Stock, limited
from fusion.attribution.strangers import missed, with_strangers
from fusion.attribution.strays import MORE_P, noted, off_plan, stray_nats
from fusion.attribution.swapping import swaps
from fusion.attribution.unexplained import nobody, settling
from fusion.attribution.weights import beside
from fusion.attribution.witnesses import Witnesses
from fusion.checkout.records import derive_id
from fusion.config import SECOND_NS, AttributionConfig, CartConfig
from fusion.frozen import replace
from fusion.shelf import ShelfChange
from fusion.store import Store, facings_of_plate


def event_id(change: ShelfChange, store: Store) -> str:
    """Return the id of a change: the same evidence, the same id."""
    plates = ",".join(store.plates.plate_id[p] for p in change.plates)
    return f"ev-{derive_id('event', store.store_id, str(change.step_ns), plates).hex()[:16]}"


def read_change(
    state: Attribution, change: ShelfChange, people: People, store: Store, config: AttributionConfig
) -> tuple[Attribution, list[Settled]]:
    """Read one change into the beam of everybody it may concern."""
    event = event_id(change, store)
    first_ns, last_ns = _about(change, config)
    others = (one for one in chain(state.open.values(), state.waiting) if first_ns <= one.step_ns <= last_ns)
    near = candidates(change, state.seen, people.alias, store, config, others)
    evidence = put_aside(change, near, state.seen, people.who, people.alias, store)
    who = _known(movers(near, change.step_ns, people.who, people.staff, config), change, state, people, store)
    unseen = missed(state, change.step_ns, people, config)
    state = replace(state, missed={**state.missed, event: unseen}) if unseen else state
    named = frozenset(m.trip for m in who if m.trip)
    touched = [g for g in state.groups if g.trips & named] if named else []
    if not touched:
        settled = [replace(_unclaimed(event, change, state, store, config), evidence=evidence)]
        return with_strangers(state, settled), settled
    group = touched[0]
    for other in touched[1:]:
        group = merge(group, other, config)
    moved = _weighed(state, change, store, config)
    strangers = nobody(moved, store, config)
    # Of a large store's open changes few are of about then, and only those are gone through again and again.
    about = {event: one for event, one in state.open.items() if first_ns <= one.step_ns <= last_ns}
    before, first = shortly_before(change, about, config), begun(change, about, moved.masses, store, config)
    still = _no_goods(change, who, before, first, state.waiting, store, config)
    taken = picks(moved, who, store, config) if change.total_g < 0 else ()
    room = config.explanations_max - len(strangers) - 1
    doers = {event: state.doers[event] for event in about if event in state.doers}
    hurry = hurried(change, who, about, doers, store, config)
    ranked = _ranked(moved, who, taken, hurry, store, config)
    mixed = beside(change, about, store, config)
    asked = {*hurry, *(earlier for earlier, _ in before), *([first.event] if first is not None else [])}
    apart, kind = told_apart(group, [m.trip for m in who], [*asked, *_weighed_singly(group, change, who, store)])
    each, lost = list[tuple[Explanation, ...]](), 0
    for hypothesis in apart:
        found = ranked(hypothesis)
        if first is not None:
            found = whole_of(first, hypothesis, found, store, config)
        each.append((*found[:room], still(hypothesis), *strangers))
        lost += len(found) > room and found[room].nats > found[0].nats - LIKELY_NATS
    state = limited(state, "attribution.explanations_max", lost > 0)
    group = extend(group, event, {row: each[k] for row, k in enumerate(kind)}, config)
    best = reading_posterior(group, event)[0]
    state = replace(
        state,
        groups=(*[g for g in state.groups if g not in touched], group),
        open={**state.open, event: change},
        mixed={**state.mixed, **mixed, event: max(mixed.values())} if mixed else state.mixed,
        doers={**state.doers, event: {m.trip: m.track_id for m in who if m.trip}},
        evidence={**state.evidence, event: replace(evidence, weighed=best_few(each[kind[0]]))},
        misplaced=_restock(state.misplaced, change, best, store),
        strays=noted(state.strays, change, best, store),
    )
    return state, []


def _about(change: ShelfChange, config: AttributionConfig) -> tuple[int, int]:
    """Return from when until when, ns, other changes may bear on one."""
    most_s = max(config.hurry_s[1], config.press_s, config.lift_s, config.held_window_s + config.next_pick_s)
    most_ns = int(most_s * SECOND_NS) + 1
    return change.step_ns - most_ns, change.step_ns + most_ns


def _known(
    who: tuple[Mover, ...], change: ShelfChange, state: Attribution, people: People, store: Store
) -> tuple[Mover, ...]:
    """Name only those of open trips, and add what their carts saw; nobody is near most changes of a large store."""
    if not who:
        return ()
    known = frozenset().union(*(g.trips for g in state.groups))
    who = tuple(m if m.trip in known else replace(m, trip="") for m in who)
    return _narrow(tuple(_with_cart(m, change, state.seen, store, people.cart) for m in who))


def _no_goods(
    change: ShelfChange,
    who: tuple[Mover, ...],
    before: Before,
    first: Begun | None,
    waiting: Collection[ShelfChange],
    store: Store,
    config: AttributionConfig,
) -> Callable[[Hypothesis], Explanation]:
    """Return what gives the reading that no goods moved: it follows from what a hypothesis says of changes before.

    A hand may have pressed there and left; or it is the rest of a slow lift, whichever is likelier.
    """
    undone = is_undone(change, waiting, config)
    hand_nats = max(m.nats for m in who)
    still = cache(lambda grams: settling(change, config, grams, undone=undone, hand_nats=hand_nats))

    def reading(hypothesis: Hypothesis) -> Explanation:
        rest = rest_of(first, hypothesis, who, store, config) if first is not None else None
        none = still(pressed_g(before, hypothesis))
        return rest if rest is not None and rest.nats > none.nats else none

    return reading


def _weighed_singly(group: Group, change: ShelfChange, who: tuple[Mover, ...], store: Store) -> list[str]:
    """Return the changes that tell what each piece weighed of what may be put back of goods sold by weight."""
    if change.total_g < 0:
        return []
    trips = {m.trip for m in who if any(_loose(goods, store) for goods in group.carried(m.trip))}
    if not trips:
        return []  # nearly always
    loose = store.products.by_weight
    return [
        event
        for event, k in group.choice.column.items()
        if any(p.trip in trips and loose[p.product] for reading in group.choice.values[k] for p in reading.parts)
    ]


def _with_cart(mover: Mover, change: ShelfChange, seen: Witnesses, store: Store, config: CartConfig) -> Mover:
    """Add what the mover's cart saw to what was seen in their hands."""
    into, out_of = (cart_nats(mover.trip, way, change, seen, store, config) for way in (1, -1))
    return replace(mover, after=replace(mover.after, cart=into), before=replace(mover.before, cart=out_of))


def _narrow(who: tuple[Mover, ...]) -> tuple[Mover, ...]:
    """Keep one mover alone where the evidence for place and hands leaves no doubt."""
    if len(who) < 2:
        return who
    nats = np.array([m.nats + sum(c.nats for c in m.claims) for m in who])
    best = int(np.argmax(nats))
    rest = np.delete(nats, best).max()
    return (who[best],) if nats[best] - rest > 8.0 and who[best].trip else who


def _weighed(state: Attribution, change: ShelfChange, store: Store, config: AttributionConfig) -> Moved:
    masses = masses_of(state.biases, store, config)
    strays = stray_nats(state.strays, change)
    return weigh_change(change, _misplaced_on(state, change, store), masses, store, config, strays)


def _ranked(
    moved: Moved,
    who: tuple[Mover, ...],
    taken: tuple[Explanation, ...],
    hurry: Mapping[str, Hurry],
    store: Store,
    config: AttributionConfig,
) -> Callable[[Hypothesis], list[Explanation]]:
    """Return what gives all readings, best first: taken, and those that rest on what everybody carries.

    Hypotheses mostly agree on that and on who was elsewhere, so that few of them ask for anything new.
    """
    returns = moved.change.total_g >= 0  # only who puts something back is asked what each piece of it weighed
    mine: dict[Hashable, tuple[Explanation, ...]] = {}
    whole: dict[Hashable, list[Explanation]] = {}

    def of(mover: Mover, goods: Goods, singly: Mapping[int, tuple[float, ...]]) -> tuple[Explanation, ...]:
        put = puts(moved, mover, goods, store, config, singly) if returns else ()
        return (*put, *swaps(moved, mover, goods, store, config))

    def readings(hypothesis: Hypothesis) -> list[Explanation]:
        goods = {m.trip: hypothesis.goods.get(m.trip, ()) for m in who}
        loose = [trip for trip, own in goods.items() if _loose(own, store)] if returns else ()
        singly, busy = {trip: lots(hypothesis, trip, store) for trip in loose}, busy_in(hypothesis, hurry)
        apart = tuple((trip, *one.items()) for trip, one in singly.items())
        key = tuple(goods.values()), apart, tuple(sorted(busy.items()))
        if key not in whole:
            out = list(taken)
            for mover in who:
                one = mover, goods[mover.trip], singly.get(mover.trip, {})
                own = mover.trip, one[1], tuple(one[2].items())
                if own not in mine:
                    mine[own] = of(*one)
                out += mine[own]
            if len(who) > 1:
                out += crossings(moved, who, goods, store, config)
            whole[key] = unhurried(ranked(out), busy)
        return whole[key]

    return readings


def _loose(goods: Goods, store: Store) -> bool:
    return any(store.products.by_weight[product] for product, _, _ in goods)


def _misplaced_on(state: Attribution, change: ShelfChange, store: Store) -> dict[int, float]:
    """Return the pieces believed on some plates off the planogram: set down there, or beside what went from there."""
    total: dict[int, float] = {}
    for plate in change.plates:
        for product, pieces in state.misplaced.get(plate, {}).items():
            total[product] = max(total.get(product, 0.0), pieces)
    for product, p in _off_plan_here(state, change, store).items():
        if product not in total:  # what somebody set down there tells nothing of the planogram
            total[product] = MORE_P * p
    return total


def _off_plan_here(state: Attribution, change: ShelfChange, store: Store) -> dict[int, float]:
    """Return how likely other goods than planned have gone from the facings of a change, as all is read now."""
    rows = facing_rows(change.plates, store)
    found = [state.off_plan[row] for row in rows if row in state.off_plan]
    beside = {plate for row in rows for plate in store.facings.plates[row]}
    for event, other in state.open.items():
        if not beside.isdisjoint(other.plates) and other.total_g < 0.0:
            group = next(g for g in state.groups if g.reads(event))
            found.append(off_plan(other, reading_posterior(group, event), store))
    return {product: max(one.get(product, 0.0) for one in found) for product in sorted(set().union(*found))}


def _restock(stock: Stock, change: ShelfChange, best: tuple[Explanation, float], store: Store) -> Stock:
    """Note goods that are now where the planogram does not have them, and those taken from there again."""
    reading, p = best
    out = dict(stock)
    facings = facings_of_plate(store.facings)
    for part in reading.parts:
        sign = 1.0 if part.kind == PUT else -1.0
        for plate in change.plates:
            rows = out[plate] = dict(out.get(plate, {}))
            is_home = any(store.facings.product[row] == part.product for row in facings.get(plate, ()))
            if sign > 0 and is_home:
                continue
            if sign < 0 and part.product not in rows:
                continue
            rows[part.product] = max(0.0, rows.get(part.product, 0.0) + sign * p * part.qty)
    return out


def _unclaimed(event: str, change: ShelfChange, state: Attribution, store: Store, config: AttributionConfig) -> Settled:
    """Read a change nobody with a trip was near: what it was is said, who it was is not."""
    stranger = nobody(_weighed(state, change, store, config), store, config)
    found = sorted((settling(change, config), *stranger), key=lambda e: -e.nats)
    weight = np.exp([e.nats - found[0].nats for e in found])
    p = (weight / weight.sum()).tolist()
    return Settled(event, change, found[0], p[0], tuple(zip(found[1:], p[1:], strict=True)))

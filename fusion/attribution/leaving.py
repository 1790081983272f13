"""A trip that leaves: its tags and hands are weighed, it is settled on its charge, and the others go on."""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache, partial
from math import exp, log

import numpy as np

from fusion.attribution.beam import Group, Hypothesis, told_apart
from fusion.attribution.cart_reading import may_be_in
from fusion.attribution.carted import Basket, kept_in_baskets, left_behind, out_of_baskets, stayed
from fusion.attribution.explanations import PICK, PUT, Claim, Explanation, Goods, Part
from fusion.attribution.handover import at_moment
from fusion.attribution.hypotheses import (
    bar,
    chargeable,
    claim_anew,
    drop,
    extend,
    goods_posterior,
    is_same,
    reading_posterior,
    reading_posteriors,
    weigh,
    weights,
)
from fusion.attribution.letting_go import let_go_with, read_let_go
from fusion.attribution.masses import masses_of
from fusion.attribution.possession import Laid, Run, left_nats, reached_once
from fusion.attribution.priors import facing_rows, pieces_nats
from fusion.attribution.settled import Settled
from fusion.attribution.state import Attribution, group_of, is_dark
from fusion.attribution.stooping import stoop_readings
from fusion.attribution.strays import off_plan
from fusion.attribution.tags import Exit, TagRead, heard_nats, shares
from fusion.attribution.weights import alike, named_alike, weighed_in, weighed_right
from fusion.attribution.why import CART, HELD, PRIOR, Why, add
from fusion.checkout.records import derive_id
from fusion.config import SECOND_NS, AttributionConfig
from fusion.frozen import replace
from fusion.shelf import ShelfChange
from fusion.store import Store

Readings = tuple[Explanation, ...]
LAID_MIN = 0.02  # what is less likely to lie about nobody is asked to have found


def believe_anew(state: Attribution, nats_of: Callable[[Claim], float], config: AttributionConfig) -> Attribution:
    """Weigh all open readings by what is believed now of who was who when."""
    if not any(g.claims[k] for g in state.groups for k in g.claimed.tolist()):
        return state
    known = cache(nats_of)  # hypotheses rest on the same claims
    return replace(state, groups=tuple(claim_anew(g, known, config) for g in state.groups))


def hear(
    state: Attribution, reads: tuple[TagRead, ...], exits: tuple[Exit, ...], config: AttributionConfig
) -> Attribution:
    """Remember tags and exits of the last seconds; older ones can belong to nobody who still closes."""
    last = max((*(read.t_ns for read in reads), *(one.t_ns for one in exits)), default=0)
    since = last - int(config.sightings_s * SECOND_NS)
    return replace(
        state,
        reads=(*(r for r in state.reads if r.t_ns >= since), *reads),
        exits=(*(e for e in state.exits if e.t_ns >= since), *exits),
    )


def unhear(state: Attribution, exits: Iterable[tuple[str, int]]) -> Attribution:
    """Forget exits, of a trip at an instant each, that were none; those that are too old are forgotten already."""
    out = list(state.exits)
    for exit_ in exits:
        at = next((row for row, one in enumerate(out) if (one.trip, one.t_ns) == exit_), None)
        if at is not None:
            del out[at]
    return replace(state, exits=tuple(out)) if len(out) < len(state.exits) else state


def weigh_exit(state: Attribution, trip: str, t_ns: int, store: Store, config: AttributionConfig) -> Attribution:
    """Weigh what a trip that has left carries by the tags that were heard, and by what its hands no longer held.

    A tag that nobody was seen to take may have been taken where no plate noticed; goods whose tag was not heard, or
    that were carried in the hand and then were gone, may have been set down somewhere. Both stay readings beside
    "nothing of the kind", with the weight the evidence gives them.
    """
    mine = tuple(e for e in state.exits if e.trip == trip)
    if not mine:
        return state
    left_ns = max(e.t_ns for e in mine)
    state = read_let_go(state, let_go_with(state, trip, left_ns, config), store, config)
    portals = {store.gates.gate_id.index(gate) for _, gate in store.portals if gate in store.gates.gate_id}
    through = sum(e.gate in portals for e in mine) / len(mine) if config.tags.witness else 0.0
    carries = partial(_carries, state, config)
    found = shares(trip, state.reads, state.exits, config.tags, carries) if through else {}
    group = group_of(state, trip)
    believed = {product for goods in group.carried(trip) for product, _, _ in goods}
    tagged = {k for k in believed if through and store.products.epc_prefix[k]} | set(found)
    runs = {product: run for (of, product), run in state.runs.items() if of == trip and product in believed}
    runs = reached_once(runs, config.possession)

    @cache
    def in_carts(goods: Goods) -> tuple[frozenset[int], frozenset[int]]:
        """Return what came out of the trip's carts, and what is in them to the last piece."""
        return out_of_baskets(state.baskets, trip, goods), kept_in_baskets(state.baskets, trip, goods)

    out = frozenset().union(*(in_carts(goods)[0] for goods in group.carried(trip)))
    # What came out of a cart was in no hand, nor in a bag, while it was in there; and standing beside a cart, people do
    # not put it back in: that would mostly have been seen.
    runs = {
        k: replace(run, since_ns=0, set_down_nats=run.set_down_nats + run.cart_nats) if k in out else run
        for k, run in runs.items()
    }
    gone = {
        k: left_nats(runs.get(k), min(e.t_ns for e in mine), config.possession.gone_s, config.possession)
        for k in believed
    }
    opened = dict(state.open)
    asked = tagged | out | {k for k, nats in gone.items() if nats > 0.0}
    for product in sorted(asked):
        event = f"rf-{derive_id('exit', store.store_id, trip, store.products.sku[product]).hex()[:16]}"
        heard = sum(found.get(product, ())) if product in tagged else -1.0
        dark = is_dark(state, product, t_ns - int(config.dark_s * SECOND_NS), store)
        unseen = config.dark_nats if dark else config.unseen_nats
        about = _about(state.runs.get((trip, product)), state.open, config)
        apart, kind = told_apart(group, (trip,), about)
        readings = list[Readings]()
        for h in apart:
            taken_out, carted = (product in products for products in in_carts(h.goods[trip]))
            # No hand holds what is in a cart; and who puts one of several back, or hands something over, mostly bags
            # the rest then.
            rid = _got_rid(h, trip, product, opened, about)
            held = 0.0 if carted or rid else gone.get(product, 0.0)
            why = add(((PRIOR, config.tags.left_nats), (HELD, held), (CART, config.cart_out_nats * taken_out)))
            readings.append(_exit_readings(h.goods[trip], trip, product, heard, why, unseen, store, config))
        if any(len(found_) > 1 for found_ in readings):
            group = extend(group, event, {row: readings[k] for row, k in enumerate(kind)}, config)
            opened[event] = at_moment(t_ns)
    for stoop in state.stooped.get(trip, ()):
        event = f"rf-{derive_id('stoop', store.store_id, trip, str(stoop.t_ns)).hex()[:16]}"
        apart, kind = told_apart(group, (trip,), group.choice.column)
        down = [stoop_readings(stoop, trip, h, opened, runs, in_carts(h.goods[trip])[1], config) for h in apart]
        if any(len(found_) > 1 for found_ in down):
            group = extend(group, event, {row: down[k] for row, k in enumerate(kind)}, config)
            opened[event] = at_moment(stoop.t_ns)
    for cart, basket in left_behind(state.baskets, trip, left_ns, store.gates.line, config):
        event = f"rf-{derive_id('cart left', store.store_id, trip, cart).hex()[:16]}"
        apart, kind = told_apart(group, (trip,), group.choice.column)
        stays = [
            stayed(
                basket, trip, h.goods[trip], config,
                may_be_in(state, cart, trip, h.goods[trip], config) & taken_at(basket, h, trip, opened, store, config),
            )
            for h in apart
        ]  # fmt: skip
        if any(len(found_) > 1 for found_ in stays):
            group = extend(group, event, {row: stays[k] for row, k in enumerate(kind)}, config)
            opened[event] = at_moment(t_ns)
    state, group = _weigh_tags(state, group, trip, tagged, found, through, config)
    rest = [g for g in state.groups if trip not in g.trips]
    return replace(state, groups=(*rest, group), open=opened)


def _about(run: Run | None, open_: Mapping[str, ShelfChange], config: AttributionConfig) -> list[str]:
    """Return the open changes of about when a trip's hands were last seen with a product."""
    near_ns = int(config.possession.moment_s * SECOND_NS)
    if run is None:
        return []
    return [event for event, one in open_.items() if abs(one.step_ns - run.last_ns) <= near_ns]


def taken_at(
    basket: Basket,
    h: Hypothesis,
    trip: str,
    opened: Mapping[str, ShelfChange],
    store: Store,
    config: AttributionConfig,
) -> frozenset[int]:
    """Return what a trip took before its cart came to stand where it was left, or beside it."""
    beside = np.linalg.norm(store.plates.centre[:, :2] - np.array(basket.stands), axis=1) <= config.cart_reach_m
    return frozenset(
        part.product
        for event, reading in h.choice.items()
        for change in (opened[event],)
        if change.step_ns <= basket.stood_ns or any(beside[plate] for plate in change.plates)
        for part in reading.parts
        if part.trip == trip and part.kind == PICK
    )


def _got_rid(h: Hypothesis, trip: str, product: int, open_: Mapping[str, ShelfChange], about: Iterable[str]) -> bool:
    """Tell whether a trip put pieces of a product back in some changes, or handed over anything."""
    return any(
        part.trip == trip and part.kind == PUT and (part.product == product or not open_[event].plates)
        for event in about
        if event in h.choice
        for part in h.choice[event].parts
    )


def _carries(state: Attribution, config: AttributionConfig, trip: str, product: int) -> float:
    """Return how likely a trip carries a product, seen or not; one that is closed, what it was charged; staff any."""
    group = next((group for group in state.groups if trip in group.trips), None)
    if group is None:
        charged = next(one.charged for one in state.exits if one.trip == trip)
        return 1.0 if charged is None or product in charged else exp(config.unseen_nats)
    has = group.goods.where(trip, lambda goods: any(k == product for k, _, _ in goods))
    return min(1.0, float(weights(group) @ has) + exp(config.unseen_nats))


def _weigh_tags(
    state: Attribution,
    group: Group,
    trip: str,
    tagged: Collection[int],
    found: Mapping[int, tuple[float, ...]],
    through: float,
    config: AttributionConfig,
) -> tuple[Attribution, Group]:
    """Weigh every hypothesis by the tags that were heard; trips that are clear then teach how many tags are heard."""
    if not tagged:
        return state, group
    heard, of = state.heard
    prior = config.tags.read_rate_tags
    rate = through * (config.tags.read_rate * prior + heard) / (prior + of)
    most = max((n for goods in group.carried(trip) for _, n, _ in goods), default=0)
    nats = {k: config.tags.witness * heard_nats(found.get(k, ()), most, rate, config.tags) for k in sorted(tagged)}

    def nats_of(goods: Goods) -> float:
        counts = {product: pieces for product, pieces, _ in goods}
        return float(sum(table[counts.get(k, 0)] for k, table in nats.items()))

    group = weigh(group, group.goods.told(trip, nats_of), config)
    goods, p = goods_posterior(group, trip)[0]
    if p > config.tags.clear_p and through == 1.0:
        counts = {product: pieces for product, pieces, _ in goods}
        carried_out = sum(counts.get(k, 0) for k in tagged)
        got = sum(min(sum(found.get(k, ())), counts.get(k, 0)) for k in tagged)
        state = replace(state, heard=(heard + got, of + carried_out))
    return state, group


def _exit_readings(
    goods: Goods,
    trip: str,
    product: int,
    heard: float,
    left: Why,
    unseen: float,
    store: Store,
    config: AttributionConfig,
) -> tuple[Explanation, ...]:
    """Return what may have happened to a product besides what was seen of it; heard < 0: its tags say nothing.

    As many pieces as tags may have been taken unseen, at once.
    """
    pieces, grams = next(((n, g) for k, n, g in goods if k == product), (0, 0.0))
    readings = [Explanation((), 0.0)]
    for n in range(1, max(1, round(heard - pieces)) + 1) if heard > pieces + 0.3 else ():
        part = Part(trip, PICK, product, n, n * float(store.products.mass_g[product]))
        nats = unseen + pieces_nats(n, config)
        readings.append(Explanation((part,), nats, why=((PRIOR, nats),)))
    if pieces and heard < pieces - 0.5:
        readings.append(Explanation((Part(trip, PUT, product, 1, grams),), sum(nats for _, nats in left), why=left))
    return tuple(readings)


def as_it_stands(state: Attribution, event: str) -> Settled:
    """Return how an open change is read now; nothing of it is final."""
    group = next(g for g in state.groups if g.reads(event))
    (reading, p), *others = reading_posterior(group, event)
    return Settled(event, state.open[event], reading, p, tuple(others))


def carried(
    state: Attribution, trip: str, store: Store, config: AttributionConfig
) -> tuple[tuple[Goods, float, bool], ...]:
    """Return the posterior over what a trip carries, best first, and whether earlier charges leave it open.

    What is the same to pay counts as one.
    """
    group = group_of(state, trip)
    free = {_counts(goods) for goods in chargeable(group).carried(trip)}
    out: list[tuple[Goods, float, bool]] = []
    for goods, p in goods_posterior(group, trip):
        may = _counts(goods) in free
        row = next((k for k, (known, *_) in enumerate(out) if alike(known, goods, store, config)), len(out))
        if row == len(out):
            out.append((goods, p, may))
            continue
        known, before, open_ = out[row]
        out[row] = (goods if may and not open_ else known, before + p, open_ or may)
    return tuple(sorted(out, key=lambda one: -one[1]))


def close_trip(
    state: Attribution, trip: str, goods: Goods | None, store: Store, config: AttributionConfig
) -> tuple[Attribution, tuple[Settled, ...]]:
    """Settle a trip on the goods it is charged for (None for staff) and every change that reading gives it.

    Nobody else is charged for the same goods later: hypotheses that say otherwise are barred. They are still believed,
    for a charge is no evidence, and what the others are charged is as doubtful as before.
    """
    group = group_of(state, trip)
    weighed = weights(group).tolist()
    mine = [event for event in state.open if group.reads(event)]
    posterior = reading_posteriors(group, mine, weighed)
    if goods is not None:
        want = _counts(goods)
        group = bar(group, group.goods.where(trip, lambda own: _counts(own) == want))
    last = group.trips == {trip}
    settled: list[Settled] = []
    concerned = {trip}
    asked, free = group, chargeable(group)
    weighed = weights(free).tolist()
    # Read last first: goods that came by hand-over bring with them the giver's changes that were read before. What
    # hands hold is put together over seconds, so that a hand-over may be said to begin before its goods were taken.
    for event in reversed(mine):
        if group is not asked:
            asked, free = group, chargeable(group)
            weighed = weights(free).tolist()
        # Where every hypothesis reads a change alike, nothing that is said of it bars any.
        agreed = len(posterior[event]) == 1
        reading = free.reading(-1, event) if agreed else reading_posterior(free, event, weighed)[0][0]
        movers_of = {part.trip for part in reading.parts}
        if last or movers_of & concerned:
            # What is settled is settled for all: the others are charged by hypotheses that agree.
            group = group if agreed else bar(group, group.choice.where(event, partial(is_same, reading)))
            same = [named_alike(r.parts, reading.parts, store) for r, _ in posterior[event]]
            p = sum(q for (_, q), one in zip(posterior[event], same, strict=True) if one)
            others = tuple(pair for pair, one in zip(posterior[event], same, strict=True) if not one)
            settled.append(Settled(event, state.open[event], reading, p, others, state.evidence.get(event)))
            # What was passed on, or put back beside another hand, was taken before: that is settled as well.
            concerned |= {part.trip for part in reading.parts if part.kind == PUT} - {""}
        elif not agreed:
            group = bar(group, group.choice.where(event, partial(_leaves_out, trip)))
    done = frozenset(s.event for s in settled)
    rest = () if last else (drop(group, frozenset((trip,)), done, config),)
    groups = (*(g for g in state.groups if trip not in g.trips), *rest)
    left = {e: c for e, c in state.open.items() if e not in done}
    seen = {e: evidence for e, evidence in state.evidence.items() if e not in done}
    doers = {e: who for e, who in state.doers.items() if e not in done}
    mixed = {e: grams for e, grams in state.mixed.items() if e not in done}
    laid = _laid(state.laid, settled, trip, config)
    weighed = {**state.weighed}
    masses = masses_of(state.biases, store, config)
    for key, errors in weighed_in(settled, state.mixed, masses, store, config).items():
        weighed[key] = (*weighed.get(key, ()), *errors)
    runs = {key: run for key, run in state.runs.items() if key[0] != trip}
    stooped = {who: stoops for who, stoops in state.stooped.items() if who != trip}
    charged = None if goods is None else frozenset(product for product, _, _ in goods)
    exits = tuple(replace(one, charged=charged) if one.trip == trip else one for one in state.exits)
    return replace(
        state,
        groups=groups,
        open=left,
        evidence=seen,
        doers=doers,
        mixed=mixed,
        weighed=weighed,
        laid=laid,
        off_plan=_off_plan(state, settled, store),
        runs=runs,
        stooped=stooped,
        exits=exits,
    ), tuple(settled)


def _off_plan(state: Attribution, settled: Iterable[Settled], store: Store) -> dict[int, dict[int, float]]:
    """Keep what settled changes tell of facings where other goods stand than the planogram says."""
    out = {row: dict(here) for row, here in state.off_plan.items()}
    for one in settled:
        if one.change.total_g >= 0.0:
            continue
        put_there = {product for plate in one.change.plates for product in state.misplaced.get(plate, ())}
        for product, p in off_plan(one.change, ((one.reading, one.p), *one.others), store).items():
            for row in facing_rows(one.change.plates, store):
                if p > LAID_MIN and product not in put_there:
                    here = out.setdefault(row, {})
                    here[product] = max(here.get(product, 0.0), p)
    return out


def _laid(
    laid: Mapping[int, Laid], settled: Iterable[Settled], trip: str, config: AttributionConfig
) -> dict[int, Laid]:
    """Return what lies about in the store once a trip is closed: what it may have left, and without what it found.

    That it was charged all the same is no evidence: whoever is seen to have it next has found it.
    """
    out = dict(laid)
    for one in settled:
        if one.change.plates:
            continue
        p_of: dict[int, float] = {}
        for reading, p in ((one.reading, one.p), *one.others):
            if any(part.trip != trip or part.kind != PUT for part in reading.parts):
                continue
            for part in reading.parts:
                p_of[part.product] = p_of.get(part.product, 0.0) + p
                if p_of[part.product] > LAID_MIN:
                    nats = log(p_of[part.product] / max(1.0 - p_of[part.product], LAID_MIN)) - config.tags.left_nats
                    out[part.product] = Laid(nats, part.grams / part.qty)
        if all(part.trip == trip and part.kind == PICK for part in one.reading.parts):
            for part in one.reading.parts:
                out.pop(part.product, None)
    return out


def take_weights(
    state: Attribution, trip: str, goods: Goods, config: AttributionConfig
) -> tuple[Attribution, dict[int, float]]:
    """Return how likely each product weighs what it should, of a trip that has been closed."""
    right = {
        product: weighed_right(pieces * grams, state.weighed.get((trip, product), ()), config)
        for product, pieces, grams in goods
    }
    return replace(state, weighed={key: one for key, one in state.weighed.items() if key[0] != trip}), right


def _leaves_out(trip: str, reading: Explanation) -> bool:
    return all(part.trip != trip for part in reading.parts)


def _counts(goods: Goods) -> tuple[tuple[int, int], ...]:
    return tuple((product, pieces) for product, pieces, _ in goods)


def parts_of(settled: Settled, trip: str) -> tuple[Part, ...]:
    """Return what a settled change gave to or took from one trip."""
    return tuple(part for part in settled.reading.parts if part.trip == trip)

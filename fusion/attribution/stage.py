"""The attribution stage: changes in, settled readings out."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from fusion.attribution.evidence import Witnesses, candidates, cart_nats
from fusion.attribution.explanations import (
    PICK,
    PUT,
    Claim,
    Explanation,
    Goods,
    Mover,
    Part,
    WhoAt,
    movers,
    nobody,
    picks,
    puts,
    settling,
)
from fusion.attribution.handover import (
    CartPass,
    Meeting,
    Touch,
    at_moment,
    cart_pass_readings,
    cart_passes,
    handover_readings,
    meetings,
    touches,
    ways,
)
from fusion.attribution.hypotheses import (
    Group,
    Hypothesis,
    claim_anew,
    drop,
    extend,
    goods_posterior,
    lone,
    lots,
    made_final,
    merge,
    reading_posterior,
    weigh,
    weights,
)
from fusion.attribution.possession import (
    Content,
    Run,
    content_nats,
    contents,
    explained,
    given_readings,
    left_nats,
    lengthened,
    near_of,
)
from fusion.attribution.record import Evidence, best_few, put_aside
from fusion.attribution.tags import Exit, TagRead, heard_nats, shares
from fusion.checkout.records import derive_id
from fusion.config import SECOND_NS, AttributionConfig, CartConfig
from fusion.shelf import ShelfChange
from fusion.store import Store, product_rows
from fusion.tracking.carts import SeenMove
from fusion.tracking.floor import Match

Stock = Mapping[int, Mapping[int, float]]  # plate -> product -> pieces believed there off the planogram


@dataclass(frozen=True, slots=True)
class Settled:
    """A change whose reading is final, with its posterior at that moment."""

    event: str
    change: ShelfChange
    reading: Explanation
    p: float
    others: tuple[tuple[Explanation, float], ...]  # best first
    evidence: Evidence | None = None  # what there was to see; of changes with plates


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """State of the stage."""

    seen: Witnesses = field(default_factory=Witnesses)
    waiting: tuple[ShelfChange, ...] = ()  # until the hands have been watched long enough
    touches: tuple[Touch, ...] = ()
    passes: tuple[CartPass, ...] = ()
    groups: tuple[Group, ...] = ()
    open: Mapping[str, ShelfChange] = field(default_factory=dict)  # event id -> change
    evidence: Mapping[str, Evidence] = field(default_factory=dict)  # event id -> what there was to see of it
    misplaced: Stock = field(default_factory=dict)
    moment_ns: int = 0  # until when what hands held has been put together
    runs: Mapping[tuple[str, int], Run] = field(default_factory=dict)  # of products in hands, by trip and product
    reads: tuple[TagRead, ...] = ()  # of the last seconds
    exits: tuple[Exit, ...] = ()
    heard: tuple[float, float] = (0.0, 0.0)  # tags that were heard, of how many that clear trips carried out


@dataclass(frozen=True, slots=True)
class People:
    """What tracking and trips say about who is who at this moment."""

    trip_of: Mapping[int, str]  # track_id -> its likeliest trip now
    who: WhoAt  # whose a track may have been at any moment
    alias: Mapping[int, int]
    staff: frozenset[str]  # trips
    cart: CartConfig


def open_trip(state: Attribution, trip: str, *, is_staff: bool) -> Attribution:
    """Begin to keep a reading of what a trip carries; staff carry whatever they like."""
    group = Group(frozenset((trip,)), (Hypothesis(0.0, {}, {}),)) if is_staff else lone(trip)
    return replace(state, groups=(*state.groups, group))


def attribute(
    state: Attribution,
    new: tuple[ShelfChange, ...],
    now_ns: int,
    people: People,
    store: Store,
    config: AttributionConfig,
) -> tuple[Attribution, tuple[Settled, ...]]:
    """Queue new changes; read changes and meetings whose hands have been watched to the end of the window."""
    waiting = sorted((*state.waiting, *new), key=lambda c: (c.step_ns, c.plates))
    until = now_ns - int(config.held_window_s * SECOND_NS)
    due: list[ShelfChange | Meeting | CartPass | Content] = [c for c in waiting if c.step_ns <= until]
    met, touching = meetings(state.touches, until, config)
    if store.handover == "holder":
        due += [*met, *(p for p in state.passes if p.t_ns <= until)]
    state, seen_in_hands = _look_at_hands(state, until, people, store, config)
    due += seen_in_hands
    state = replace(
        state,
        waiting=tuple(c for c in waiting if c.step_ns > until),
        touches=touching,
        passes=tuple(p for p in state.passes if p.t_ns > until),
    )
    settled: list[Settled] = []
    for one in sorted(due, key=lambda d: d.step_ns if isinstance(d, ShelfChange) else d.t_ns):
        if isinstance(one, ShelfChange):
            state, done = _read(state, one, people, store, config)
            settled += done
        elif isinstance(one, Meeting):
            state = _read_meeting(state, one, people, store, config)
        elif isinstance(one, Content):
            state = _read_content(state, one, people, store, config)
        else:
            state = _read_cart_pass(state, one, store, config)
    final_ns = now_ns - int(config.final_after_s * SECOND_NS)
    old = [event for event, change in state.open.items() if change.step_ns < final_ns]
    if old:
        groups = (made_final(g, [e for e in old if e in g.beam[0].choice]) for g in state.groups)
        state = replace(state, groups=tuple(groups))
    return state, tuple(settled)


def _look_at_hands(
    state: Attribution, until_ns: int, people: People, store: Store, config: AttributionConfig
) -> tuple[Attribution, tuple[Content, ...]]:
    """Put together what hands held over the moments that are over by until_ns."""
    length = int(config.possession.moment_s * SECOND_NS)
    begin, end = state.moment_ns, until_ns // length * length
    if end <= begin or store.handover != "holder" or not config.possession.trust:
        return state, ()
    begin = begin or end - length
    out = tuple(
        content
        for t_ns in range(begin, end, length)
        for content in contents(state.seen.matches, people.alias, t_ns, t_ns + length, store, config.possession)
    )
    return replace(state, moment_ns=end), out


def _read_content(
    state: Attribution, content: Content, people: People, store: Store, config: AttributionConfig
) -> Attribution:
    """Weigh what a person has by what their hands held, and ask who may have handed it to them if it is not theirs."""
    trip = people.trip_of.get(content.track_id, "")
    if trip in people.staff or not any(trip in g.trips for g in state.groups):
        return state
    own = config.possession
    state = replace(state, runs=lengthened(state.runs, trip, content, own))
    group = _group_of(state, trip)
    fits = np.array([explained(content, trip, h, state.open) for h in group.beam])
    if float(weights(group) @ fits) < own.explained_min:
        beside = {people.trip_of.get(k, "") for k in near_of(content, state.seen, own)} - people.staff - {trip, ""}
        sought = {product for product, _ in content.p}
        givers = tuple(t for t in sorted(beside) if _may_have(state, t, sought))
        if givers:

            def readings(goods: Mapping[str, Goods]) -> tuple[Explanation, ...]:
                return given_readings(content, trip, givers, goods, own)

            witness = f"seen {content.track_id}"
            state = _read_passing(state, content.t0_ns, witness, (trip, *givers), readings, store, config)
            group = _group_of(state, trip)

    def nats_of(hypothesis: Hypothesis) -> float:
        return content_nats(explained(content, trip, hypothesis, state.open), content, own)

    rest = tuple(g for g in state.groups if trip not in g.trips)
    return replace(state, groups=(*rest, weigh(group, nats_of, config)))


def _may_have(state: Attribution, trip: str, products: Collection[int]) -> bool:
    """Tell whether a trip has one of some products in any reading."""
    return any(
        product in products
        for g in state.groups
        if trip in g.trips
        for h in g.beam
        for product, _, _ in h.goods.get(trip, ())
    )


def watch_passing(
    state: Attribution,
    matches: tuple[Match, ...],
    moves: tuple[SeenMove, ...],
    people: People,
    store: Store,
    config: AttributionConfig,
) -> Attribution:
    """Note where hands of two people touch in this slice, and what went into carts beside others."""
    if len(people.trip_of) < 2:
        return state
    new = touches(matches, people.alias, store, config)
    carts = cart_passes(moves, people.staff, store, config)
    return replace(state, touches=(*state.touches, *new), passes=(*state.passes, *carts))


def _read_meeting(
    state: Attribution, meeting: Meeting, people: People, store: Store, config: AttributionConfig
) -> Attribution:
    """Read a meeting of hands into the beam of the two trips."""
    trips = people.trip_of.get(meeting.a, ""), people.trip_of.get(meeting.b, "")
    if trips[0] == trips[1] or people.staff & set(trips):
        return state

    both = ways(meeting, trips, state.seen, people.alias, store, config)

    def readings(goods: Mapping[str, Goods]) -> tuple[Explanation, ...]:
        return handover_readings(both, goods)

    return _read_passing(state, meeting.t_ns, "hands", trips, readings, store, config)


def _read_cart_pass(state: Attribution, one: CartPass, store: Store, config: AttributionConfig) -> Attribution:
    """Read a move into a cart into the beam of everybody near it."""

    def readings(goods: Mapping[str, Goods]) -> tuple[Explanation, ...]:
        return cart_pass_readings(one, goods, config)

    return _read_passing(state, one.t_ns, f"cart {one.nats}", (one.owner, *one.others), readings, store, config)


def _read_passing(
    state: Attribution,
    t_ns: int,
    witness: str,  # tells apart what was seen at one instant
    trips: tuple[str, ...],
    readings: Callable[[Mapping[str, Goods]], tuple[Explanation, ...]],
    store: Store,
    config: AttributionConfig,
) -> Attribution:
    """Extend the joint beam of some trips by what may have passed between them, if anything can have."""
    known = frozenset().union(*(g.trips for g in state.groups))
    touched = [g for g in state.groups if g.trips & set(trips)]
    carrying = any(h.goods.get(t) for g in touched for h in g.beam for t in trips)
    if not known.issuperset(trips) or not carrying:
        return state
    group = touched[0]
    for other in touched[1:]:
        group = merge(group, other, config)
    rows = {row: readings(h.goods) for row, h in enumerate(group.beam)}
    if all(len(found) == 1 for found in rows.values()):
        return state
    event = f"ho-{derive_id('passing', store.store_id, str(t_ns), witness, *sorted(trips)).hex()[:16]}"
    group = extend(group, event, rows, config)
    rest = [g for g in state.groups if g not in touched]
    return replace(state, groups=(*rest, group), open={**state.open, event: at_moment(t_ns)})


def event_id(change: ShelfChange, store: Store) -> str:
    """Return the id of a change: the same evidence, the same id."""
    plates = ",".join(store.plates.plate_id[p] for p in change.plates)
    return f"ev-{derive_id('event', store.store_id, str(change.step_ns), plates).hex()[:16]}"


def _read(
    state: Attribution, change: ShelfChange, people: People, store: Store, config: AttributionConfig
) -> tuple[Attribution, list[Settled]]:
    """Read one change into the beam of everybody it may concern."""
    event = event_id(change, store)
    near = candidates(change, state.seen, people.alias, store, config)
    evidence = put_aside(change, near, state.seen, people.who, people.alias, store)
    who = movers(near, change.step_ns, people.who, people.staff, config)
    known = frozenset().union(*(g.trips for g in state.groups)) if state.groups else frozenset()
    who = tuple(m if m.trip in known else replace(m, trip="") for m in who)
    who = tuple(_with_cart(m, change, state.seen, store, people.cart) for m in who)
    who = _narrow(who)
    named = frozenset(m.trip for m in who if m.trip)
    touched = [g for g in state.groups if g.trips & named]
    if not touched:
        return state, [replace(_unclaimed(event, change, state, store, config), evidence=evidence)]
    group = touched[0]
    for other in touched[1:]:
        group = merge(group, other, config)
    misplaced = _misplaced_on(state, change)
    rest = (settling(change, config), *nobody(change, misplaced, store, config))
    taken = picks(change, who, misplaced, store, config) if change.total_g < 0 else ()
    room = config.explanations_max - len(rest)
    readings = {
        row: (*(taken or _put_readings(change, who, hypothesis, store, config))[:room], *rest)
        for row, hypothesis in enumerate(group.beam)
    }
    group = extend(group, event, readings, config)
    state = replace(
        state,
        groups=(*[g for g in state.groups if g not in touched], group),
        open={**state.open, event: change},
        evidence={**state.evidence, event: replace(evidence, weighed=best_few(readings[0]))},
        misplaced=_restock(state.misplaced, change, reading_posterior(group, event)[0], store),
    )
    return state, []


def _with_cart(mover: Mover, change: ShelfChange, seen: Witnesses, store: Store, config: CartConfig) -> Mover:
    """Add what the mover's cart saw to what was seen in their hands."""
    by_cart = cart_nats(mover.trip, change, seen, product_rows(store.products), config)
    if not by_cart:
        return mover
    held = {k: mover.held.get(k, 0.0) + by_cart.get(k, 0.0) for k in sorted({*mover.held, *by_cart})}
    return replace(mover, held=held, cart=by_cart)


def _narrow(who: tuple[Mover, ...]) -> tuple[Mover, ...]:
    """Keep one mover alone where the evidence for place and hands leaves no doubt."""
    if len(who) < 2:
        return who
    nats = np.array([m.nats + sum(c.nats for c in m.claims) for m in who])
    best = int(np.argmax(nats))
    rest = np.delete(nats, best).max()
    return (who[best],) if nats[best] - rest > 8.0 and who[best].trip else who


def _put_readings(
    change: ShelfChange, who: tuple[Mover, ...], hypothesis: Hypothesis, store: Store, config: AttributionConfig
) -> tuple[Explanation, ...]:
    """Return the put-back readings of a change given what everybody carries, best first; none for a pick."""
    if change.total_g < 0:
        return ()
    carried = ((m, hypothesis.goods.get(m.trip, ())) for m in who)
    found = [r for m, goods in carried for r in puts(change, m, goods, store, config, lots(hypothesis, m.trip))]
    return tuple(sorted(found, key=lambda e: -e.nats))


def _misplaced_on(state: Attribution, change: ShelfChange) -> dict[int, float]:
    total: dict[int, float] = {}
    for plate in change.plates:
        for product, pieces in state.misplaced.get(plate, {}).items():
            total[product] = max(total.get(product, 0.0), pieces)
    return total


def _restock(stock: Stock, change: ShelfChange, best: tuple[Explanation, float], store: Store) -> Stock:
    """Note goods that are now where the planogram does not have them, and those taken from there again."""
    reading, p = best
    out = {plate: dict(rows) for plate, rows in stock.items()}
    for part in reading.parts:
        home = {q for i, ps in enumerate(store.facings.plates) if store.facings.product[i] == part.product for q in ps}
        sign = 1.0 if part.kind == PUT else -1.0
        for plate in change.plates:
            rows = out.setdefault(plate, {})
            if sign > 0 and plate in home:
                continue
            if sign < 0 and part.product not in rows:
                continue
            rows[part.product] = max(0.0, rows.get(part.product, 0.0) + sign * p * part.qty)
    return out


def _unclaimed(event: str, change: ShelfChange, state: Attribution, store: Store, config: AttributionConfig) -> Settled:
    """Read a change nobody with a trip was near: what it was is said, who it was is not."""
    stranger = nobody(change, _misplaced_on(state, change), store, config)
    found = sorted((settling(change, config), *stranger), key=lambda e: -e.nats)
    weight = np.exp([e.nats - found[0].nats for e in found])
    p = (weight / weight.sum()).tolist()
    return Settled(event, change, found[0], p[0], tuple(zip(found[1:], p[1:], strict=True)))


def believe_anew(state: Attribution, nats_of: Callable[[Claim], float], config: AttributionConfig) -> Attribution:
    """Weigh all open readings by what is believed now of who was who when."""
    if not any(h.claims for g in state.groups for h in g.beam):
        return state
    return replace(state, groups=tuple(claim_anew(g, nats_of, config) for g in state.groups))


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


def weigh_exit(state: Attribution, trip: str, t_ns: int, store: Store, config: AttributionConfig) -> Attribution:
    """Weigh what a trip that has left carries by the tags that were heard, and by what its hands no longer held.

    A tag that nobody was seen to take may have been taken where no plate noticed; goods whose tag was not heard, or
    that were carried in the hand and then were gone, may have been set down somewhere. Both stay readings beside
    "nothing of the kind", with the weight the evidence gives them.
    """
    mine = tuple(e for e in state.exits if e.trip == trip)
    if not mine:
        return state
    portals = {store.gates.gate_id.index(gate) for _, gate in store.portals if gate in store.gates.gate_id}
    through = sum(e.gate in portals for e in mine) / len(mine) if config.tags.witness else 0.0
    found = shares(trip, state.reads, state.exits, config.tags) if through else {}
    group = _group_of(state, trip)
    believed = {product for h in group.beam for product, _, _ in h.goods[trip]}
    tagged = {k for k in believed if through and store.products.epc_prefix[k]} | set(found)
    gone = {k: left_nats(state.runs.get((trip, k)), min(e.t_ns for e in mine), config.possession) for k in believed}
    opened = dict(state.open)
    for product in sorted(tagged | {k for k, nats in gone.items() if nats > 0.0}):
        event = f"rf-{derive_id('exit', store.store_id, trip, store.products.sku[product]).hex()[:16]}"
        heard = sum(found.get(product, ())) if product in tagged else -1.0
        left = config.tags.left_nats + gone.get(product, 0.0)
        readings = {
            row: _exit_readings(h.goods[trip], trip, product, heard, left, store, config)
            for row, h in enumerate(group.beam)
        }
        if any(len(found_) > 1 for found_ in readings.values()):
            group = extend(group, event, readings, config)
            opened[event] = at_moment(t_ns)
    state, group = _weigh_tags(state, group, trip, tagged, found, through, config)
    rest = [g for g in state.groups if trip not in g.trips]
    return replace(state, groups=(*rest, group), open=opened)


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
    most = max((n for h in group.beam for _, n, _ in h.goods[trip]), default=0)
    nats = {k: config.tags.witness * heard_nats(found.get(k, ()), most, rate, config.tags) for k in sorted(tagged)}

    def nats_of(hypothesis: Hypothesis) -> float:
        counts = {product: pieces for product, pieces, _ in hypothesis.goods[trip]}
        return float(sum(table[counts.get(k, 0)] for k, table in nats.items()))

    group = weigh(group, nats_of, config)
    goods, p = goods_posterior(group, trip)[0]
    if p > config.tags.clear_p and through == 1.0:
        counts = {product: pieces for product, pieces, _ in goods}
        carried_out = sum(counts.get(k, 0) for k in tagged)
        got = sum(min(sum(found.get(k, ())), counts.get(k, 0)) for k in tagged)
        state = replace(state, heard=(heard + got, of + carried_out))
    return state, group


def _exit_readings(
    goods: Goods, trip: str, product: int, heard: float, left: float, store: Store, config: AttributionConfig
) -> tuple[Explanation, ...]:
    """Return what may have happened to a product besides what was seen of it; heard < 0: its tags say nothing."""
    pieces, grams = next(((n, g) for k, n, g in goods if k == product), (0, 0.0))
    readings = [Explanation((), 0.0)]
    if heard > pieces + 0.3:
        part = Part(trip, PICK, product, 1, float(store.products.mass_g[product]))
        readings.append(Explanation((part,), config.tags.unseen_nats))
    if pieces and heard < pieces - 0.5:
        readings.append(Explanation((Part(trip, PUT, product, 1, grams),), left))
    return tuple(readings)


def carried(state: Attribution, trip: str) -> tuple[tuple[Goods, float], ...]:
    """Return the posterior over what a trip carries, best first."""
    return goods_posterior(_group_of(state, trip), trip)


def close_trip(
    state: Attribution, trip: str, goods: Goods | None, config: AttributionConfig
) -> tuple[Attribution, tuple[Settled, ...]]:
    """Settle a trip on the goods it is charged for (None for staff) and every change that reading gives it.

    The rest of its group goes on under that condition, so nobody else is charged for the same goods later.
    """
    group = _group_of(state, trip)
    posterior = {event: reading_posterior(group, event) for event in state.open if event in group.beam[0].choice}
    if goods is not None:
        want = _counts(goods)
        group = replace(group, beam=tuple(h for h in group.beam if _counts(h.goods[trip]) == want))
    last = group.trips == {trip}
    settled: list[Settled] = []
    concerned = {trip}
    # Latest first: goods that came by hand-over bring the giver's earlier changes with them.
    for event in sorted(posterior, key=lambda e: (state.open[e].step_ns, e), reverse=True):
        reading = reading_posterior(group, event)[0][0]
        movers_of = {part.trip for part in reading.parts}
        if last or movers_of & concerned:
            # What is settled is settled for all: the others go on with hypotheses that agree.
            group = replace(group, beam=tuple(h for h in group.beam if h.choice[event].parts == reading.parts))
            p = next(p for r, p in posterior[event] if r.parts == reading.parts)
            others = tuple((r, q) for r, q in posterior[event] if r.parts != reading.parts)
            settled.append(Settled(event, state.open[event], reading, p, others, state.evidence.get(event)))
            concerned |= movers_of - {""} if not state.open[event].plates else set()
        else:
            free = tuple(h for h in group.beam if all(part.trip != trip for part in h.choice[event].parts))
            group = replace(group, beam=free or group.beam)
    done = frozenset(s.event for s in settled)
    rest = drop(group, frozenset((trip,)), done, config)
    groups = tuple(g for g in state.groups if trip not in g.trips) + ((rest,) if rest.trips else ())
    left = {e: c for e, c in state.open.items() if e not in done}
    seen = {e: evidence for e, evidence in state.evidence.items() if e not in done}
    return replace(state, groups=groups, open=left, evidence=seen), tuple(settled)


def _group_of(state: Attribution, trip: str) -> Group:
    return next(g for g in state.groups if trip in g.trips)


def _counts(goods: Goods) -> tuple[tuple[int, int], ...]:
    return tuple((product, pieces) for product, pieces, _ in goods)


def parts_of(settled: Settled, trip: str) -> tuple[Part, ...]:
    """Return what a settled change gave to or took from one trip."""
    return tuple(part for part in settled.reading.parts if part.trip == trip)

"""What passes between people without a shelf noticing is read into their beam: from hand to hand, into a cart."""

from collections.abc import Callable, Iterable, Mapping
from itertools import chain

import numpy as np

from fusion.arrays import Bools, Floats
from fusion.attribution.beam import told_apart
from fusion.attribution.bodies import Bodies, bodies_in, names_of
from fusion.attribution.cart_pass import cart_passes
from fusion.attribution.dark import Reach, moved_beside, reach_readings, reaches_now
from fusion.attribution.explanations import Explanation, Goods
from fusion.attribution.handover import Meeting, at_moment, handover_readings, touches, ways
from fusion.attribution.hypotheses import doer_p, extend, merge, weigh, weights
from fusion.attribution.last_seen import beside, floor_nats, out_nats, posture, set_down_nats
from fusion.attribution.looks import looks_at_hands
from fusion.attribution.possession import (
    NOTHING,
    Content,
    LastSeen,
    Run,
    Source,
    content_nats,
    contents,
    explaining,
    given_readings,
    has_passed,
    is_of_shelf,
    is_shown_beside,
    left_nats,
    lengthened,
    near_of,
    shelf_m,
    sought,
    source,
)
from fusion.attribution.reaching import next_picks
from fusion.attribution.state import Attribution, People, group_of, is_dark
from fusion.attribution.stooping import Stoop, is_answered, is_bent, stoops_now
from fusion.attribution.unwatched import Unwatched, may_be_unwatched, unwatched_now, unwatched_readings
from fusion.checkout.records import derive_id
from fusion.config import SECOND_NS, AttributionConfig, PossessionConfig
from fusion.frozen import replace
from fusion.store import Store
from fusion.tracking.carts import SeenMove
from fusion.tracking.floor import Match

Readings = tuple[Explanation, ...]


def watch_passing(
    state: Attribution,
    bodies: Bodies,
    matches: tuple[Match, ...],
    moves: tuple[SeenMove, ...],
    people: People,
    store: Store,
    config: AttributionConfig,
) -> Attribution:
    """Note where hands touch in this slice, what went into carts, beside whom, and who is out of sight together."""
    state = replace(state, moves=(*state.moves, *moves)) if moves else state
    new = touches(matches, people.alias, store, config)
    carts = cart_passes(moves, state.seen.moves, people.staff, store, config)
    is_any = bool(new or carts or state.unwatched) or may_be_unwatched(bodies, config.unwatched)
    if not is_any or len(people.trip_of) < 2:  # in most slices there is nothing, whoever is who
        return state
    unwatched = unwatched_now(state.unwatched, bodies, people.trip_of, people.staff, config.unwatched)
    return replace(state, touches=(*state.touches, *new), passes=(*state.passes, *carts), unwatched=unwatched)


def read_meeting(
    state: Attribution, meeting: Meeting, people: People, store: Store, config: AttributionConfig
) -> Attribution:
    """Read a meeting of hands into the beam of the two trips."""
    trips = people.trip_of.get(meeting.a, ""), people.trip_of.get(meeting.b, "")
    if trips[0] == trips[1] or people.staff & set(trips):
        return state

    changes, pair = chain(state.open.values(), state.waiting), (meeting.a, meeting.b)
    last_ns = meeting.t_ns + int(config.looks_after_s * SECOND_NS)
    # Who takes something the next second holds that, whatever passed: one hand meets another's while the other reaches.
    known = next_picks(meeting.t_ns, 0.0, pair, changes, state.seen.bodies, people.alias, store, config)
    until_ns = {track_id: min(known.get(track_id, last_ns), last_ns) for track_id in pair}
    both = ways(meeting, trips, state.seen, people.alias, store, config, until_ns)

    def readings(goods: Mapping[str, Goods]) -> tuple[Explanation, ...]:
        return handover_readings(both, goods)

    return read_passing(state, meeting.t_ns, "hands", trips, readings, store, config)


def read_unwatched(
    state: Attribution, one: Unwatched, people: People, store: Store, config: AttributionConfig
) -> Attribution:
    """Read that two trips were out of sight together into their beam."""

    def readings(goods: Mapping[str, Goods]) -> tuple[Explanation, ...]:
        return unwatched_readings(one, goods, config.unwatched)

    return read_passing(state, one.t_ns, "unwatched", one.trips, readings, store, config)


def watch_dark(state: Attribution, bodies: Bodies, store: Store, config: AttributionConfig) -> Attribution:
    """Note whose hands are in this slice at plates that say nothing."""
    dark = [plate for plate, last_ns in state.dark.items() if last_ns == state.dark_asked_ns]
    return replace(state, reaches=reaches_now(state.reaches, bodies, dark, store, config)) if dark else state


def read_reach(
    state: Attribution, reach: Reach, people: People, store: Store, config: AttributionConfig
) -> Attribution:
    """Read a hand at plates that say nothing into the beam of its trip."""
    trip = people.trip_of.get(people.alias.get(reach.track_id, reach.track_id), "")
    group = next((g for g in state.groups if trip in g.trips), None)
    if group is None or trip in people.staff:
        return state
    beside, weighed = moved_beside(reach, state.open, store, config.dark), weights(group)
    free_p = 1.0 - max((doer_p(group, event, trip, weighed) for event in beside), default=0.0)
    if free_p < config.dark.free_p_min:
        return state
    looks = looks_at_hands(reach.t_ns, state.seen.looks, people.alias, config, (reach.track_id,))

    def readings(goods: Mapping[str, Goods]) -> Readings:
        return reach_readings(reach, trip, looks, goods, store, config.dark, free_p)

    witness = f"reach {reach.facing}"
    return read_passing(state, reach.t_ns, witness, (trip,), readings, store, config, may_appear=True)


def watch_stoops(
    state: Attribution, bodies: Bodies, disturbed: Bools, store: Store, config: AttributionConfig
) -> Attribution:
    """Note who stoops in this slice; disturbed (p,) are the plates that are not at rest."""
    stoops = stoops_now(state.stoops, bodies, store.plates.centre, disturbed, config.stoop)
    return state if stoops is state.stoops else replace(state, stoops=stoops)


def read_stoop(
    state: Attribution, stoop: Stoop, people: People, store: Store, config: AttributionConfig
) -> Attribution:
    """Keep a stoop that no plate answers until its trip leaves; who bends down is soon found as somebody new."""
    if is_answered(stoop, chain(state.open.values(), state.waiting), store, config.stoop):
        return state
    person = people.alias.get(stoop.track_id, stoop.track_id)
    person = person if person in people.trip_of else _known_at(state, stoop, people, config)
    trip, names = people.trip_of.get(person, ""), names_of(person, people.alias)
    if not trip or trip in people.staff or not is_bent(stoop, names, state.seen.bodies, config.stoop):
        return state
    before, slack = state.stooped.get(trip, ()), int(config.stoop.break_s * SECOND_NS)
    if any(one.since_ns - slack <= stoop.t_ns and stoop.since_ns - slack <= one.t_ns for one in before):
        return state  # the same one, of two tracks
    return replace(state, stooped={**state.stooped, trip: (*before, stoop)})


def _known_at(state: Attribution, stoop: Stoop, people: People, config: AttributionConfig) -> int:
    """Return the track of whoever with a trip was where somebody unknown stooped, -1 for nobody's."""
    past = state.seen.bodies
    bodies = bodies_in(past, past.nearest(stoop.t_ns)) if len(past) else None
    if bodies is None:
        return -1
    apart = np.linalg.norm(bodies.head[:, :2] - stoop.xy, axis=1)
    for row in np.argsort(apart, kind="stable").tolist():
        track_id = int(bodies.track_id[row])
        person = people.alias.get(track_id, track_id)
        if person in people.trip_of and apart[row] < config.possession.same_m:
            return person
    return -1


def look_at_hands(
    state: Attribution, until_ns: int, people: People, store: Store, config: AttributionConfig, length_ns: int
) -> tuple[Attribution, tuple[Content, ...]]:
    """Put together what hands held over the moments, each so long, that are over by until_ns."""
    begin = state.moment_ns or until_ns  # moments are counted from the first one, so that a tape may be shifted in time
    end = begin + (until_ns - begin) // length_ns * length_ns
    if store.handover != "holder" or not config.possession.trust:
        return state, ()
    if end == begin:  # no moment is over
        return replace(state, moment_ns=end), ()
    # Only moments with a look in them: a clock that leaps by years must not be walked through second by second.
    late_ns = state.seen.looks.t_ns - begin
    moments = begin + np.unique(late_ns[(late_ns >= 0) & (late_ns < end - begin)] // length_ns) * length_ns
    out = tuple(
        content
        for t_ns in moments.tolist()
        for content in contents(state.seen.looks, people.alias, t_ns, t_ns + length_ns, config.possession)
    )
    return replace(state, moment_ns=end), out


def read_content(
    state: Attribution, content: Content, people: People, store: Store, config: AttributionConfig
) -> Attribution:
    """Weigh what a person has by what their hands held, and ask who may have handed it to them if it is not theirs."""
    trip = people.trip_of.get(content.track_id, "")
    if trip in people.staff or not any(trip in g.trips for g in state.groups):
        return state
    own = config.possession
    if is_of_shelf(content, state.seen.bodies, people.alias, store, own):
        return state
    state = replace(state, runs=_lengthened(state, trip, content, people, store, config))
    group = group_of(state, trip)
    fits = explaining(content, trip, group, state.open)
    if float(weights(group) @ fits) < own.explained_min:
        givers, unseen = _sources(state, content, trip, people, store, config)
        swapped = _swapped(state, content, trip, people, store, config)
        if givers or unseen or swapped:

            def readings(goods: Mapping[str, Goods]) -> tuple[Explanation, ...]:
                return given_readings(content, trip, givers, unseen, swapped, goods, own)

            witness, asked = f"seen {content.track_id}", (trip, *sorted({t for t, _ in givers}))
            state = read_passing(
                state, content.t0_ns, witness, asked, readings, store, config, may_appear=bool(unseen or swapped)
            )
            group = group_of(state, trip)
            fits = explaining(content, trip, group, state.open)

    def nats_at(ratio: float) -> float:
        # Goods that somebody beside shows at the same time are in that one's hand, taken for theirs again and again.
        lent = ratio == NOTHING and is_shown_beside(content, trip, state.seen.looks, people.alias, people.trip_of, own)
        return content_nats(0.0 if lent else ratio, content, own)

    rest = tuple(g for g in state.groups if trip not in g.trips)
    nats = {ratio: nats_at(ratio) for ratio in dict.fromkeys(fits)}
    return replace(state, groups=(*rest, weigh(group, [nats[ratio] for ratio in fits], config)))


def _lengthened(
    state: Attribution, trip: str, content: Content, people: People, store: Store, config: AttributionConfig
) -> dict[tuple[str, int], Run]:
    own, past, alias = config.possession, state.seen.bodies, people.alias
    known = np.array(sorted(people.trip_of), np.int64)
    carts = _carts_in_use(state.seen.moves, content, people, own)
    plates_xy = np.ascontiguousarray(store.plates.centre[:, :2])
    goods_xy = np.concatenate([plates_xy, carts])
    others_xy = np.concatenate([carts, store.gates.line.mean(axis=1)])

    def nats_at(t_ns: int) -> LastSeen:
        seen = posture(content.track_id, t_ns, past, alias, known, own)
        near = beside(content.track_id, t_ns, past, alias, people.trip_of, config.touch_m, own)
        others = tuple(one for one in near if one[0] not in people.staff)
        low = floor_nats(seen, *_moved_about(state, t_ns, store, config), own)
        out = out_nats(seen, store.plates.centre, others_xy, own)
        set_down = set_down_nats(seen, goods_xy, own)
        by_cart = set_down_nats(seen, plates_xy, own) - set_down if len(carts) else 0.0
        return LastSeen(set_down, by_cart, low, out, others)

    return lengthened(state.runs, trip, content, nats_at, own)


def _carts_in_use(moves: Iterable[SeenMove], content: Content, people: People, config: PossessionConfig) -> Floats:
    """Return where carts are, (n, 2) m, that somebody is with, or whose camera saw a move about a moment.

    One that is parked there has nothing to do with what people let go of beside it.
    """
    first_ns, last_ns = content.t0_ns - config.around_s * SECOND_NS, content.t_ns + config.around_s * SECOND_NS
    moved = {one.cart for one in moves if first_ns <= one.move.t_ns <= last_ns}
    return np.array([cart.xy for name, cart in people.carts.items() if cart.owner or name in moved]).reshape(-1, 2)


def _moved_about(state: Attribution, t_ns: int, store: Store, config: AttributionConfig) -> tuple[Floats, Floats]:
    """Return where goods moved about an instant, (k, 3) m, a row a plate, and how long after it, (k,) s."""
    most_ns = round((config.possession.after_end_s[1] + config.possession.floor_goods_s) * SECOND_NS)
    about = [one for one in chain(state.open.values(), state.waiting) if abs(one.step_ns - t_ns) <= most_ns]
    plates = [plate for one in about for plate in one.plates]
    late_s = [(one.step_ns - t_ns) / SECOND_NS for one in about for _ in one.plates]
    return store.plates.centre[plates].reshape(-1, 3), np.array(late_s)


def _sources(
    state: Attribution, content: Content, trip: str, people: People, store: Store, config: AttributionConfig
) -> tuple[dict[tuple[str, int], Source], dict[int, tuple[Source, float]]]:
    """Return where goods in a person's hands may have come from.

    The trips beside them may have handed something over. Goods that have been seen for a while, and that nobody beside
    has, may have been set down by somebody whose hands no longer hold them, or taken from plates that say nothing.
    """
    own, wanted = config.possession, sought(content, config.possession)
    beside = {people.trip_of.get(k, "") for k in near_of(content, state.seen.bodies, own)} - people.staff - {trip, ""}
    first_ns = {k: run.first_ns for k in wanted if (run := state.runs.get((trip, k)))}

    def given(giver: str, product: int) -> Source:
        seen_ns = first_ns.get(product, content.t0_ns)
        looks, whose = state.seen.looks, (people.alias, people.trip_of)
        passed = has_passed(product, giver, seen_ns, content.t_ns, looks, *whose, own)
        return source(own.given_nats, own.passed_nats * passed)

    givers = {(t, k): given(t, k) for t in sorted(beside) for k in wanted if _may_have(state, t, k)}
    long = [k for k in wanted if (run := state.runs.get((trip, k))) and _lasted_s(run) >= own.found_after_s]
    since = content.t_ns - int(config.dark_s * SECOND_NS)
    dark = [k for k in long if is_dark(state, k, since, store)]
    unseen = {k: (source(config.dark_nats, 0.0), float(store.products.mass_g[k])) for k in dark}
    # What somebody is known to have set down is found in one look as in many.
    unseen |= {k: (source(own.found_nats, one.nats), one.grams) for k in wanted if (one := state.laid.get(k))}
    for t in sorted({t for g in state.groups for t in g.trips} - people.staff - {trip}):
        for k, seen_ns in first_ns.items():
            gone = left_nats(state.runs.get((t, k)), seen_ns, own.found_gone_s, own)
            # A classifier takes one thing for another and stays with it: that alone brings no goods from nowhere.
            told = k in long or own.found_nats + gone >= own.given_nats
            if gone > 0.0 and told and _may_have(state, t, k):
                found, given_ = source(own.found_nats, gone), givers.get((t, k))
                givers[t, k] = given_.or_else(found) if given_ else found
    return givers, unseen


def _swapped(
    state: Attribution, content: Content, trip: str, people: People, store: Store, config: AttributionConfig
) -> dict[int, tuple[float, float]]:
    """Return what a person may have taken in exchange for as heavy a piece of their own: grams, and how far they err.

    A hand was where it stands just before it was seen in their hands, and the plates told of nothing.
    """
    own, out = config.possession, dict[int, tuple[float, float]]()
    for product in sought(content, own):
        run = state.runs.get((trip, product))
        if run is None or _lasted_s(run) < own.found_after_s:
            continue
        span_ns = run.first_ns - round(own.before_s * SECOND_NS), run.first_ns
        far_m = shelf_m(product, content.track_id, state.seen.bodies, span_ns, people.alias, store)
        if far_m.min(initial=np.inf) < own.shelf_m:
            grams = float(store.products.mass_g[product])
            off_g = own.swapped_g + own.swapped_share * grams + 3.0 * float(store.products.mass_sd_g[product])
            out[product] = grams, off_g
    return out


def _lasted_s(run: Run) -> float:
    return (run.last_ns - run.first_ns) / SECOND_NS


def _may_have(state: Attribution, trip: str, product: int) -> bool:
    """Tell whether a trip has a product in any reading."""
    return any(k == product for g in state.groups if trip in g.trips for goods in g.carried(trip) for k, _, _ in goods)


def read_passing(
    state: Attribution,
    t_ns: int,
    witness: str,  # tells apart what was seen at one instant
    trips: tuple[str, ...],
    readings: Callable[[Mapping[str, Goods]], tuple[Explanation, ...]],  # by the goods of these trips
    store: Store,
    config: AttributionConfig,
    *,
    may_appear: bool = False,  # goods that nobody carries
) -> Attribution:
    """Extend the joint beam of some trips by what may have passed between them, if anything can have."""
    known = frozenset().union(*(g.trips for g in state.groups))
    touched = [g for g in state.groups if g.trips & set(trips)]
    carrying = any(goods for g in touched for t in trips for goods in g.carried(t))
    if not known.issuperset(trips) or not (carrying or may_appear):
        return state
    group = touched[0]
    for other in touched[1:]:
        group = merge(group, other, config)
    # What may have passed follows from what these trips carry, and hypotheses mostly agree on that.
    apart, kind = told_apart(group, trips, ())
    found = [readings(hypothesis.goods) for hypothesis in apart]
    if all(len(one) == 1 for one in found):
        return state
    event = f"ho-{derive_id('passing', store.store_id, str(t_ns), witness, *sorted(trips)).hex()[:16]}"
    group = extend(group, event, {row: found[k] for row, k in enumerate(kind)}, config)
    rest = [g for g in state.groups if g not in touched]
    return replace(state, groups=(*rest, group), open={**state.open, event: at_moment(t_ns)})

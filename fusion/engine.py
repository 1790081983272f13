"""step: one slice of event time through all stages. Pure: no sockets, files, clocks, global random numbers."""

from collections.abc import Collection, Mapping
from dataclasses import field
from functools import cache

import numpy as np

from fusion.arrays import Ints
from fusion.attribution.basket import Weighing
from fusion.attribution.bodies import Bodies
from fusion.attribution.carted import CartNow
from fusion.attribution.evidence import remember
from fusion.attribution.explanations import Claim
from fusion.attribution.leaving import as_it_stands, believe_anew, hear, unhear
from fusion.attribution.passing import watch_dark, watch_passing, watch_stoops
from fusion.attribution.settled import Settled
from fusion.attribution.stage import attribute, look_before_exit
from fusion.attribution.state import Attribution, People, open_trip
from fusion.attribution.tags import Exit, tags_of
from fusion.checkout import trips as visits
from fusion.checkout.tenders import Spent, spend
from fusion.clock_steps import stepping
from fusion.config import SECOND_NS, Config
from fusion.frozen import record, replace
from fusion.health.cameras import feel_turns, look_at_frames
from fusion.health.doubts import note_tags
from fusion.health.modes import Mode
from fusion.health.plates import feel
from fusion.health.sources import hear_sources, pausing
from fusion.health.stage import (
    Watch,
    first_watch,
    hear_tests,
    is_due,
    look,
    note_changes,
    note_crossing,
    note_moves,
    note_settled,
    take_tests,
    unseen_for,
    wrong_clocks,
)
from fusion.health.trust import moved_goods, trusted
from fusion.intake import Slice
from fusion.intake.clock_filter import Clock, Comparisons, Stamp, compare, compare_each
from fusion.intake.clocks import Clocks, Corrected, after_restarts, faults, retime, unknown
from fusion.intake.pictures import NO_PICTURES, Pictures, taken
from fusion.messages import Cart, Gate, Health, Message, Plates, Portal
from fusion.settlement import Outputs, TrackRows, foresee, join, say, settle
from fusion.shelf import (
    DARK_S,
    Levels,
    Pending,
    PlateChange,
    ShelfChange,
    dark_plates,
    empty_levels,
    group_changes,
    observe_batches,
)
from fusion.shelf.batches import batches_of
from fusion.shelf.changes import channel_rows
from fusion.store import Store
from fusion.tracking.carts import Carts, SeenMove, clear_owner, observe_cart, place_of
from fusion.tracking.clock_evidence import clock_evidence
from fusion.tracking.clock_witnesses import crossing, rolling
from fusion.tracking.floor import Floor, Match, advance, carried_on, empty_floor
from fusion.tracking.following import follow_frames
from fusion.tracking.frames import frames_of
from fusion.tracking.gates import Departure, leave_by_gate, leave_unseen, still_there
from fusion.tracking.hands import Hands, hands_of, no_hands, rivals_of
from fusion.tracking.identity import (
    Identity,
    Naming,
    admit,
    forget,
    go_on,
    likeliest,
    meet,
    name_tracks,
    stretch,
    trips_p,
)
from fusion.tracking.smoothing import Instant, Trail, flush, follow
from fusion.tracking.tracks import LEFT, LOST, TENTATIVE

PAUSE_S = 1.0  # plates of which nothing has been heard for so long may have been reached into unseen
KEPT_NS = 600 * SECOND_NS  # who has left may still be in sight of a change so long after


@record(eq=False)
class Engine:
    """What step needs and never changes: the store, the configuration and tables made from them."""

    store: Store
    config: Config
    channels: Mapping[str, Ints]  # controller -> plate row per channel
    camera_row: Mapping[str, int]


@record(eq=False)
class State:
    """Everything the engine believes."""

    now_ns: int
    clocks: Clocks
    floor: Floor
    hands: Hands
    identity: Identity
    carts: Carts
    levels: Levels
    pending: Pending
    attribution: Attribution
    trips: visits.Trips
    watch: Watch
    doubted: tuple[Departure, ...] = ()  # those whom a gate may have been wrongly taken to have seen
    spent: Spent = field(default_factory=dict)  # of balances and coupons
    trail: Trail = ()  # of tracks, until they are reported
    notes: Mapping[str, int] = field(default_factory=dict)  # what was odd, counted


@record()
class News:
    """What one slice brings, gathered message by message."""

    matches: list[Match] = field(default_factory=list)
    changes: list[PlateChange] = field(default_factory=list)
    departures: list[Departure] = field(default_factory=list)
    moves: list[SeenMove] = field(default_factory=list)  # of carts that are trusted
    said: list[SeenMove] = field(default_factory=list)  # of all carts
    weighings: list[Weighing] = field(default_factory=list)
    clocks: dict[str, Clock] = field(default_factory=dict)  # that were compared


def make_engine(store: Store, config: Config) -> Engine:
    """Return the constant part of the engine for a store."""
    rows = {name: i for i, name in enumerate(store.cameras.camera_id)}
    return Engine(store, config, channel_rows(store), rows)


def first_state(engine: Engine) -> State:
    """Return the state before the first message."""
    return State(
        now_ns=0,
        clocks=Clocks(),
        floor=empty_floor(engine.store),
        hands=no_hands(),
        identity=Identity(),
        carts={},
        levels=empty_levels(engine.store, engine.config.shelf),
        pending=Pending(),
        attribution=Attribution(),
        trips=visits.Trips(engine.store.store_id),
        watch=first_watch(engine.store, engine.config),
    )


def step(engine: Engine, state: State, part: Slice) -> tuple[State, Outputs]:
    """Advance the state by one closed slice and return what is settled by it.

    The engine's own time trails the slice by the time that messages wait for their clocks to be set right.
    """
    # A sensor whose clock begins in 1970 must not make time run backwards: before the hold there is nothing yet.
    now_ns = max(part.end_ns - int(engine.config.clocks.hold_s * SECOND_NS), state.now_ns + 1)
    return _advance(engine, state, part.messages, part.pictures, now_ns)


def finish(engine: Engine, state: State) -> tuple[State, Outputs]:
    """End of tape: read what still waits, close trips whose people have left, and show the others as open."""
    clocks = state.clocks
    waiting = [one.message.t_ns for one in clocks.words] + [t for one in clocks.pictures for t in one.t_ns.tolist()]
    last_ns = max((t_ns + 1 for t_ns in waiting), default=state.now_ns)
    end_ns = max(last_ns, state.now_ns + int(engine.config.clocks.hold_s * SECOND_NS))
    state, outputs = _advance(engine, state, (), NO_PICTURES, end_ns)
    state, settled, fresh = _shelf(engine, state, (), _people(engine, state), now_ns=state.now_ns + 60 * SECOND_NS)
    provisional = (*outputs.provisional, *foresee(fresh, state.trips, engine.store, engine.config))
    inside = tuple(trip.trip for trip in state.trips.live)
    state, last = _close(engine, state, visits.end_tape(state.trips, state.now_ns), inside)
    said = join(say(settled, state.trips, engine.store, engine.config), last)
    rest = tuple(map(_rows, flush(state.trail, engine.config.tracking.accel_m2ps3)))
    return replace(state, trail=()), replace(
        join(outputs, said),
        tracks=(*outputs.tracks, *rest),
        names=outputs.names,
        health=outputs.health,
        modes=outputs.modes,
        provisional=provisional,
    )


def _advance(
    engine: Engine, state: State, messages: tuple[Message, ...], pictures: Pictures, now_ns: int
) -> tuple[State, Outputs]:
    """Let everything measured before now_ns happen."""
    clocks, ready, pictures = retime(state.clocks, messages, pictures, now_ns, engine.config.clocks)
    clocks = after_restarts(clocks, pictures, engine.config.clocks)
    before_ns, state = state.now_ns, replace(state, now_ns=now_ns, clocks=clocks)
    news = News()
    messages = tuple(one.message for one in ready)
    sources = hear_sources(state.watch.sources, messages, pictures)
    words = [message for message in messages if isinstance(message, Health)]
    watch, odd = hear_tests(replace(state.watch, sources=sources), words, engine.store)
    state = replace(state, watch=watch)
    for text in odd:
        state = _note(state, text)
    state = _take_plates(engine, state, [m for m in messages if isinstance(m, Plates)], news)
    for one in ready:
        if not isinstance(one.message, (Plates, Health)):
            # Gates and carts ask where people are: all frames before them must be in.
            before, pictures = pictures.cut(one.key)
            state = _take_frames(engine, state, before, news)
            state = _take(engine, state, one, news)
    state = _take_frames(engine, state, pictures, news)
    if news.clocks:
        state = replace(state, clocks=replace(clocks, of={**clocks.of, **news.clocks}))
    state = _come_back(engine, state)
    state, gone, people = _follow(engine, state, news)
    state = _leave(engine, state, (*news.departures, *gone))
    state, settled, fresh = _shelf(engine, state, tuple(news.changes), people, state.now_ns)
    provisional = foresee(fresh, state.trips, engine.store, engine.config)
    due = visits.due(state.trips, state.now_ns)
    if due:
        own = engine.config.attribution
        attribution = look_before_exit(state.attribution, due, state.now_ns, people, engine.store, own)
        state = replace(state, attribution=attribution)
    state, outputs = _close(engine, state, visits.close(state.trips, due, state.now_ns), due)
    outputs = join(say(settled, state.trips, engine.store, engine.config), outputs)
    for _ in [s for s in settled if not s.reading.parts and s.change.plates]:
        state = _note(state, "shelf change without goods")
    state, rows = _follow_trail(engine, state, before_ns)
    state, said, modes = _look(engine, state, news)
    state, names = _forget(state) if due else (state, ())
    return state, replace(outputs, tracks=rows, names=names, health=said, modes=modes, provisional=provisional)


def _look(engine: Engine, state: State, news: News) -> tuple[State, tuple[Health, ...], tuple[Mode, ...]]:
    """Look after the sensors, once a second."""
    watch = note_moves(state.watch, news.said) if news.said else state.watch
    if not is_due(watch, state.now_ns, engine.config):
        return replace(state, watch=watch), (), ()
    inside = frozenset(trip.trip for trip in state.trips.live)
    watch, said, modes = look(
        watch, state.levels, state.floor, state.attribution, _people(engine, state), inside,
        faults(state.clocks, wrong_clocks(watch), engine.config.clocks), state.now_ns, engine.store, engine.config,
    )  # fmt: skip
    return _end_unseen(engine, replace(state, watch=watch)), said, modes


def _end_unseen(engine: Engine, state: State) -> State:
    """Let shoppers leave whom nobody has seen for long: their exit was lost."""
    return _let_go(state, unseen_for(state.watch, engine.config.health.lost_s, state.now_ns), state.now_ns)


def _let_go(state: State, missed: Collection[str], t_ns: int) -> State:
    """Let the shoppers of some trips leave without a word of an exit."""
    trips, lost = state.trips, set[str]()
    for trip in trips.live if missed else ():
        if trip.trip in missed and not trip.is_staff and trip.status is visits.Status.INSIDE:
            lost.add(trip.trip)
            for _ in range(trip.party - trip.left):
                trips = visits.leave(trips, trip.trip, t_ns)
    if not lost:
        return state
    state = _note(state, "trip of somebody not seen for long")
    return replace(state, trips=trips, watch=replace(state.watch, lost=state.watch.lost | lost))


def _take_plates(engine: Engine, state: State, messages: list[Plates], news: News) -> State:
    """Hand all plate samples of a slice to the shelf at once: nothing else of the slice bears on them."""
    fitting: list[tuple[Plates, Ints]] = []
    for message in messages:
        rows = engine.channels.get(message.src)
        if rows is None or len(rows) < message.g.shape[1]:
            state = _note(state, f"plates of {message.src} do not fit plates.csv")
        else:
            fitting.append((message, rows[: message.g.shape[1]]))
    if not fitting:
        return state
    config, watch = engine.config, state.watch
    batches = batches_of([message for message, _ in fitting], [rows for _, rows in fitting])
    levels, changes, noise = observe_batches(state.levels, batches, config.shelf)
    plates = feel(watch.plates, batches, noise, config.shelf, config.health)
    state = replace(state, levels=levels, watch=replace(watch, plates=plates))
    for new in changes:
        kept, left_out = trusted(new, plates, watch.gains) if new else (new, 0)
        news.changes.extend(kept)
        state = _note(state, "change of a plate that had said nothing") if left_out else state
    return state


def _take_frames(engine: Engine, state: State, pictures: Pictures, news: News) -> State:
    """Hand camera frames, in their order, to tracking at once; news collects what they bring.

    A frame that shows what the last one did is none. A camera that is out goes on being compared with the others: that
    is how it comes back.
    """
    known = [frame for frame, src in enumerate(pictures.src) if src in engine.camera_row]
    if len(known) < len(pictures):
        for src in [src for src in pictures.src if src not in engine.camera_row]:
            state = _note(state, f"camera {src} is not in store.toml")
        pictures = taken(pictures, known)
    if not len(pictures):
        return state
    store, config = engine.store, engine.config
    rows = [engine.camera_row[src] for src in pictures.src]
    cameras, new = look_at_frames(state.watch.cameras, rows, pictures)
    if not new:
        return replace(state, watch=replace(state.watch, cameras=cameras))
    if len(new) < len(pictures):
        pictures, rows = taken(pictures, new), [rows[frame] for frame in new]
    frames = frames_of(pictures, np.array(rows), store.cameras, config.tracking)
    is_out = cameras.out()[frames.camera]
    # What has just restarted may be off by anything: it is compared with tracks that the others have made.
    restarted = unknown(state.clocks, state.now_ns, config.clocks)
    is_idle = is_out | np.array([src in restarted for src in pictures.src]) if restarted else is_out
    floor, hands, followed = follow_frames(
        state.floor, state.hands, frames, is_idle, store, config.tracking, config.attribution.hands
    )
    cameras = feel_turns(cameras, followed, is_idle, store)
    news.matches.extend(followed.matches(is_idle, config.attribution.touch_m))
    found, first = clock_evidence(followed, is_out, store, config.clocks, config.tracking)
    telling = (first[1:] > first[:-1]).nonzero()[0].tolist()
    if telling:
        t_ns, by_s = pictures.t_ns.tolist(), pictures.by_s.tolist()
        stamps = [Stamp(pictures.src[frame], t_ns[frame], by_s[frame]) for frame in telling]
        compared = compare_each({**state.clocks.of, **news.clocks}, stamps, found, first[[*telling, -1]], config.clocks)
        news.clocks.update(compared)
    return replace(state, floor=floor, hands=hands, watch=replace(state.watch, cameras=cameras))


def _take(engine: Engine, state: State, one: Corrected, news: News) -> State:
    """Hand one message to its stage; news collects what the slice brings."""
    message = one.message
    match message:
        case Cart():
            trip_of = likeliest(state.identity, state.now_ns)
            found = rolling(state.carts.get(message.src), message, state.floor, trip_of, engine.config.clocks)
            _compare(engine, state, one, found, news)
            carts, moves = observe_cart(state.carts, message, state.floor, trip_of, engine.config.cart)
            lies = message.src in state.watch.sayings.of and state.watch.sayings.of[message.src].on
            news.said.extend(moves)
            news.moves.extend(() if lies else moves)
            if message.g is not None:
                news.weighings.append(Weighing(message.t_ns, message.src, message.g))
            return replace(state, carts=carts)
        case Gate():
            _compare(engine, state, one, crossing(message, state.floor, engine.store, engine.config.clocks), news)
            return _gate(engine, state, message, news)
        case Portal():
            heard = tags_of(message, engine.store)
            watch = state.watch
            state = replace(state, watch=replace(watch, sayings=note_tags(watch.sayings, message.src, heard)))
            if message.src in _portals_out(engine, state):
                return state
            return replace(state, attribution=hear(state.attribution, heard, (), engine.config.attribution))
    return state


def _portals_out(engine: Engine, state: State) -> frozenset[str]:
    """Return the portals whose tags say nothing now: they read across, or are silent."""
    sources, of = state.watch.sources, state.watch.sayings.of
    names = (portal for portal, _ in engine.store.portals)
    return frozenset(
        name for name in names if (name in of and of[name].on) or bool(sources.silent.on[sources.row[name]])
    )


def _compare(engine: Engine, state: State, one: Corrected, found: Comparisons | None, news: News) -> None:
    """Learn of a source's clock from what was found in a message of it."""
    if found is not None:
        src, t_ns = one.message.src, one.message.t_ns
        clock = news.clocks.get(src) or state.clocks.of.get(src)
        news.clocks[src] = compare(clock, t_ns, found, one.by_s, engine.config.clocks)


def _compare_steps(engine: Engine, state: State, changes: tuple[ShelfChange, ...]) -> Clocks:
    """Learn of the clocks of shelf controllers from the hands that made the changes."""
    clocks, config = state.clocks, engine.config.clocks
    for change in changes:
        found = stepping(change, state.attribution.seen.bodies, state.identity.alias, engine.store, config)
        if found is not None:
            src, seen = found
            # These clocks move by milliseconds between a step and its change: the correction now is that of then.
            by_s = clocks.offset_s(src, change.step_ns)
            now = compare(clocks.of.get(src), change.step_ns, seen, by_s, config)
            clocks = replace(clocks, of={**clocks.of, src: now})
    return clocks


def _gate(engine: Engine, state: State, gate: Gate, news: News) -> State:
    if gate.event == "enter":
        # Who comes again, and has not been seen of late, has left in between: an exit was lost.
        last = visits.inside(state.trips, gate.account)
        if last is not None and last.trip in unseen_for(state.watch, engine.config.health.again_s, gate.t_ns):
            state = _let_go(state, {last.trip}, gate.t_ns)
        trips = visits.enter(state.trips, gate, gate.t_ns, engine.config)
        attribution = state.attribution
        if len(trips.live) > len(state.trips.live):
            attribution = open_trip(attribution, trips.live[-1].trip, is_staff=trips.live[-1].is_staff)
        joined = visits.inside(trips, gate.account) or trips.live[-1]
        identity = admit(state.identity, gate, joined.trip, engine.store)
        watch = note_crossing(state.watch, gate, joined.trip, engine.config)
        return replace(state, trips=trips, attribution=attribution, identity=identity, watch=watch)
    of_account = {t.account: t.trip for t in state.trips.live if t.account is not None}
    identity, floor, gone = leave_by_gate(
        state.identity, state.floor, gate, of_account, engine.store, engine.config.identity
    )
    news.departures.extend(gone)
    watch = note_crossing(state.watch, gate, gone[0].trip if gone else "", engine.config)
    state = replace(state, identity=identity, floor=floor, watch=watch)
    return state if gone else _note(state, "exit of nobody known")


def _follow(engine: Engine, state: State, news: News) -> tuple[State, tuple[Departure, ...], People]:
    """Let the life cycles run, name tracks, and remember who was where; return who has gone, and who is who."""
    config = engine.config
    floor = advance(state.floor, state.now_ns, config.tracking, state.identity.trip_of)
    identity = go_on(state.identity, floor.joined)
    identity, floor = name_tracks(identity, floor, state.now_ns, engine.store, config.identity, config.tracking)
    identity, floor = meet(identity, floor, state.carts, state.now_ns, config.identity, config.tracking)
    floor, gone = leave_unseen(identity, floor, state.now_ns, engine.store, config.identity)
    sure = ((floor.tracks.status != TENTATIVE) & (floor.tracks.status != LEFT)).nonzero()[0]
    hands, spread = hands_of(state.hands, floor.tracks.track_id[sure], state.now_ns, config.attribution.hands)
    rival_id, rival_p = rivals_of(state.hands, floor.tracks.track_id[sure])
    bodies = Bodies(
        t_ns=state.now_ns,
        track_id=floor.tracks.track_id[sure],
        head=floor.tracks.mean[sure][:, [0, 1, 4]],
        hands=hands,
        hands_cov=spread,
        unseen_s=np.maximum(0.0, (state.now_ns - floor.tracks.seen_ns[sure]) / SECOND_NS - 0.3),
        rival_id=rival_id,
        rival_p=rival_p,
    )
    seen = remember(
        state.attribution.seen,
        tuple(news.matches),
        bodies,
        tuple(news.moves),
        tuple(news.weighings),
        engine.store,
        config.attribution,
    )
    attribution = replace(state.attribution, seen=seen)
    people = _people(engine, replace(state, identity=identity))
    attribution = watch_passing(
        attribution, bodies, tuple(news.matches), tuple(news.moves), people, engine.store, config.attribution
    )
    attribution = watch_dark(attribution, bodies, engine.store, config.attribution)
    attribution = watch_stoops(attribution, bodies, state.levels.disturbed, engine.store, config.attribution)
    return replace(state, floor=floor, identity=identity, attribution=attribution), gone, people


def _come_back(engine: Engine, state: State) -> State:
    """Let those go on shopping who had not left after all."""
    if not state.doubted:
        return state
    live = {trip.trip for trip in state.trips.live}
    doubted = tuple(one for one in state.doubted if one.trip in live)
    floor, back, doubted = still_there(state.floor, doubted, state.now_ns, engine.store, engine.config.identity)
    attribution = unhear(state.attribution, [(one.trip, one.t_ns) for one in back])
    for one in back:
        state = replace(_note(state, "exit of somebody who was there still"), trips=visits.stay(state.trips, one.trip))
    return replace(state, floor=floor, attribution=attribution, doubted=doubted)


def _leave(engine: Engine, state: State, departures: tuple[Departure, ...]) -> State:
    trips = state.trips
    for departure in departures:
        trips = visits.leave(trips, departure.trip, departure.t_ns)
    # Past a portal that is out nobody is heard, whatever they carry.
    out = _portals_out(engine, state) if departures else frozenset()
    deaf = {
        engine.store.gates.gate_id.index(gate)
        for portal, gate in engine.store.portals
        if portal in out and gate in engine.store.gates.gate_id
    }
    exits = tuple(Exit(d.trip, d.t_ns, -1 if d.gate in deaf else d.gate) for d in departures)
    attribution = hear(state.attribution, (), exits, engine.config.attribution) if exits else state.attribution
    doubted = (*state.doubted, *(one for one in departures if one.track_id >= 0))
    return replace(state, trips=trips, attribution=attribution, doubted=doubted)


def _shelf(
    engine: Engine, state: State, changes: tuple[PlateChange, ...], people: People, now_ns: int
) -> tuple[State, tuple[Settled, ...], tuple[Settled, ...]]:
    """Group plate changes and read those that have waited long enough by now_ns.

    Returns what is settled, and what was read for the first time and stays open, as it stands.
    """
    config = engine.config
    pending, ready = group_changes(state.pending, changes, state.levels, now_ns, engine.store, config.shelf)
    ready, dead = moved_goods(ready, state.levels, state.watch.plates, config.health)
    state = _note(state, "change of a plate that died") if dead else state
    watch, ready = take_tests(state.watch, ready, now_ns, config)
    state = replace(state, watch=note_changes(watch, ready, config))
    state = replace(state, clocks=_compare_steps(engine, state, ready))
    attribution, settled = attribute(_darkened(engine, state), ready, now_ns, people, engine.store, config.attribution)
    known = state.attribution.open
    fresh = (event for event, change in attribution.open.items() if change.plates and event not in known)
    stands = tuple(as_it_stands(attribution, event) for event in fresh)
    watch = note_settled(state.watch, settled, engine.store, config)
    return replace(state, pending=pending, attribution=attribution, watch=watch), settled, stands


def _darkened(engine: Engine, state: State) -> Attribution:
    """Note every second which plates say nothing, or whose controllers have not for a second, or weigh nothing."""
    attribution, now_ns, sources = state.attribution, state.now_ns, state.watch.sources
    begins = not sources.begun_ns or now_ns < sources.begun_ns + DARK_S * SECOND_NS
    if begins or now_ns < attribution.dark_asked_ns + SECOND_NS:
        return attribution
    pause = np.flatnonzero(pausing(sources, engine.store.plates.controller, now_ns, PAUSE_S))
    blind = np.flatnonzero(state.watch.plates.blind.on)
    dark = (dark_plates(state.levels, now_ns), pause, blind)
    now = dict.fromkeys(np.concatenate(dark).tolist(), now_ns)
    return replace(attribution, dark={**attribution.dark, **now}, dark_asked_ns=now_ns)


def _people(engine: Engine, state: State) -> People:
    staff = frozenset(trip.trip for trip in state.trips.live if trip.is_staff)
    identity, least = state.identity, engine.config.identity.person_p_min

    @cache
    def who(track_id: int, t_ns: int) -> tuple[tuple[str, float, tuple[Claim, ...]], ...]:
        p = trips_p(identity, track_id, t_ns)
        if max(p.values()) > 1 - least:
            return ((max(p, key=lambda trip: p[trip]), 0.0, ()),)
        place = stretch(identity, track_id, t_ns)
        nats = {trip: float(np.log(one)) for trip, one in sorted(p.items()) if one > least}
        return tuple((trip, one, (Claim(place, t_ns, trip, one),)) for trip, one in nats.items())

    carts = {}
    for cart, one in state.carts.items():
        owner = clear_owner(one, engine.config.attribution.cart_owner_p)
        carts[cart] = CartNow(owner, one.t_ns, place_of(one), one.owner.get(owner, 0.0))
    known = list[Mapping[int, str]]()

    def named() -> Mapping[int, str]:
        if not known:
            known.append(likeliest(identity, state.now_ns))
        return known[0]

    return People(named, who, identity.alias, staff, engine.config.cart, carts)


def _close(engine: Engine, state: State, trips: visits.Trips, ids: tuple[str, ...]) -> tuple[State, Outputs]:
    """Settle the trips among ids, which have just ended, by who was who as it is believed now."""
    if not ids:
        return replace(state, trips=trips), Outputs()

    def nats_of(claim: Claim) -> float:
        p = trips_p(state.identity, claim.stretch[0], claim.t_ns)
        return float(np.log(max(p.get(claim.trip, 0.0), 1e-6)))

    open_readings = believe_anew(state.attribution, nats_of, engine.config.attribution)
    attribution, outputs, watch = settle(
        open_readings, trips, ids, engine.store, engine.config, state.spent, state.watch
    )
    spent = spend(state.spent, outputs.receipts)
    trips = visits.forget(trips, _open_since(trips, attribution, state.now_ns) - KEPT_NS)
    return replace(state, trips=trips, attribution=attribution, spent=spent, watch=watch), outputs


def _open_since(trips: visits.Trips, attribution: Attribution, now_ns: int) -> int:
    """Return since when a trip that has not ended, or a change that is not settled, has been open."""
    changes = (*attribution.open.values(), *attribution.waiting)
    began = (*(trip.entered_ns for trip in trips.live), *(change.step_ns for change in changes))
    return min(began, default=now_ns)


def _forget(state: State) -> tuple[State, tuple[Naming, ...]]:
    """Forget who was who among people who are gone."""
    waiting = {k for one in state.trail for k in one.track_id.tolist()}
    present = waiting | set(state.floor.tracks.track_id.tolist())
    identity, names = forget(state.identity, {trip.trip for trip in state.trips.live}, present)
    return replace(state, identity=identity), names


def _follow_trail(engine: Engine, state: State, before_ns: int) -> tuple[State, tuple[TrackRows, ...]]:
    """Add where everybody is at the last grid instant this slice passed, if it passed one; return what is ready."""
    config = engine.config
    t_ns = state.now_ns // config.track_rows_ns * config.track_rows_ns
    if t_ns <= before_ns:
        return state, ()
    tracks = carried_on(state.floor, t_ns, config.tracking).tracks
    rows = (tracks.status != LOST).nonzero()[0]
    mean = tracks.mean[rows, :4]
    mean[:, :2] += min(0.0, (t_ns - state.floor.t_ns) / SECOND_NS) * mean[:, 2:]  # a frame may have come after it
    now = Instant(t_ns, tracks.track_id[rows], tracks.status[rows] != TENTATIVE, mean, tracks.cov[rows, :4, :4])
    lag_ns = int(config.track_lag_s * SECOND_NS)
    trail, ready = follow(state.trail, now, lag_ns, config.tracking.accel_m2ps3)
    return replace(state, trail=trail), tuple(map(_rows, ready))


def _rows(one: Instant) -> TrackRows:
    return TrackRows(one.t_ns, one.track_id, one.mean[:, :2])


def _note(state: State, text: str) -> State:
    return replace(state, notes={**state.notes, text: state.notes.get(text, 0) + 1})

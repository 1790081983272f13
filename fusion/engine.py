"""step: one slice of event time through all stages. Pure: no sockets, files, clocks, global random numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from fusion.arrays import Floats, Ints
from fusion.attribution.events import Event, Owner, events_of, transfers_of
from fusion.attribution.evidence import Bodies, remember
from fusion.attribution.stage import (
    Attribution,
    People,
    Settled,
    attribute,
    carried,
    close_trip,
    open_trip,
    parts_of,
)
from fusion.checkout import trips as visits
from fusion.checkout.charge import choose
from fusion.checkout.postings import close_trip as postings_of
from fusion.checkout.records import OPEN, Entry, Receipt, Transfer
from fusion.config import SECOND_NS, Config
from fusion.intake import Slice
from fusion.messages import Boxes, Cart, Gate, Message, Plates
from fusion.messages import People as PeopleMessage
from fusion.shelf import Levels, Pending, PlateChange, empty_levels, group_changes, observe_plates
from fusion.shelf.changes import channel_rows
from fusion.store import Store
from fusion.tracking.carts import Carts, SeenMove, observe_cart
from fusion.tracking.floor import Floor, Match, advance, empty_floor, observe
from fusion.tracking.identity import Departure, Identity, admit, leave_by_gate, leave_unseen, name_tracks
from fusion.tracking.sightings import Sightings, from_boxes, from_people
from fusion.tracking.tracks import Status


@dataclass(frozen=True, slots=True, eq=False)
class Engine:
    """What step needs and never changes: the store, the configuration and tables made from them."""

    store: Store
    config: Config
    channels: Mapping[str, Ints]  # controller -> plate row per channel
    camera_row: Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Everything the engine believes."""

    now_ns: int
    floor: Floor
    identity: Identity
    carts: Carts
    levels: Levels
    pending: Pending
    attribution: Attribution
    trips: visits.Trips
    notes: Mapping[str, int] = field(default_factory=dict)  # what was odd, counted


@dataclass(frozen=True, slots=True, eq=False)
class TrackRows:
    """Rows of tracks.parquet at one instant."""

    t_ns: int
    track_id: Ints  # (n,)
    xy: Floats  # (n, 2) m


@dataclass(frozen=True, slots=True, eq=False)
class Outputs:
    """What one step says to the world."""

    events: tuple[Event, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    entries: tuple[Entry, ...] = ()
    tracks: TrackRows | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What one slice brings, gathered message by message."""

    matches: list[Match] = field(default_factory=list)
    changes: list[PlateChange] = field(default_factory=list)
    departures: list[Departure] = field(default_factory=list)
    moves: list[SeenMove] = field(default_factory=list)


def make_engine(store: Store, config: Config) -> Engine:
    """Return the constant part of the engine for a store."""
    rows = {name: i for i, name in enumerate(store.cameras.camera_id)}
    return Engine(store, config, channel_rows(store), rows)


def first_state(engine: Engine) -> State:
    """Return the state before the first message."""
    return State(
        now_ns=0,
        floor=empty_floor(engine.store),
        identity=Identity(),
        carts={},
        levels=empty_levels(engine.store, engine.config.shelf),
        pending=Pending(),
        attribution=Attribution(),
        trips=visits.Trips(engine.store.store_id),
    )


def step(engine: Engine, state: State, part: Slice) -> tuple[State, Outputs]:
    """Advance the state by one closed slice and return what is settled by it."""
    assert part.end_ns > state.now_ns, "slices come in order"
    before_ns, state = state.now_ns, replace(state, now_ns=part.end_ns)
    news = News()
    for message in part.messages:
        state = _take(engine, state, message, news)
    state, gone = _follow(engine, state, news)
    state = _leave(state, (*news.departures, *gone))
    state, settled = _shelf(engine, state, tuple(news.changes), state.now_ns)
    state, outputs = _close(engine, state, visits.due(state.trips, state.now_ns))
    outputs = _join(_say(engine, state, settled), outputs)
    for _ in [s for s in settled if not s.reading.parts]:
        state = _note(state, "shelf change without goods")
    return state, replace(outputs, tracks=_track_rows(state, before_ns, engine.config.track_rows_ns))


def finish(engine: Engine, state: State) -> tuple[State, Outputs]:
    """End of tape: read what still waits, close trips whose people have left, and show the others as open."""
    state, settled = _shelf(engine, state, (), now_ns=state.now_ns + 60 * SECOND_NS)
    trips = tuple(trip.trip for trip in state.trips.live)
    state, outputs = _close(engine, replace(state, trips=visits.end_tape(state.trips, state.now_ns)), trips)
    return state, _join(_say(engine, state, settled), outputs)


def _take(engine: Engine, state: State, message: Message, news: News) -> State:
    """Hand one message to its stage; news collects what the slice brings."""
    match message:
        case Plates():
            rows = engine.channels.get(message.src)
            if rows is None or len(rows) < message.g.shape[1]:
                return _note(state, f"plates of {message.src} do not fit plates.csv")
            levels, new = observe_plates(state.levels, message, rows[: message.g.shape[1]], engine.config.shelf)
            news.changes.extend(new)
            return replace(state, levels=levels)
        case PeopleMessage() | Boxes():
            if not len(message.head):
                return state
            frame = _sightings(engine, message)
            if frame is None:
                return _note(state, f"camera {message.src} is not in store.toml")
            floor, match_ = observe(state.floor, frame, engine.store, engine.config.tracking)
            news.matches.append(match_)
            return replace(state, floor=floor)
        case Cart():
            config = engine.config.cart
            carts, moves = observe_cart(state.carts, message, state.floor, state.identity.trip_of, config)
            news.moves.extend(moves)
            return replace(state, carts=carts)
        case Gate():
            return _gate(engine, state, message, news)
    return state


def _sightings(engine: Engine, message: PeopleMessage | Boxes) -> Sightings | None:
    row = engine.camera_row.get(message.src)
    if row is None:
        return None
    if isinstance(message, Boxes):
        return from_boxes(message, row, engine.store.cameras, engine.config.tracking)
    return from_people(message, row, engine.config.tracking)


def _gate(engine: Engine, state: State, gate: Gate, news: News) -> State:
    if gate.event == "enter":
        trips = visits.enter(state.trips, gate, gate.t_ns, engine.config)
        attribution = state.attribution
        if len(trips.live) > len(state.trips.live):
            attribution = open_trip(attribution, trips.live[-1].trip, is_staff=trips.live[-1].is_staff)
        joined = visits.inside(trips, gate.account) or trips.live[-1]
        identity = admit(state.identity, gate, joined.trip, engine.store)
        return replace(state, trips=trips, attribution=attribution, identity=identity)
    of_account = {t.account: t.trip for t in state.trips.live if t.account is not None}
    identity, floor, gone = leave_by_gate(
        state.identity, state.floor, gate, of_account, engine.store, engine.config.identity
    )
    news.departures.extend(gone)
    state = replace(state, identity=identity, floor=floor)
    return state if gone else _note(state, "exit of nobody known")


def _follow(engine: Engine, state: State, news: News) -> tuple[State, tuple[Departure, ...]]:
    """Let the life cycles run, name tracks, and remember who was where."""
    config = engine.config
    floor = advance(state.floor, state.now_ns, config.tracking)
    identity, floor = name_tracks(state.identity, floor, state.now_ns, engine.store, config.identity, config.tracking)
    floor, gone = leave_unseen(identity, floor, state.now_ns, engine.store, config.identity)
    sure = np.flatnonzero((floor.tracks.status != Status.TENTATIVE) & (floor.tracks.status != Status.LEFT))
    bodies = Bodies(
        t_ns=state.now_ns,
        track_id=floor.tracks.track_id[sure],
        xy=floor.tracks.mean[sure, :2],
        unseen_s=np.maximum(0.0, (state.now_ns - floor.tracks.seen_ns[sure]) / SECOND_NS - 0.3),
    )
    seen = remember(state.attribution.seen, tuple(news.matches), bodies, tuple(news.moves), config.attribution)
    attribution = replace(state.attribution, seen=seen)
    return replace(state, floor=floor, identity=identity, attribution=attribution), gone


def _leave(state: State, departures: tuple[Departure, ...]) -> State:
    trips = state.trips
    for departure in departures:
        trips = visits.leave(trips, departure.trip, departure.t_ns)
    return replace(state, trips=trips)


def _shelf(
    engine: Engine, state: State, changes: tuple[PlateChange, ...], now_ns: int
) -> tuple[State, tuple[Settled, ...]]:
    """Group plate changes and read those that have waited long enough by now_ns."""
    config = engine.config
    pending, ready = group_changes(state.pending, changes, state.levels, now_ns, engine.store, config.shelf)
    staff = frozenset(trip.trip for trip in state.trips.live if trip.is_staff)
    people = People(state.identity.trip_of, state.identity.alias, staff, config.cart)
    attribution, settled = attribute(state.attribution, ready, now_ns, people, engine.store, config.attribution)
    return replace(state, pending=pending, attribution=attribution), settled


def _close(engine: Engine, state: State, ids: tuple[str, ...]) -> tuple[State, Outputs]:
    """Settle trips that are over, or still open at the end of the tape: charge, events, transfers, postings."""
    trips = state.trips
    due = tuple(trip.trip for trip in trips.live if trip.trip in ids)
    state = replace(state, trips=visits.close(trips, due, state.now_ns))
    total = Outputs()
    for trip in [t for t in state.trips.ended if t.trip in ids]:
        state, one = _settle(engine, state, trip)
        total = _join(total, one)
    return state, total


def _settle(engine: Engine, state: State, trip: visits.Trip) -> tuple[State, Outputs]:
    """Choose the charge of one trip and settle every change it explains."""
    store, config = engine.store, engine.config
    charge = None if trip.is_staff else choose(carried(state.attribution, trip.trip), store, config.checkout)
    goods = None if charge is None else charge.goods
    attribution, settled = close_trip(state.attribution, trip.trip, goods, config.attribution)
    state = replace(state, attribution=attribution)
    outputs = _say(engine, state, settled)
    if charge is None:
        return state, outputs
    evidence: dict[int, list[str]] = {}
    for one in settled:
        for part in parts_of(one, trip.trip):
            evidence.setdefault(part.product, []).append(one.event)
    receipt = charge.receipt(trip.end(), evidence, store)
    moved, posted = postings_of(receipt, store) if receipt.status != OPEN else ((), ())
    return state, _join(outputs, Outputs(receipts=(receipt,), transfers=moved, entries=posted))


def _say(engine: Engine, state: State, settled: tuple[Settled, ...]) -> Outputs:
    """Turn settled changes into events and transfers of goods, in order of time."""
    trips = (*state.trips.live, *state.trips.ended)
    owner = OwnerTable({t.trip: Owner(t.account, t.is_staff) for t in trips})
    ordered = sorted(settled, key=lambda s: (s.change.step_ns, s.event))
    events = [e for s in ordered for e in events_of(s, owner, engine.store, engine.config.attribution)]
    return Outputs(tuple(events), (), tuple(t for s in ordered for t in transfers_of(s, owner, engine.store)))


def _join(a: Outputs, b: Outputs) -> Outputs:
    return Outputs(
        events=(*a.events, *b.events),
        receipts=(*a.receipts, *b.receipts),
        transfers=(*a.transfers, *b.transfers),
        entries=(*a.entries, *b.entries),
    )


def _track_rows(state: State, before_ns: int, every_ns: int) -> TrackRows | None:
    """Return where everybody is at the last grid instant this slice passed, if it passed one."""
    t_ns = state.now_ns // every_ns * every_ns
    if t_ns <= before_ns:
        return None
    tracks = state.floor.tracks
    shown = np.flatnonzero((tracks.status != Status.TENTATIVE) & (tracks.status != Status.LOST))
    mean = tracks.mean[shown]
    ahead_s = (t_ns - state.floor.t_ns) / SECOND_NS
    return TrackRows(t_ns, tracks.track_id[shown], mean[:, :2] + ahead_s * mean[:, 2:4])


@dataclass(frozen=True, slots=True)
class OwnerTable:
    """Looks a trip up; nobody and unknown trips have no account."""

    owners: Mapping[str, Owner]

    def __call__(self, trip: str) -> Owner:
        """Return what the trip means outside."""
        return self.owners.get(trip, Owner(None, False))


def _note(state: State, text: str) -> State:
    return replace(state, notes={**state.notes, text: state.notes.get(text, 0) + 1})

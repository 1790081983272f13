"""step: one slice of event time through all stages. Pure: no sockets, files, clocks or global random numbers below it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from fusion.arrays import Floats, Ints
from fusion.attribution.events import Event, Owner, events_of, transfers_of
from fusion.attribution.evidence import Bodies, remember
from fusion.attribution.stage import Attribution, People, Settled, attribute, carried, close_trip, open_trip, parts_of
from fusion.checkout import trips as visits
from fusion.checkout.charge import choose
from fusion.checkout.postings import close_trip as postings_of
from fusion.checkout.records import Entry, Receipt, Transfer
from fusion.config import SECOND_NS, Config
from fusion.intake import Slice
from fusion.messages import Boxes, Gate, Message, Plates
from fusion.messages import People as PeopleMessage
from fusion.shelf import Levels, Pending, PlateChange, empty_levels, group_changes, observe_plates
from fusion.shelf.changes import channel_rows
from fusion.store import Store
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
        levels=empty_levels(engine.store, engine.config.shelf),
        pending=Pending(),
        attribution=Attribution(),
        trips=visits.no_trips(engine.store.store_id),
    )


def step(engine: Engine, state: State, part: Slice) -> tuple[State, Outputs]:
    """Advance the state by one closed slice and return what is settled by it."""
    assert part.end_ns > state.now_ns, "slices come in order"
    state = replace(state, now_ns=part.end_ns)
    matches: list[Match] = []
    changes: list[PlateChange] = []
    departures: list[Departure] = []
    for message in part.messages:
        state = _take(engine, state, message, matches, changes, departures)
    state, gone = _follow(engine, state, tuple(matches))
    state = _leave(state, (*departures, *gone))
    state, settled = _shelf(engine, state, tuple(changes))
    state, outputs = _close(engine, state, visits.due(state.trips, state.now_ns, engine.config.checkout))
    return state, _with(engine, state, outputs, settled)


def finish(engine: Engine, state: State) -> tuple[State, Outputs]:
    """End of tape: read what still waits, close trips that have ended, and show the others as open."""
    state = replace(state, now_ns=state.now_ns + 60 * SECOND_NS)
    state, settled = _shelf(engine, state, ())
    state, outputs = _close(engine, state, visits.due(state.trips, state.now_ns, engine.config.checkout))
    ended = visits.unfinished(state.trips)
    state, rest = _close(engine, state, ended, at_end=True)
    outputs = Outputs(
        events=(*outputs.events, *rest.events),
        receipts=(*outputs.receipts, *rest.receipts),
        transfers=(*outputs.transfers, *rest.transfers),
        entries=(*outputs.entries, *rest.entries),
    )
    return state, replace(_with(engine, state, outputs, settled), tracks=None)


def _take(
    engine: Engine,
    state: State,
    message: Message,
    matches: list[Match],
    changes: list[PlateChange],
    departures: list[Departure],
) -> State:
    """Hand one message to its stage; lists collect what the slice brings."""
    match message:
        case Plates():
            rows = engine.channels.get(message.src)
            if rows is None or len(rows) < message.g.shape[1]:
                return _note(state, f"plates of {message.src} do not fit plates.csv")
            levels, new = observe_plates(state.levels, message, rows[: message.g.shape[1]], engine.config.shelf)
            changes += new
            return replace(state, levels=levels)
        case PeopleMessage() | Boxes():
            frame = _sightings(engine, message)
            if frame is None:
                return _note(state, f"camera {message.src} is not in store.toml")
            floor, match_ = observe(state.floor, frame, engine.store, engine.config.tracking)
            matches.append(match_)
            return replace(state, floor=floor)
        case Gate():
            return _gate(engine, state, message, departures)
    return state


def _sightings(engine: Engine, message: PeopleMessage | Boxes) -> Sightings | None:
    row = engine.camera_row.get(message.src)
    if row is None:
        return None
    if isinstance(message, Boxes):
        return from_boxes(message, row, engine.store.cameras, engine.config.tracking)
    return from_people(message, row, engine.config.tracking)


def _gate(engine: Engine, state: State, gate: Gate, departures: list[Departure]) -> State:
    if gate.event == "enter":
        trips, trip = visits.enter(state.trips, gate, gate.t_ns)
        attribution = state.attribution
        if len(trips.rows) > len(state.trips.rows):
            attribution = open_trip(attribution, trip.trip, is_staff=trip.role == "staff")
        identity = admit(state.identity, gate, trip.trip, engine.store)
        return replace(state, trips=trips, attribution=attribution, identity=identity)
    of_account = {t.account: t.trip for t in visits.inside(state.trips) if t.account is not None}
    identity, floor, gone = leave_by_gate(
        state.identity, state.floor, gate, of_account, engine.store, engine.config.identity
    )
    departures += gone
    state = replace(state, identity=identity, floor=floor)
    return state if gone else _note(state, "exit of nobody known")


def _follow(engine: Engine, state: State, matches: tuple[Match, ...]) -> tuple[State, tuple[Departure, ...]]:
    """Let the life cycles run, name tracks, and remember who was where."""
    config = engine.config
    floor = advance(state.floor, state.now_ns, config.tracking)
    identity, floor = name_tracks(
        state.identity, floor, state.now_ns, engine.store, config.identity, config.tracking
    )
    floor, gone = leave_unseen(identity, floor, state.now_ns, engine.store, config.identity)
    sure = np.flatnonzero((floor.tracks.status != Status.TENTATIVE) & (floor.tracks.status != Status.LEFT))
    bodies = Bodies(
        t_ns=state.now_ns,
        track_id=floor.tracks.track_id[sure],
        xy=floor.tracks.mean[sure, :2],
        unseen_s=np.maximum(0.0, (state.now_ns - floor.tracks.seen_ns[sure]) / SECOND_NS - 0.3),
    )
    seen = remember(state.attribution.seen, matches, bodies, config.attribution)
    attribution = replace(state.attribution, seen=seen)
    return replace(state, floor=floor, identity=identity, attribution=attribution), gone


def _leave(state: State, departures: tuple[Departure, ...]) -> State:
    trips = state.trips
    for departure in departures:
        trips = visits.leave(trips, departure.trip, departure.t_ns)
    return replace(state, trips=trips)


def _shelf(
    engine: Engine, state: State, changes: tuple[PlateChange, ...]
) -> tuple[State, tuple[Settled, ...]]:
    config = engine.config
    pending, ready = group_changes(
        state.pending, changes, state.levels, state.now_ns, engine.store, config.shelf
    )
    people = People(state.identity.trip_of, state.identity.alias, visits.staff_trips(state.trips))
    attribution, settled = attribute(
        state.attribution, ready, state.now_ns, people, engine.store, config.attribution
    )
    return replace(state, pending=pending, attribution=attribution), settled


def _close(
    engine: Engine, state: State, trips: tuple[visits.Trip, ...], *, at_end: bool = False
) -> tuple[State, Outputs]:
    """Charge trips that are over; at_end shows the others as open, charged nothing yet."""
    receipts: list[Receipt] = []
    transfers: list[Transfer] = []
    entries: list[Entry] = []
    events: list[Event] = []
    for trip in trips:
        posterior = None if trip.role == "staff" else carried(state.attribution, trip.trip)
        charge = None if posterior is None else choose(posterior, engine.store, engine.config.checkout)
        attribution, settled = close_trip(
            state.attribution, trip.trip, None if charge is None else charge.goods, engine.config.attribution
        )
        state = replace(state, attribution=attribution)
        owner = _owner_of(state)
        for one in sorted(settled, key=lambda s: (s.change.step_ns, s.event)):
            events += events_of(one, owner, engine.store, engine.config.attribution)
            transfers += transfers_of(one, owner, engine.store)
        if charge is None:
            continue
        mine: dict[int, list[tuple[str, float]]] = {}
        for one in settled:
            for moved_part in parts_of(one, trip.trip):
                mine.setdefault(moved_part.product, []).append((one.event, one.p))
        end = visits.end_of(trip, None if at_end else state.now_ns)
        receipt = charge.receipt(end, mine, engine.store)
        receipts.append(receipt)
        if not at_end:
            moved, posted = postings_of(receipt, engine.store)
            transfers += moved
            entries += posted
    if not at_end:
        state = replace(state, trips=visits.close(state.trips, tuple(t.trip for t in trips)))
    return state, Outputs(tuple(events), tuple(receipts), tuple(transfers), tuple(entries))


def _with(engine: Engine, state: State, outputs: Outputs, settled: tuple[Settled, ...]) -> Outputs:
    """Add changes settled without a trip, and the track rows that are due."""
    owner = _owner_of(state)
    events = [e for s in settled for e in events_of(s, owner, engine.store, engine.config.attribution)]
    transfers = [t for s in settled for t in transfers_of(s, owner, engine.store)]
    rows = None
    if state.now_ns % engine.config.track_rows_ns == 0:
        shown = np.flatnonzero(
            (state.floor.tracks.status != Status.TENTATIVE) & (state.floor.tracks.status != Status.LOST)
        )
        ahead_s = max(0, state.now_ns - state.floor.t_ns) / SECOND_NS
        mean = state.floor.tracks.mean[shown]
        rows = TrackRows(
            state.now_ns, state.floor.tracks.track_id[shown], mean[:, :2] + ahead_s * mean[:, 2:4]
        )
    return replace(
        outputs, events=(*events, *outputs.events), transfers=(*transfers, *outputs.transfers), tracks=rows
    )


def _owner_of(state: State) -> "OwnerTable":
    return OwnerTable({t.trip: Owner(t.account, t.role == "staff") for t in state.trips.rows})


@dataclass(frozen=True, slots=True)
class OwnerTable:
    """Looks a trip up; nobody and unknown trips have no account."""

    owners: Mapping[str, Owner]

    def __call__(self, trip: str) -> Owner:
        """Return what the trip means outside."""
        return self.owners.get(trip, Owner(None, False))


def _note(state: State, text: str) -> State:
    return replace(state, notes={**state.notes, text: state.notes.get(text, 0) + 1})

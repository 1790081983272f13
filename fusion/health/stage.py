"""The stage: hear every message, look at all sensors once a second, say what changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

import numpy as np

from fusion.arrays import Bools, Ints
from fusion.attribution.settled import Settled
from fusion.attribution.state import Attribution, People
from fusion.config import SECOND_NS, Config
from fusion.frozen import record, replace
from fusion.health.cameras import CameraHealth, first_cameras, look_at_cameras
from fusion.health.crossings import Crossings, check_entries, note_entry, note_exit
from fusion.health.doubts import Sayings, check_moves, check_tags
from fusion.health.findings import WRONG_CLOCK, Finding, findings, jumping, state_of, suspects, wrong_gains
from fusion.health.gains import Gains, misread_of, picks_of, weigh_gains
from fusion.health.holds import Doubts, Touched, reach_over
from fusion.health.jumps import Jumpy, check_settled, check_sharp, jumped
from fusion.health.known_weights import Awaited, Weighed, await_weights, being_weighed, take_out
from fusion.health.modes import OPEN, Mode, mode_of
from fusion.health.plates import PlateHealth, first_plates, look_at_plates, pieces_on, unharmed
from fusion.health.sources import GATE, SourceHealth, first_sources, look_at_sources, speaking
from fusion.messages import Gate, Health
from fusion.shelf import Levels, ShelfChange
from fusion.store import Store
from fusion.tracking.carts import SeenMove
from fusion.tracking.floor import Floor
from fusion.tracking.tracks import CONFIRMED

WELL = "is well again"
CLEARED = "is no longer suspected to weigh wrong"
FOREVER_NS = 2**62


@record(eq=False)
class Watch:
    """All that is known of the health of sensors."""

    plates: PlateHealth
    cameras: CameraHealth
    sources: SourceHealth
    sayings: Sayings = field(default_factory=Sayings)
    gains: Gains = field(default_factory=Gains)
    jumpy: Jumpy = field(default_factory=Jumpy)
    crossings: Crossings = field(default_factory=Crossings)
    touched: Touched = field(default_factory=dict)
    seen_s: Mapping[str, float] = field(default_factory=dict)  # trip -> for how long somebody of it was followed
    seen_ns: Mapping[str, int] = field(default_factory=dict)  # trip -> when somebody of it was last followed
    lost: frozenset[str] = frozenset()  # trips that have ended since nobody of them was seen any more
    looked_ns: int = 0
    told: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)  # sensor -> what was said of it last
    suspects: Mapping[str, str] = field(default_factory=dict)  # plate that may weigh wrong -> words; not in told
    awaited: tuple[Awaited, ...] = ()  # test weights
    weighed: tuple[Weighed, ...] = ()  # those that have gone again, until it is told
    since: Mapping[int, tuple[int, int, str]] = field(default_factory=dict)  # plate -> from, to ns, words
    mode: Mode = field(default_factory=lambda: Mode(0, OPEN))


def first_watch(store: Store, config: Config) -> Watch:
    """Return the watch before the first message."""
    return Watch(first_plates(store, config.health), first_cameras(store), first_sources(store))


def is_due(watch: Watch, now_ns: int, config: Config) -> bool:
    """Tell whether it is time to look at every sensor."""
    return now_ns - watch.looked_ns >= config.health.look_s * SECOND_NS


def look(
    watch: Watch,
    levels: Levels,
    floor: Floor,
    attribution: Attribution,
    people: People,
    inside: frozenset[str],
    clocks: Mapping[str, str],
    now_ns: int,
    store: Store,
    config: Config,
) -> tuple[Watch, tuple[Health, ...], tuple[Mode, ...]]:
    """Look at every sensor; return what is said anew of sensors, and the mode where it has changed.

    inside are trips, clocks what is wrong with whose clock.
    """
    health = config.health
    sources = look_at_sources(watch.sources, now_ns, health)
    spoken, _ = speaking(sources, store.plates.controller)
    plates = look_at_plates(watch.plates, levels, spoken, now_ns, store, config.shelf, health)
    heard, gone = speaking(sources, store.cameras.camera_id)
    cameras = look_at_cameras(watch.cameras, floor, heard, gone, now_ns, store, health)
    sayings = check_moves(watch.sayings, (), attribution, now_ns, store, config.cart, health)
    sayings = check_tags(sayings, attribution, now_ns, config.attribution.tags, health)
    watch = replace(watch, sources=sources, plates=plates, cameras=cameras, sayings=sayings)
    if _sees_all(watch):
        waited_s = config.identity.scan_wait_s
        crossings = check_entries(watch.crossings, watch.seen_s, inside, waited_s, now_ns, health)
        watch = replace(watch, crossings=crossings)
    found = findings(
        plates, cameras, sources, sayings, watch.gains, watch.jumpy, watch.crossings, clocks, levels, now_ns, store,
        health,
    )  # fmt: skip
    suspected = {name: words for name, words in suspects(watch.gains, store).items() if name not in found}
    said = _tested(watch.weighed, watch.told, now_ns, store)  # what follows from it is said last, and so what stands
    said += _told(watch.told, found, now_ns) + _suspected(watch.suspects, suspected, found, now_ns)
    since, weighing = _plate_times(watch, found, now_ns, store), being_weighed(watch.awaited, watch.weighed)
    watch = replace(watch, told=found, suspects=suspected, since=since, weighed=())
    doubted = weighing | _dark(watch, levels, now_ns, store)
    touched = reach_over(watch.touched, doubted, attribution.seen.bodies, people.who, inside, store, health)
    back = {
        store.plates.plate_id[row] for row in np.flatnonzero(unharmed(plates, levels, now_ns, config.shelf)).tolist()
    }
    touched = {trip: {k: v for k, v in rows.items() if k not in back} for trip, rows in touched.items()}
    touched = _misled(touched, watch, floor, people, inside, now_ns, store, config)
    seen_s, seen_ns = _seen(watch, floor, people, inside, now_ns)
    watch = replace(watch, seen_s=seen_s, seen_ns=seen_ns, lost=watch.lost & inside)
    mode, changed = _mode(watch, now_ns, store, config)
    return replace(watch, touched=touched, looked_ns=now_ns, mode=mode), said, changed


def note_moves(watch: Watch, moves: Iterable[SeenMove]) -> Watch:
    """Keep what carts have seen, until it is looked at."""
    return replace(watch, sayings=replace(watch.sayings, moves=(*watch.sayings.moves, *moves)))


def learn_gains(watch: Watch, settled: tuple[Settled, ...], store: Store, config: Config) -> Watch:
    """Weigh the gains of plates by changes that have just been settled."""
    picks = picks_of(settled, watch.gains, store, config.attribution)
    misread = misread_of(settled, store, config.attribution)
    return replace(watch, gains=weigh_gains(watch.gains, picks, misread, config.attribution, config.health))


def note_changes(watch: Watch, changes: tuple[ShelfChange, ...], config: Config) -> Watch:
    """Ask of changes that have just been found whether goods made them."""
    if not changes:
        return watch
    jumpy = check_sharp(watch.jumpy, changes, watch.plates.sharp, _otherwise_wrong(watch), config.health)
    return replace(watch, jumpy=jumpy)


def note_crossing(watch: Watch, gate: Gate, trip: str, config: Config) -> Watch:
    """Ask of a gate's word whether it is somebody's: of a trip that was let in or has gone out, "" for nobody's."""
    if gate.event == "enter":
        return replace(watch, crossings=note_entry(watch.crossings, gate.src, trip, gate.t_ns))
    if not _sees_all(watch):
        return watch
    return replace(watch, crossings=note_exit(watch.crossings, gate.src, bool(trip), gate.t_ns, config.health))


def note_settled(watch: Watch, settled: Sequence[Settled], store: Store, config: Config) -> Watch:
    """Ask the same of changes whose reading is final, where all is in sight."""
    if not settled or not _sees_all(watch):
        return watch
    least_g, _ = pieces_on(store)
    return replace(watch, jumpy=check_settled(watch.jumpy, settled, least_g, _otherwise_wrong(watch), config.health))


def _sees_all(watch: Watch) -> bool:
    """Tell whether there are cameras and nothing is blind: who is not seen then is not there."""
    out = watch.cameras.out()
    return bool(len(out)) and not out.any() and watch.mode.mode == OPEN


def _otherwise_wrong(watch: Watch) -> dict[int, tuple[int, int]]:
    """Return from when to when, ns, plates were wrong in other ways: what they did then needs no jumps."""
    own = jumped(watch.jumpy)
    return {plate: (since, until) for plate, (since, until, _) in watch.since.items() if plate not in own}


def hear_tests(watch: Watch, messages: Iterable[Health], store: Store) -> tuple[Watch, tuple[str, ...]]:
    """Expect the test weights that some messages speak of; return what was odd in these too."""
    told = [message for message in messages if message.test]
    if not told:
        return watch, ()
    awaited, odd = await_weights(watch.awaited, told, watch.sources, store)
    return replace(watch, awaited=awaited), odd


def take_tests(
    watch: Watch, changes: tuple[ShelfChange, ...], now_ns: int, config: Config
) -> tuple[Watch, tuple[ShelfChange, ...]]:
    """Weigh plates by the test weights among changes, and return the others."""
    if not watch.awaited:
        return watch, changes
    rest, awaited, weighed = take_out(watch.awaited, changes, watch.gains, now_ns, config.health)
    picks = tuple(pick for _, *both in weighed for pick in both)
    gains = weigh_gains(watch.gains, picks, (), config.attribution, config.health)
    told = (*watch.weighed, *(one for one, _, _ in weighed))
    return replace(watch, awaited=awaited, gains=gains, weighed=told), rest


def doubts_of(watch: Watch, store: Store) -> Doubts:
    """Return what bears on receipts that are settled now, also what has been learned since the last look."""
    plates = dict(watch.since)
    for plate, finding in wrong_gains(watch.gains, store):
        if plates.get(plate, (0, 0, ""))[1] != FOREVER_NS:
            plates[plate] = finding.since_ns, FOREVER_NS, finding.text
    for plate, finding in jumping(watch.jumpy):
        plates[plate] = finding.since_ns, FOREVER_NS, finding.text
    carts = {cart: "has seen moves that never were" for cart, one in watch.sayings.of.items() if one.on}
    return Doubts(plates, jumped(watch.jumpy), carts, watch.touched, watch.seen_s, watch.lost)


def wrong_clocks(watch: Watch) -> frozenset[str]:
    """Return the sources of whose clock it was said that it is wrong."""
    return frozenset(src for src, found in watch.told.items() if any(one.cause == WRONG_CLOCK for one in found))


def plates_out(watch: Watch, store: Store) -> Bools:
    """Return which plates (p,) tell nothing now."""
    _, gone = speaking(watch.sources, store.plates.controller)
    return np.asarray(watch.plates.silent.on | watch.plates.still.on | watch.plates.blind.on | gone)


def _told(
    before: Mapping[str, tuple[Finding, ...]], after: Mapping[str, tuple[Finding, ...]], now_ns: int
) -> tuple[Health, ...]:
    """Return messages about the sensors of which something else is said than before, sorted by name."""
    out = []
    for sensor in sorted({*before, *after}):
        was, now = before.get(sensor, ()), after.get(sensor, ())
        if [(f.cause, f.state) for f in was] == [(f.cause, f.state) for f in now]:
            continue
        text = "; ".join(f.text for f in now) or f"{WELL}: it no longer {' and '.join(f.cause for f in was)}"
        out.append(Health(sensor, 0, now_ns, state_of(now), text))
    return tuple(out)


def _suspected(
    before: Mapping[str, str], after: Mapping[str, str], found: Mapping[str, tuple[Finding, ...]], now_ns: int
) -> tuple[Health, ...]:
    """Return messages about plates that have come under suspicion, or are cleared of it, sorted by name."""
    new = [Health(name, 0, now_ns, "ok", after[name]) for name in sorted(after.keys() - before.keys())]
    cleared = sorted(before.keys() - after.keys() - found.keys())
    return (*new, *(Health(name, 0, now_ns, "ok", CLEARED) for name in cleared))


def _tested(
    weighed: tuple[Weighed, ...], before: Mapping[str, tuple[Finding, ...]], now_ns: int, store: Store
) -> tuple[Health, ...]:
    """Return messages about plates that a test weight lay on, in the state they were in before."""
    out = []
    for one in weighed:
        name = store.plates.plate_id[one.plate]
        text = f"shows {one.shown_g:.1f} g for a test weight of {one.g:g} g"
        out.append(Health(name, 0, now_ns, state_of(before.get(name, ())), text))
    return tuple(out)


def _plate_times(
    watch: Watch, found: Mapping[str, tuple[Finding, ...]], now_ns: int, store: Store
) -> dict[int, tuple[int, int, str]]:
    """Return since when, and until when, there has been something wrong with plates."""
    out = dict(watch.since)
    for plate in _rows_of(found, store).tolist():
        mine = found[store.plates.plate_id[plate]]
        since = min(f.since_ns for f in mine)
        old = out.get(plate)
        out[plate] = (min(since, old[0]) if old else since, FOREVER_NS, "; ".join(f.text for f in mine))
    for plate, (since, until, words) in watch.since.items():
        if until == FOREVER_NS and store.plates.plate_id[plate] not in found:
            out[plate] = since, now_ns, words
    return out


def _rows_of(found: Mapping[str, tuple[Finding, ...]], store: Store) -> Ints:
    return np.array([row for row, name in enumerate(store.plates.plate_id) if name in found], np.int64)


def _dark(watch: Watch, levels: Levels, now_ns: int, store: Store) -> dict[int, tuple[int, str]]:
    """Return the plates that tell nothing, since when, and why."""
    rows = np.flatnonzero(plates_out(watch, store))
    out = {}
    for row in rows.tolist():
        mine = watch.told.get(store.plates.plate_id[row]) or watch.told.get(store.plates.controller[row], ())
        text = "; ".join(f.text for f in mine) or "tells nothing"
        out[row] = (min((f.since_ns for f in mine), default=now_ns), text)
    return out


def _misled(
    touched: Touched,
    watch: Watch,
    floor: Floor,
    people: People,
    inside: frozenset[str],
    now_ns: int,
    store: Store,
    config: Config,
) -> Touched:
    """Note who was seen by a camera before it was found to be turned, and who had a cart before it was found to lie.

    Their tracks and goods may already be what the bad sensor made of them.
    """
    out = {trip: dict(rows) for trip, rows in touched.items()}
    new = np.flatnonzero(watch.cameras.turned.on & (watch.looked_ns < _alarm_ns(watch, config)))
    since = now_ns - int(config.health.turned_memory_s * SECOND_NS)
    for camera in new.tolist():
        for row in np.flatnonzero(floor.tracks.seen_by_ns[:, camera] > since).tolist():
            trip = people.trip_of.get(int(floor.tracks.track_id[row]), "")
            if trip in inside:
                out.setdefault(trip, {})[store.cameras.camera_id[camera]] = "was turned before that was found"
    for cart, doubt in sorted(watch.sayings.of.items()):
        for trip in sorted(doubt.trips & inside) if doubt.on else ():
            out.setdefault(trip, {})[cart] = "saw moves that never were"
    return out


def unseen_for(watch: Watch, span_s: float, now_ns: int) -> frozenset[str]:
    """Return the trips of which nobody has been seen for more than span_s, though nothing was blind."""
    return frozenset(trip for trip, last_ns in watch.seen_ns.items() if now_ns - last_ns > span_s * SECOND_NS)


def _seen(
    watch: Watch, floor: Floor, people: People, inside: frozenset[str], now_ns: int
) -> tuple[dict[str, float], dict[str, int]]:
    """Return for how long a camera has followed somebody of each trip, and when last.

    Trips that are over are forgotten. Who is somewhere in a store that is blind in part is not missed meanwhile: that
    while does not count, and what was before it does.
    """
    rows = np.flatnonzero(floor.tracks.status == CONFIRMED).tolist()
    now = {people.trip_of.get(int(floor.tracks.track_id[row]), "") for row in rows}
    since_ns = now_ns - watch.looked_ns if watch.looked_ns else 0
    blind_ns = 0 if _sees_all(watch) else since_ns
    return (
        {trip: watch.seen_s.get(trip, 0.0) + (since_ns / SECOND_NS if trip in now else 0.0) for trip in sorted(inside)},
        {
            trip: now_ns if trip in now else min(now_ns, watch.seen_ns.get(trip, now_ns) + blind_ns)
            for trip in sorted(inside)
        },
    )


def _alarm_ns(watch: Watch, config: Config) -> Ints:
    """Return when each camera was found to be turned, (c,) ns."""
    return watch.cameras.turned.began_ns + int(config.health.enter_s * SECOND_NS)


def _mode(watch: Watch, now_ns: int, store: Store, config: Config) -> tuple[Mode, tuple[Mode, ...]]:
    silent = [
        name
        for name, kind, on in zip(watch.sources.name, watch.sources.kind, watch.sources.silent.on.tolist(), strict=True)
        if on and kind == GATE
    ]
    mode = mode_of(plates_out(watch, store), watch.cameras.out(), silent, now_ns, store, config.health)
    old = watch.mode
    if (mode.mode, mode.blind, mode.reasons) == (old.mode, old.blind, old.reasons):
        return old, ()
    return mode, (mode,)

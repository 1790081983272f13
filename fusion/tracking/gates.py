"""The ways out: whom an exit saw, who left unseen, and who an exit was taken to have seen but is there still."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints
from fusion.config import SECOND_NS, IdentityConfig
from fusion.frozen import record, replace
from fusion.messages import Gate
from fusion.store import Store
from fusion.tracking.floor import Floor
from fusion.tracking.geometry import inside, is_facing, line_distance, segment_distance
from fusion.tracking.identity import Identity, likeliest, likeliest_trip, name_exit, trips_p
from fusion.tracking.tracks import EXITED, LEFT, LOST, TENTATIVE, Seen, move, take

STAYED_NS = 3 * SECOND_NS  # who was followed for less was nobody


@record()
class Departure:
    """One person of a trip left."""

    trip: str
    t_ns: int
    gate: int  # row in the store's gates, -1 where none is known
    track_id: int = -1  # of whom a gate saw without knowing them, and a camera still did


def leave_by_gate(
    identity: Identity,
    floor: Floor,
    gate: Gate,
    trip_of_account: Mapping[str, str],
    store: Store,
    config: IdentityConfig,
) -> tuple[Identity, Floor, tuple[Departure, ...]]:
    """Take out the person the exit saw: likeliest at its line then, of the named account where there is one.

    Who has just left may have cut the beam twice.
    """
    tracks = floor.tracks
    wanted = trip_of_account.get(gate.account) if gate.account is not None else None
    row = store.gates.gate_id.index(gate.gate) if gate.gate in store.gates.gate_id else -1
    trip_of = likeliest(identity, gate.t_ns)
    has_left = tracks.status == LEFT
    if wanted is None:
        able = (tracks.status != TENTATIVE) & np.array([int(k) in trip_of for k in tracks.track_id], np.bool_)
        who = np.where(has_left, config.exit_twice_nats, 0.0)
    else:
        able = (tracks.status != TENTATIVE) & ~has_left
        p = np.array([trips_p(identity, int(k), gate.t_ns).get(wanted, 0.0) for k in tracks.track_id])
        able &= p > config.person_p_min
        who = np.log(np.maximum(p, 1e-9))
    far = line_distance(tracks.mean[:, :2], store.gates.line[row]) if row >= 0 else np.zeros(len(tracks))
    # Who has not been seen for a while may be anywhere about: that it was at the line just then is little likely.
    strayed_m = config.exit_mps * np.clip((gate.t_ns - tracks.seen_ns) / SECOND_NS, 0.0, config.exit_unseen_s)
    sd_m = config.exit_sd_m + strayed_m
    nats = who - 0.5 * (far / sd_m) ** 2 - 2.0 * np.log(sd_m / config.exit_sd_m)
    if wanted is None:
        able &= far - strayed_m <= config.exit_reach_m
    if able.any():
        leaver = int(np.argmax(np.where(able, nats, -np.inf)))
        if has_left[leaver]:
            return identity, floor, ()
        track_id = int(tracks.track_id[leaver])
        trip = wanted if wanted is not None else trip_of[track_id]
        if wanted is not None:
            identity = name_exit(identity, track_id, wanted, gate.t_ns, config)
        floor = _take_out(floor, leaver)
        return identity, floor, (Departure(trip, gate.t_ns, row, track_id if wanted is None and row >= 0 else -1),)
    return identity, floor, (Departure(wanted, gate.t_ns, row),) if wanted is not None else ()


def leave_unseen(
    identity: Identity, floor: Floor, now_ns: int, store: Store, config: IdentityConfig
) -> tuple[Floor, tuple[Departure, ...]]:
    """Take out people lost at an exit, or on their way through it, whose gate said nothing.

    Who is carried on through a wall beside the gate is somebody lost in the store: only the gate's width leads out.
    """
    exits, lines = _exits(store)
    gone: list[Departure] = []
    while len(exits):
        tracks, waited_ns = floor.tracks, int(config.exit_wait_s * SECOND_NS)
        row = _gone(
            tracks.status, tracks.mean, tracks.born_ns, tracks.seen_ns, now_ns - waited_ns, lines, store.outline,
            config.exit_at_m, config.exit_beyond_m, config.exit_aside_m,
        )  # fmt: skip
        if row < 0:
            break
        trip, _ = likeliest_trip(identity, int(tracks.track_id[row]), now_ns)
        if trip:
            far = [float(line_distance(tracks.mean[row : row + 1, :2], line)[0]) for line in lines]
            gone.append(Departure(trip, int(tracks.seen_ns[row]), exits[far.index(min(far))]))
        floor = _take_out(floor, row)
    return floor, tuple(gone)


def still_there(
    floor: Floor, departures: tuple[Departure, ...], now_ns: int, store: Store, config: IdentityConfig
) -> tuple[Floor, tuple[Departure, ...], tuple[Departure, ...]]:
    """Return the floor with those back on it who had not left after all, these, and the departures still in doubt.

    A beam knows nobody. Who it was taken to have seen, and is in sight inside a moment later without having been
    outside, did not cut it: somebody else did, or nobody.
    """
    back, doubted = list[Departure](), list[Departure]()
    tracks, stayed_ns = floor.tracks, int(config.exit_stayed_s * SECOND_NS)
    for one in departures:
        rows = np.flatnonzero((tracks.track_id == one.track_id) & (tracks.status == LEFT))
        line = store.gates.line[one.gate]
        if not len(rows) or not _is_within(tracks.mean[rows[0], :2], line, store):
            continue
        (far_m,) = line_distance(tracks.mean[rows, :2], line)
        is_seen = tracks.seen_ns[rows[0]] >= one.t_ns + stayed_ns
        (back if is_seen and far_m > config.exit_stayed_m else doubted).append(one)
    if back:
        status = tracks.status.copy()
        move(status, np.searchsorted(tracks.track_id, [one.track_id for one in back]), Seen.STAYED)
        floor = replace(floor, tracks=replace(tracks, status=status))
    return floor, tuple(back), tuple(doubted)


def _is_within(xy: Floats, line: Floats, store: Store) -> bool:
    """Tell whether a place (2,) lies in the store, on the side of a gate's line that its shelves are on."""
    shelves = store.plates.centre[:, :2]
    if not len(shelves) or not inside(xy[None], store.outline)[0]:
        return False
    along = line[1] - line[0]
    here, there = (along[0] * (at - line[0])[1] - along[1] * (at - line[0])[0] for at in (xy, shelves.mean(axis=0)))
    return bool(here * there > 0.0)


@lru_cache(maxsize=8)
def _exits(store: Store) -> tuple[list[int], Floats]:
    """Return the gates that lead out, as rows, and their lines (e, 2, 2)."""
    exits = [i for i, kind in enumerate(store.gates.kind) if kind in ("exit", "both")]
    return exits, store.gates.line[exits]


@njit(cache=True, error_model="numpy")
def _gone(
    status: Ints,
    mean: Floats,
    born_ns: Ints,
    seen_ns: Ints,
    before_ns: int,
    lines: Floats,
    outline: Floats,
    at_m: float,
    beyond_m: float,
    aside_m: float,
) -> int:
    """Return the first track (row) lost since before some moment that went through one of some lines; -1 for nobody.

    Compiled: somebody lost waits for many slices, and is asked in each.
    """
    for i in range(len(status)):
        if status[i] != LOST or seen_ns[i] - born_ns[i] <= STAYED_NS or seen_ns[i] >= before_ns:
            continue
        is_outside = not inside(mean[i : i + 1, :2], outline)[0]
        for line in lines:
            far_m = segment_distance(mean[i, 0], mean[i, 1], line)
            if far_m < at_m or (far_m < beyond_m and is_outside and is_facing(mean[i, 0], mean[i, 1], line, aside_m)):
                return i
    return -1


def _take_out(floor: Floor, row: int) -> Floor:
    """Somebody left; the track stays while a camera sees it, so that no new one is born of the same person."""
    status = floor.tracks.status.copy()
    move(status, np.array([row]), Seen.DOOR)
    tracks = replace(floor.tracks, status=status)
    return replace(floor, tracks=take(tracks, np.flatnonzero(status != EXITED)))

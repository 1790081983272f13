"""The ways out: whom an exit saw, who left unseen, and the geometry of lines and floors."""

from collections.abc import Mapping

import numpy as np

from fusion.config import SECOND_NS, IdentityConfig
from fusion.frozen import record, replace
from fusion.messages import Gate
from fusion.store import Store
from fusion.tracking.floor import Floor
from fusion.tracking.geometry import inside, is_facing, line_distance
from fusion.tracking.identity import Identity, likeliest, likeliest_trip, name_exit, trips_p
from fusion.tracking.tracks import Seen, Status, move, take


@record()
class Departure:
    """One person of a trip left."""

    trip: str
    t_ns: int
    gate: int  # row in the store's gates, -1 where none is known


def leave_by_gate(
    identity: Identity,
    floor: Floor,
    gate: Gate,
    trip_of_account: Mapping[str, str],
    store: Store,
    config: IdentityConfig,
) -> tuple[Identity, Floor, tuple[Departure, ...]]:
    """Take out the person the exit saw: likeliest at its line then, of the named account where there is one."""
    tracks = floor.tracks
    wanted = trip_of_account.get(gate.account) if gate.account is not None else None
    row = store.gates.gate_id.index(gate.gate) if gate.gate in store.gates.gate_id else -1
    trip_of = likeliest(identity, gate.t_ns)
    able = (tracks.status != Status.TENTATIVE) & (tracks.status != Status.LEFT)
    if wanted is None:
        able &= np.array([int(k) in trip_of for k in tracks.track_id], np.bool_)
        who = np.zeros(len(tracks))
    else:
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
        track_id = int(tracks.track_id[leaver])
        trip = wanted if wanted is not None else trip_of[track_id]
        if wanted is not None:
            identity = name_exit(identity, track_id, wanted, gate.t_ns, config)
        floor = _take_out(floor, leaver)
        return identity, floor, (Departure(trip, gate.t_ns, row),)
    return identity, floor, (Departure(wanted, gate.t_ns, row),) if wanted is not None else ()


def leave_unseen(
    identity: Identity, floor: Floor, now_ns: int, store: Store, config: IdentityConfig
) -> tuple[Floor, tuple[Departure, ...]]:
    """Take out people lost at an exit, or on their way through it, whose gate said nothing.

    Who is carried on through a wall beside the gate is somebody lost in the store: only the gate's width leads out.
    """
    exits = [i for i, kind in enumerate(store.gates.kind) if kind in ("exit", "both")]
    gone: list[Departure] = []
    while exits and (floor.tracks.status == Status.LOST).any():
        tracks = floor.tracks
        stayed = tracks.seen_ns - tracks.born_ns > 3 * SECOND_NS
        unseen = now_ns - tracks.seen_ns > config.exit_wait_s * SECOND_NS
        lost = np.flatnonzero((tracks.status == Status.LOST) & stayed & unseen)
        if not len(lost):
            break
        at = tracks.mean[lost, :2]
        far = np.array([line_distance(at, store.gates.line[i]) for i in exits])
        through = np.array([is_facing(at, store.gates.line[i], config.exit_aside_m) for i in exits])
        through &= ~inside(at, store.outline) & (far < config.exit_beyond_m)
        rows = lost[(through | (far < config.exit_at_m)).any(axis=0)]
        if not len(rows):
            break
        row = int(rows[0])
        trip, _ = likeliest_trip(identity, int(tracks.track_id[row]), now_ns)
        if trip:
            nearest = min(
                exits, key=lambda i: float(line_distance(tracks.mean[row : row + 1, :2], store.gates.line[i])[0])
            )
            gone.append(Departure(trip, int(tracks.seen_ns[row]), nearest))
        floor = _take_out(floor, row)
    return floor, tuple(gone)


def _take_out(floor: Floor, row: int) -> Floor:
    """Somebody left; the track stays while a camera sees it, so that no new one is born of the same person."""
    status = floor.tracks.status.copy()
    move(status, np.array([row]), Seen.DOOR)
    tracks = replace(floor.tracks, status=status)
    return replace(floor, tracks=take(tracks, np.flatnonzero(status != Status.EXITED)))

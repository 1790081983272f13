"""Cameras: silent, frozen, blind to whom others see, turned against what others see."""

from collections.abc import Mapping, Sequence
from dataclasses import field

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from fusion.config import SECOND_NS
from fusion.frozen import record, replace
from fusion.health.alarms import Alarms, no_alarms, watch
from fusion.health.coverage import in_the_open
from fusion.health.settings import HealthConfig
from fusion.health.turning import NEAREST_M, Sights, no_sights, see_heads, tell_turns
from fusion.intake.pictures import HANDS, Pictures
from fusion.store import Store
from fusion.tracking.camera import picture_bounds
from fusion.tracking.floor import Floor
from fusion.tracking.following import Followed
from fusion.tracking.tracks import CONFIRMED

STANDS_M = 0.3  # who has moved less since the last look stands
STEP_M_MAX = 3.0  # nobody walks further between two looks


@record(eq=False)
class CameraHealth:
    """One row a camera, in the store's order."""

    picture: Mapping[int, bytes] = field(default_factory=dict)  # what the last frame showed, of those with people in it
    repeats_ns: Ints = field(
        default_factory=lambda: np.zeros(0, np.int64)
    )  # (c,) since when it repeats, 0: it does not
    matched_ns: Ints = field(default_factory=lambda: np.zeros(0, np.int64))  # (c,) it last found whom another sees
    crowd: Ints = field(default_factory=lambda: np.zeros(0, np.int64))  # (c,) people in the last frame
    where: Mapping[int, tuple[float, float]] = field(default_factory=dict)  # track -> place at the last look
    standing: Ints = field(default_factory=lambda: np.zeros(0, np.int64))  # (k,) tracks that stand, ascending
    stood_s: Floats = field(default_factory=lambda: np.zeros(0))  # (k,) for how long
    found_m: Floats = field(default_factory=lambda: np.zeros(0))  # (c,) walked in its picture and found, fading
    walked_m: Floats = field(default_factory=lambda: np.zeros(0))  # (c,) of how much
    missed_m: Floats = field(
        default_factory=lambda: np.zeros(0)
    )  # (c,) since it last found one of them, times its rate
    sights: Sights = field(default_factory=no_sights)  # of heads since the last look
    # Information about its turn (1/rad2) and, last, its clock (1/s2): (c, 4, 4); and that times both (c, 4).
    weight: Floats = field(default_factory=lambda: np.zeros((0, 4, 4)))
    pull: Floats = field(default_factory=lambda: np.zeros((0, 4)))
    silent: Alarms = field(default_factory=lambda: no_alarms(0))
    frozen: Alarms = field(default_factory=lambda: no_alarms(0))
    blind: Alarms = field(default_factory=lambda: no_alarms(0))
    turned: Alarms = field(default_factory=lambda: no_alarms(0))

    def out(self) -> Bools:
        """Return which cameras (c,) give no detections now."""
        return np.asarray(self.silent.on | self.frozen.on | self.blind.on | self.turned.on)


def first_cameras(store: Store) -> CameraHealth:
    """Return cameras of which nothing is known."""
    c = len(store.cameras.camera_id)
    zeros, none = np.zeros(c), np.zeros(c, np.int64)
    return CameraHealth(
        repeats_ns=none,
        matched_ns=none,
        crowd=none,
        found_m=zeros,
        walked_m=zeros,
        missed_m=zeros,
        weight=np.zeros((c, 4, 4)),
        pull=np.zeros((c, 4)),
        silent=no_alarms(c),
        frozen=no_alarms(c),
        blind=no_alarms(c),
        turned=no_alarms(c),
    )


def look_at_frames(health: CameraHealth, rows: Sequence[int], pictures: Pictures) -> tuple[CameraHealth, list[int]]:
    """Return the health after frames of some cameras (by row), and which of the frames are new.

    Noise never shows the same people at the same places.
    """
    repeats_ns, crowd, picture, new = health.repeats_ns.copy(), health.crowd.copy(), dict(health.picture), list[int]()
    places = pictures.points[:, : HANDS.stop]  # of heads and hands
    raw, person, first = places.tobytes(), places.itemsize * HANDS.stop, pictures.first.tolist()
    each = zip(rows, pictures.t_ns.tolist(), first[:-1], first[1:], strict=True)
    for frame, (camera, t_ns, a, b) in enumerate(each):
        shown = raw[a * person : b * person]
        again = b > a and picture.get(camera) == shown
        crowd[camera] = b - a
        repeats_ns[camera] = (repeats_ns[camera] or t_ns) if again else 0
        picture[camera] = shown
        if not again:
            new.append(frame)
    return replace(health, picture=picture, repeats_ns=repeats_ns, crowd=crowd), new


def feel_turns(health: CameraHealth, followed: Followed, is_idle: Bools, store: Store) -> CameraHealth:
    """Keep what frames, of which those idle, (F,), have moved no tracks, say of heads until the next look."""
    sights, matched_ns = see_heads(health.sights, followed, is_idle, store.cameras, health.matched_ns)
    return replace(health, sights=sights, matched_ns=matched_ns)


def _stood(health: CameraHealth, track_id: Ints) -> Floats:
    """Return for how long each of some tracks (N,) has stood, (N,) s."""
    out, known = np.zeros(len(track_id)), len(health.standing)
    if known:
        at = np.minimum(np.searchsorted(health.standing, track_id), known - 1)
        out = np.where(health.standing[at] == track_id, health.stood_s[at], 0.0)
    return out


def look_at_cameras(
    health: CameraHealth, floor: Floor, heard: Bools, gone: Bools, now_ns: int, store: Store, config: HealthConfig
) -> CameraHealth:
    """Return the health of all cameras after a look; heard (c,) are those that speak, gone (c,) the silent ones."""
    c = len(heard)
    if not c:
        return health
    health = _count_missed(health, floor, now_ns, store, config)
    repeats = health.repeats_ns > 0
    long = repeats & (now_ns - health.repeats_ns >= config.repeats_s * SECOND_NS)
    health = compare_heads(health, store, config)
    turn, nats = turns(health, config)
    # One culprit at a time, whose turn explains more than any other or none: theirs is measured anew without it.
    rivals = np.where(health.turned.on, -np.inf, nats)
    lead = rivals - np.maximum(_most_of_others(rivals), 0.0)
    suspect = (np.linalg.norm(turn, axis=1) > np.deg2rad(config.turned_deg)) & heard & ~repeats
    worst = suspect & (rivals > config.turned_nats) & (lead > config.turned_lead_nats)
    straight = np.where(health.turned.on, nats < -config.turned_lead_nats, lead < config.turned_lead_nats)
    turned = watch(
        health.turned, worst | (health.turned.on & ~straight), straight, now_ns, config.enter_s, config.leave_s
    )
    fade = np.full(c, np.exp(-config.look_s / config.turned_memory_s))
    if (turned.on & ~health.turned.on).any():
        fade[~turned.on] = 0.0
    missed = health.missed_m > config.missed_m
    leave = config.leave_s
    return replace(
        health,
        weight=health.weight * fade[:, None, None],
        pull=health.pull * fade[:, None],
        silent=watch(health.silent, gone, heard, now_ns, 0.0, 0.0),  # sources.py has waited
        frozen=watch(health.frozen, long, heard & ~repeats & (health.crowd > 0), now_ns, 0.0, config.enter_s),
        blind=watch(health.blind, missed & heard, ~missed & (health.missed_m == 0.0), now_ns, 0.0, leave),
        turned=turned,
    )


def compare_heads(health: CameraHealth, store: Store, config: HealthConfig) -> CameraHealth:
    """Hold all cameras against each other by what they have said since the last look."""
    sights, weight, pull = health.sights, health.weight.copy(), health.pull.copy()
    track_id, camera = np.divmod(sights.key, len(weight))
    worth = 1.0 / (config.turned_lasts_s * store.cameras.fps[camera] * (1.0 + _stood(health, track_id)))
    tell_turns(sights.key, sights.is_idle, worth, sights.weight, sights.pull, config.turned_place_m**2, weight, pull)
    return replace(health, sights=no_sights(), weight=weight, pull=pull)


def turns(health: CameraHealth, config: HealthConfig) -> tuple[Floats, Floats]:
    """Return by what each camera is turned (c, 3) rad, and by how many nats (c,) that is likelier than that none is.

    Either way its clock may be off.
    """
    prior = np.array([*3 * [np.deg2rad(config.turned_prior_deg) ** -2], config.turned_clock_s**-2])
    known = health.weight + np.diag(prior)
    both = np.linalg.solve(known, health.pull[:, :, None])[:, :, 0]
    turned = (both * health.pull).sum(axis=1) - np.linalg.slogdet(known)[1] + np.log(prior).sum()
    straight = health.pull[:, 3] ** 2 / known[:, 3, 3] - np.log(known[:, 3, 3] / prior[3])
    return np.asarray(both[:, :3]), np.asarray(0.5 * (turned - straight))


def _most_of_others(nats: Floats) -> Floats:
    """Return for each number (c,) the largest of the others, (c,)."""
    best = int(np.argmax(nats))
    others = np.delete(nats, best)
    return np.where(np.arange(len(nats)) == best, others.max() if len(others) else -np.inf, nats[best])


def _count_missed(health: CameraHealth, floor: Floor, now_ns: int, store: Store, config: HealthConfig) -> CameraHealth:
    """Count how far people walked in each camera's picture since the last look, found by it and not.

    Metres count, not seconds: who stands behind a shelf is hidden once, however long they stand there.
    """
    tracks, cameras = floor.tracks, store.cameras
    rows = np.flatnonzero(tracks.status == CONFIRMED)
    where = {
        int(k): (float(x), float(y)) for k, (x, y) in zip(tracks.track_id[rows], tracks.mean[rows, :2], strict=True)
    }
    rows = np.array([row for row in rows.tolist() if int(tracks.track_id[row]) in health.where], np.int64)
    was = np.array([health.where[int(k)] for k in tracks.track_id[rows]])
    health = replace(health, where=where)
    if not len(rows):
        return replace(health, standing=np.zeros(0, np.int64), stood_s=np.zeros(0))
    walked = np.minimum(np.linalg.norm(tracks.mean[rows, :2] - was, axis=1), STEP_M_MAX)
    stands = np.flatnonzero(walked < STANDS_M)
    standing = tracks.track_id[rows[stands]].astype(np.int64)
    health = replace(health, standing=standing, stood_s=_stood(health, standing) + config.look_s)
    head = np.column_stack([tracks.mean[rows, :2], tracks.mean[rows, 4]])
    local = np.einsum("cij,nj->nci", cameras.R, head) + cameras.T
    depth = np.maximum(local[:, :, 2], 1e-6)
    u, v = local[:, :, 0] / depth, local[:, :, 1] / depth
    edge = picture_bounds(cameras)
    framed = (local[:, :, 2] > NEAREST_M) & (u > edge[:, 0]) & (v > edge[:, 1]) & (u < edge[:, 2]) & (v < edge[:, 3])
    recent = tracks.seen_by_ns[rows] > now_ns - int((config.look_s + 0.2) * SECOND_NS)
    others = recent.sum(axis=1, keepdims=True) - recent > 0
    counts = framed & others & in_the_open(head[:, :2], store, config.area_m)
    found = (walked[:, None] * (counts & recent)).sum(axis=0)
    of = (walked[:, None] * counts).sum(axis=0)
    prior = config.missed_prior_m
    rate = (health.found_m + prior * config.missed_prior) / (health.walked_m + prior)
    lately = health.matched_ns > now_ns - int((config.look_s + 0.2) * SECOND_NS)
    missed = np.where(lately, 0.0, health.missed_m + rate * of)
    # A camera that is out must not learn that it finds nobody.
    learns = ~health.blind.on & ~health.frozen.on & ~health.silent.on & (missed < 0.5 * config.missed_m)
    return replace(
        health,
        found_m=np.where(learns, health.found_m + found, health.found_m),
        walked_m=np.where(learns, health.walked_m + of, health.walked_m),
        missed_m=missed,
    )

"""Evidence for who moved the goods: hands, bodies, and what a classifier saw in the hand. All in nats."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fusion.arrays import Floats, Ints
from fusion.config import SECOND_NS, AttributionConfig, CartConfig
from fusion.shelf import ShelfChange
from fusion.store import Store, product_rows
from fusion.tracking.camera import camera_centre, ray_directions
from fusion.tracking.carts import SeenMove
from fusion.tracking.floor import Match

HAND_ABOVE_PLATE_M = 0.08


@dataclass(frozen=True, slots=True, eq=False)
class Bodies:
    """Where everybody was at one slice."""

    t_ns: int
    track_id: Ints  # (n,)
    xy: Floats  # (n, 2) m
    unseen_s: Floats  # (n,)


@dataclass(frozen=True, slots=True, eq=False)
class Witnesses:
    """What the last seconds showed: matches of frames, places of bodies and cart moves, oldest first."""

    matches: tuple[Match, ...] = ()
    bodies: tuple[Bodies, ...] = ()
    moves: tuple[SeenMove, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """Somebody who could have moved the goods."""

    track_id: int
    nats: float  # log-likelihood ratio of place and hands: moved the goods, against merely being there
    held: Mapping[int, float]  # product -> nats of the hand's contents around the change


def remember(
    seen: Witnesses,
    matches: tuple[Match, ...],
    bodies: Bodies,
    moves: tuple[SeenMove, ...],
    config: AttributionConfig,
) -> Witnesses:
    """Add one slice and forget what is too old to matter."""
    since = bodies.t_ns - int(config.sightings_s * SECOND_NS)
    old = next((i for i, m in enumerate(seen.matches) if m.sightings.t_ns >= since), len(seen.matches))
    gone = next((i for i, b in enumerate(seen.bodies) if b.t_ns >= since), len(seen.bodies))
    with_people = tuple(m for m in matches if len(m.track_id))
    carts = tuple(m for m in (*seen.moves, *moves) if m.move.t_ns >= since)
    return Witnesses((*seen.matches[old:], *with_people), (*seen.bodies[gone:], bodies), carts)


def candidates(
    change: ShelfChange, seen: Witnesses, alias: Mapping[int, int], store: Store, config: AttributionConfig
) -> tuple[Candidate, ...]:
    """Return everybody within reach of the change, sorted by track_id."""
    if not seen.bodies:
        return ()
    bodies = min(seen.bodies, key=lambda b: abs(b.t_ns - change.step_ns))
    plates = np.array(change.plates)
    weight = np.abs(change.delta_g) / max(float(np.abs(change.delta_g).sum()), 1e-9)
    centre = weight @ store.plates.centre[plates]
    far = np.linalg.norm(bodies.xy - centre[:2], axis=1) if len(bodies.xy) else np.zeros(0)
    hands = _hand_evidence(change, seen, alias, store, config)
    # After a pick the goods are in the hand, before a put-back they were.
    window_s = (0.0, config.held_window_s) if change.total_g < 0 else (-config.held_window_s, 0.0)
    out = []
    for row in np.flatnonzero(far - 1.0 * np.minimum(bodies.unseen_s, 3.0) < config.reach_m_max):
        track_id = int(bodies.track_id[row])
        nats = _body_nats(float(far[row]), float(bodies.unseen_s[row]), config) + hands.get(track_id, 0.0)
        held = held_looks(track_id, change.step_ns, window_s, seen, alias, store, config)
        out.append(Candidate(track_id, nats, held))
    return tuple(sorted(out, key=lambda c: c.track_id))


def _body_nats(far_m: float, unseen_s: float, config: AttributionConfig) -> float:
    sd = config.body_reach_sd_m + 0.5 * min(unseen_s, 4.0)
    return float(-0.5 * (max(far_m - config.body_reach_m, 0.0) / sd) ** 2)


def _hand_evidence(
    change: ShelfChange, seen: Witnesses, alias: Mapping[int, int], store: Store, config: AttributionConfig
) -> dict[int, float]:
    """Return per track what its hands say of having moved the goods, in nats.

    Frames of one camera within the moment of the step repeat each other and are averaged; cameras are half
    independent, so their sum is divided by the root of their number.
    """
    points = _plate_points(change, store)
    looks: dict[tuple[int, int], list[float]] = {}
    for match in seen.matches:
        if abs(match.sightings.t_ns - change.step_ns) > config.hand_window_s * SECOND_NS:
            continue
        nats = hand_nats(_reach(match, points, store), is_depth=match.sightings.is_depth, config=config)
        for track_id, one in zip(match.track_id.tolist(), nats.tolist(), strict=True):
            if track_id >= 0:
                looks.setdefault((alias.get(track_id, track_id), match.sightings.camera), []).append(one)
    cameras: dict[int, list[float]] = {}
    for (track_id, _), frames in sorted(looks.items()):
        cameras.setdefault(track_id, []).append(float(np.mean(frames)))
    cap = config.hand_nats_max
    return {k: float(np.clip(np.sum(v) / np.sqrt(len(v)), -cap, cap)) for k, v in cameras.items()}


def hand_nats(gap_m: Floats, *, is_depth: bool, config: AttributionConfig) -> Floats:
    """Return per person (n,) the log-likelihood ratio of the distances (n, 2) of two hands, NaN where unseen.

    Who moves goods has one hand at them, either one, and that hand is often hidden by shelf or body: a hand seen far
    away says little unless the other is seen as well. A hand at the goods is Rayleigh distributed about them; the hand
    of somebody standing by is anywhere within arm's reach, in space for a depth camera, across the ray for an image.
    """
    d = np.maximum(gap_m, 0.02)
    s, arm = config.hand_sd_m, config.arm_m
    at_goods = d / s**2 * np.exp(-0.5 * (d / s) ** 2)
    anywhere = 3 * d**2 / arm**3 if is_depth else 2 * d / arm**2
    seen = config.hand_seen_p / config.idle_hand_seen_p * at_goods / np.maximum(anywhere, 1e-9)
    hidden = (1 - config.hand_seen_p) / (1 - config.idle_hand_seen_p)
    ratio = np.where(np.isnan(gap_m), hidden, seen).mean(axis=1)
    return np.asarray(np.clip(np.log(np.maximum(ratio, 1e-9)), -config.hand_nats_max, config.hand_nats_max))


def _plate_points(change: ShelfChange, store: Store) -> Floats:
    """Return where a hand may be when it moves goods on these plates, (k, 3): above centre and front edge."""
    plates = np.array(change.plates)
    weight = np.abs(change.delta_g) / max(float(np.abs(change.delta_g).sum()), 1e-9)
    centre = weight @ store.plates.centre[plates] + np.array([0.0, 0.0, HAND_ABOVE_PLATE_M])
    yaw = np.deg2rad(store.plates.yaw_deg[plates[int(np.argmax(weight))]])
    front = np.array([np.sin(yaw), -np.cos(yaw), 0.0]) * float(store.plates.size[plates, 1].max()) / 2
    return np.stack([centre, centre + front / 2, centre + front])


def _reach(match: Match, points: Floats, store: Store) -> Floats:
    """Return per detection and hand (n, 2) the smallest distance to any of the points, m; NaN for a hand unseen."""
    frame = match.sightings
    n = len(frame.sd)
    if frame.is_depth:
        gap = np.linalg.norm(frame.hands[:, :, None, :] - points, axis=3)
    else:
        R, T = store.cameras.R[frame.camera], store.cameras.T[frame.camera]
        rays = ray_directions(frame.hands.reshape(-1, 2), R).reshape(n, 2, 1, 3)
        to_points = points - camera_centre(R, T)
        gap = np.linalg.norm(np.cross(np.broadcast_to(to_points, (n, 2, *to_points.shape)), rays), axis=3)
    return np.asarray(gap.min(axis=2))


def held_looks(
    track_id: int,
    t_ns: int,
    window_s: tuple[float, float],
    seen: Witnesses,
    alias: Mapping[int, int],
    store: Store,
    config: AttributionConfig,
) -> dict[int, float]:
    """Return what the classifier says of each product having been in a track's hands within a window about t_ns.

    Looks at one hand are not independent; their mean counts as three looks at most.
    """
    row_of = product_rows(store.products)
    total: dict[int, float] = {}
    looks = 0
    for match in seen.matches:
        late_s = (match.sightings.t_ns - t_ns) / SECOND_NS
        if not window_s[0] <= late_s <= window_s[1]:
            continue
        for held in match.sightings.held:
            owner = int(match.track_id[held.row])
            if alias.get(owner, owner) != track_id:
                continue
            looks += 1
            for sku, p in held.beliefs:
                if sku in row_of:
                    total[row_of[sku]] = total.get(row_of[sku], 0.0) + p
    share = config.held_trust * min(looks, 3)
    return {k: float(min(share * np.log1p(20.0 * p / looks), config.held_nats_max)) for k, p in sorted(total.items())}


def cart_nats(
    trip: str, change: ShelfChange, seen: Witnesses, row_of: Mapping[str, int], config: CartConfig
) -> dict[int, float]:
    """Return what cart cameras say of each product having gone between this shelf and the trip's cart.

    After a pick goods go into the cart, before a put-back they come out of it.
    """
    direction = 1 if change.total_g < 0 else -1
    best: dict[int, float] = {}
    for one in seen.moves:
        late_s = direction * (one.move.t_ns - change.step_ns) / SECOND_NS
        owned = one.pairing.get(trip, 0.0)
        if one.move.direction != direction or not -0.5 <= late_s <= config.move_window_s or owned <= 0.0:
            continue
        for sku, p in one.move.beliefs:
            if sku in row_of:
                nats = owned * min(float(np.log1p(30.0 * p * one.move.score)), config.move_nats_max)
                best[row_of[sku]] = max(best.get(row_of[sku], 0.0), nats)
    return best

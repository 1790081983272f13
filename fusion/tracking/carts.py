"""Carts: where each is, by a slow Kalman filter, and who walks with it.

Cart cameras report twice a second, a few hundred in the largest store: filterpy's own filter serves. A cart belongs
to the trip whose people stay near it; being near while it rolls says more than being near while it stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from fusion.arrays import Floats
from fusion.config import SECOND_NS, CartConfig
from fusion.messages import Cart, CartMove
from fusion.tracking.floor import Floor
from fusion.tracking.tracks import Status


@dataclass(frozen=True, slots=True, eq=False)
class CartTrack:
    """One cart: state x, y, vx, vy (m, m/s) and the nats of each trip walking with it."""

    t_ns: int
    mean: Floats  # (4,)
    cov: Floats  # (4, 4)
    with_trip: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class SeenMove:
    """A cart move with who the cart belonged to when it was seen."""

    move: CartMove
    pairing: Mapping[str, float]  # trip -> probability; the rest is nobody
    near: Mapping[str, float]  # trip -> distance of its nearest person to the cart, m


Carts = Mapping[str, CartTrack]


def observe_cart(
    carts: Carts, message: Cart, floor: Floor, trip_of: Mapping[int, str], config: CartConfig
) -> tuple[Carts, tuple[SeenMove, ...]]:
    """Take one report of a cart camera: move its filter, weigh who is near, and pass its moves on."""
    cart = _moved(carts.get(message.src), message, config)
    if cart is None:
        return carts, ()
    near = _distances(cart, floor, trip_of)
    cart = replace(cart, with_trip=_nearness(cart, near, config))
    pairing = pairing_of(cart, config)
    return {**carts, message.src: cart}, tuple(SeenMove(move, pairing, near) for move in message.moves)


def pairing_of(cart: CartTrack, config: CartConfig) -> dict[str, float]:
    """Return the probability of each trip owning the cart; the rest of 1 is nobody."""
    if not cart.with_trip:
        return {}
    trips = sorted(cart.with_trip)
    nats = np.array([*(cart.with_trip[t] for t in trips), config.nobody_nats])
    w = np.exp(nats - nats.max())
    return {t: float(p) for t, p in zip(trips, w / w.sum(), strict=False)}


def _moved(cart: CartTrack | None, message: Cart, config: CartConfig) -> CartTrack | None:
    if message.pos is None:
        return cart
    # Imported here because filterpy loads all of scipy.stats, 0.7 s that a store without carts need not wait for.
    from filterpy.common import Q_discrete_white_noise
    from filterpy.kalman import predict, update

    z = np.array(message.pos)
    R = np.eye(2) * max(message.sd, config.sd_m_min) ** 2
    if cart is None:
        cov = np.zeros((4, 4))
        cov[:2, :2], cov[2:, 2:] = R, np.eye(2)
        return CartTrack(message.t_ns, np.array([*z, 0.0, 0.0]), cov)
    dt_s = max(0.0, (message.t_ns - cart.t_ns) / SECOND_NS)
    F = np.eye(4)
    F[0, 2] = F[1, 3] = dt_s
    Q = Q_discrete_white_noise(2, dt_s, config.accel_sd_mps2**2, block_size=2, order_by_dim=False)
    mean, cov = predict(cart.mean, cart.cov, F=F, Q=Q)
    mean, cov = update(mean, cov, z, R, H=np.eye(2, 4))
    return replace(cart, t_ns=message.t_ns, mean=mean, cov=cov)


def _distances(cart: CartTrack, floor: Floor, trip_of: Mapping[int, str]) -> dict[str, float]:
    """Return how far the nearest person of each trip is from the cart, m."""
    near: dict[str, float] = {}
    for track_id, status, mean in zip(
        floor.tracks.track_id.tolist(), floor.tracks.status.tolist(), floor.tracks.mean, strict=True
    ):
        trip = trip_of.get(track_id)
        if trip is not None and status in (Status.CONFIRMED, Status.COASTING):
            near[trip] = min(near.get(trip, np.inf), float(np.linalg.norm(mean[:2] - cart.mean[:2])))
    return near


def _nearness(cart: CartTrack, near: Mapping[str, float], config: CartConfig) -> dict[str, float]:
    """Fade what was, and add what this moment says of every trip within reach."""
    weight = 1.0 if float(np.linalg.norm(cart.mean[2:])) > config.rolling_mps else config.standing_weight
    out: dict[str, float] = {}
    for trip in sorted({*near, *cart.with_trip}):
        far = near.get(trip, np.inf)
        nats = max(-0.5 * (far / config.near_m) ** 2, config.far_nats) - config.far_nats / 2
        now = config.fade * cart.with_trip.get(trip, 0.0) + weight * nats
        out[trip] = float(np.clip(now, -config.nats_max, config.nats_max))
    return out

"""Carts: where each is, by a slow Kalman filter, and whose it is, by who moves with it.

Cart cameras report twice a second, a few hundred in the largest store: filterpy's own filter serves. The owner is a
hidden state, nobody or one of the trips inside, that changes hands at a small rate: a forward filter of a hidden Markov
model (Rabiner 1989). Each report weighs every owner by where their people are and how they move, against people who
have nothing to do with the cart: who rolls along with it pushes it, and standing near a standing cart says little.
"""

from collections.abc import Mapping
from dataclasses import field
from functools import lru_cache

import numpy as np

from fusion.arrays import Floats
from fusion.config import SECOND_NS, CartConfig
from fusion.frozen import record, replace
from fusion.messages import Cart, CartMove
from fusion.tracking.baskets import Report, Scale, weigh_basket
from fusion.tracking.floor import Floor
from fusion.tracking.tracks import COASTING, CONFIRMED


@record(eq=False)
class CartTrack:
    """One cart: state x, y, vx, vy (m, m/s) and whose it is."""

    t_ns: int
    mean: Floats  # (4,)
    cov: Floats  # (4, 4)
    owner: Mapping[str, float] = field(default_factory=dict)  # trip -> probability; the rest of 1 is nobody
    scale: Scale = field(default_factory=Scale)


@record(eq=False)
class SeenMove:
    """A cart move with who the cart belonged to when it was seen; one that only the scale noticed names no goods."""

    cart: str
    move: CartMove
    pairing: Mapping[str, float]  # trip -> probability; the rest is nobody
    near: Mapping[str, float]  # trip -> distance of its nearest person to the cart, m

    def owner(self) -> tuple[str, float]:
        """Return the likeliest trip whose cart it is, and how likely that is; "" and 0 where nobody is with it."""
        trip = max(sorted(self.pairing), key=lambda one: self.pairing[one], default="")
        return trip, self.pairing.get(trip, 0.0)


@record(eq=False)
class Company:
    """The people in sight as a cart sees them at one moment, a row each, those of a trip behind each other."""

    trips: tuple[str, ...]  # sorted
    first: tuple[int, ...]  # row of the first of each trip, and one behind the last
    apart_m: Floats  # (k,)
    apart_mps: Floats  # (k,) speed relative to the cart
    speed_mps: Floats  # (k,)
    var_m2: Floats  # (k,) of the place, along one axis
    var_m2ps2: Floats  # (k,) of the velocity

    def by_trip(self, values: Floats) -> dict[str, Floats]:
        """Return the rows of values (k,) of each trip."""
        spans = zip(self.trips, self.first, self.first[1:], strict=False)
        return {trip: values[begin:end] for trip, begin, end in spans}


Carts = Mapping[str, CartTrack]


def observe_cart(
    carts: Carts, message: Cart, floor: Floor, trip_of: Mapping[int, str], config: CartConfig
) -> tuple[Carts, tuple[SeenMove, ...]]:
    """Take one report of a cart: move its filter, weigh who is with it, and pass on what its camera and scale noticed.

    A report without a place says nothing of the owner, and one that comes late nothing new.
    """
    before = carts.get(message.src)
    cart = _moved(before, message, config)
    if cart is None:
        return carts, ()
    company = _company(cart, floor, trip_of)
    if message.pos is not None and (before is None or cart.t_ns > before.t_ns):
        since_s = config.alike_rolling_s if before is None else (cart.t_ns - before.t_ns) / SECOND_NS
        cart = replace(cart, owner=_weighed(cart, since_s, company, config))
    if not message.moves and message.g is None:
        return {**carts, message.src: cart}, ()
    near = {trip: float(apart_m.min()) for trip, apart_m in company.by_trip(company.apart_m).items()}
    moves = [SeenMove(message.src, move, cart.owner, near) for move in message.moves]
    if message.g is not None:
        report = Report(message.t_ns, message.g, cart.owner, near)
        scale, step = weigh_basket(cart.scale, report, tuple(move.t_ns for move in message.moves), config)
        cart = replace(cart, scale=scale)
        if step is not None:
            move = CartMove(step.t_ns, 1 if step.grams > 0.0 else -1, (), 0.0)
            moves.append(SeenMove(message.src, move, step.at.pairing, step.at.near))
    return {**carts, message.src: cart}, tuple(moves)


@lru_cache(maxsize=1024)
def clear_owner(cart: CartTrack, p_min: float) -> str:
    """Return the trip a cart is of if that is clear, "" otherwise."""
    p, owner = max(((p, trip) for trip, p in cart.owner.items()), default=(0.0, ""))
    return owner if p >= p_min else ""


def place_of(cart: CartTrack) -> tuple[float, float]:
    """Return where a cart is, m."""
    return float(cart.mean[0]), float(cart.mean[1])


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
    if message.t_ns <= cart.t_ns:
        return cart
    dt_s = (message.t_ns - cart.t_ns) / SECOND_NS
    F = np.eye(4)
    F[0, 2] = F[1, 3] = dt_s
    Q = Q_discrete_white_noise(2, dt_s, config.accel_sd_mps2**2, block_size=2, order_by_dim=False)
    mean, cov = predict(cart.mean, cart.cov, F=F, Q=Q)
    mean, cov = update(mean, cov, z, R, H=np.eye(2, 4))
    return replace(cart, t_ns=message.t_ns, mean=mean, cov=cov)


def _company(cart: CartTrack, floor: Floor, trip_of: Mapping[int, str]) -> Company:
    """Gather the people in sight by trip, each carried on to the cart's time."""
    tracks = floor.tracks
    in_sight = np.flatnonzero((tracks.status == CONFIRMED) | (tracks.status == COASTING))
    ids = tracks.track_id[in_sight].tolist()
    known = sorted((trip_of[k], row) for k, row in zip(ids, in_sight.tolist(), strict=True) if k in trip_of)
    first = [at for at, (trip, _) in enumerate(known) if at == 0 or trip != known[at - 1][0]]
    rows = [row for _, row in known]
    ahead_s = float(np.clip((cart.t_ns - floor.t_ns) / SECOND_NS, -1.0, 1.0))
    mean, cov = tracks.mean[rows], tracks.cov[rows]
    v = mean[:, 2:4]
    return Company(
        trips=tuple(known[at][0] for at in first),
        first=(*first, len(known)),
        apart_m=np.linalg.norm(mean[:, :2] + ahead_s * v - cart.mean[:2], axis=1),
        apart_mps=np.linalg.norm(v - cart.mean[2:], axis=1),
        speed_mps=np.linalg.norm(v, axis=1),
        var_m2=(cov[:, 0, 0] + cov[:, 1, 1] + cart.cov[0, 0] + cart.cov[1, 1]) / 2,
        var_m2ps2=(cov[:, 2, 2] + cov[:, 3, 3] + cart.cov[2, 2] + cart.cov[3, 3]) / 2,
    )


def _weighed(cart: CartTrack, since_s: float, company: Company, config: CartConfig) -> dict[str, float]:
    """Return the owner's probabilities after since_s more seconds and this report.

    What reports say less than a while apart is partly the same, and a standing scene says the same for long.
    """
    trips = sorted({*company.trips, *cart.owner})
    p = np.array([cart.owner.get(trip, 0.0) for trip in trips])
    p = np.append(p, max(0.0, 1.0 - p.sum()))  # nobody is last
    stays = np.exp(-config.hands_over_per_s * since_s)
    p = stays * p + (1.0 - stays) / len(p)
    rolling = float(np.linalg.norm(cart.mean[2:])) > config.rolling_mps
    away_p = config.away_rolling_p if rolling else config.away_standing_p
    with_them = company.by_trip(_beside(company, rolling=rolling, config=config))
    likely = np.array(
        [
            *((1.0 - away_p) * with_them[trip].mean() + away_p if trip in with_them else away_p for trip in trips),
            config.rolls_alone_p if rolling else 1.0,
        ]
    )
    p *= likely ** min(1.0, since_s / (config.alike_rolling_s if rolling else config.alike_standing_s))
    p /= p.sum()
    return {trip: float(one) for trip, one in zip(trips, p, strict=False) if one > config.owner_p_min}


def _beside(people: Company, *, rolling: bool, config: CartConfig) -> Floats:
    """Return per person (k,) how much likelier they are where they are if they have the cart than if not.

    One of a trip has the cart, any one; for a share of the time nobody of them is with it. People who have nothing to
    do with it are anywhere on around_m2 and walk or stand as shoppers do.
    """
    reach = config.push_m if rolling else config.park_m
    var = config.push_sd_m**2 + people.var_m2
    nats = -0.5 * np.maximum(people.apart_m - reach, 0.0) ** 2 / var
    nats += np.log(config.around_m2 / (np.pi * (reach + np.sqrt(var)) ** 2))
    if rolling:
        along, any_ = config.push_sd_mps**2 + people.var_m2ps2, config.walk_sd_mps**2 + people.var_m2ps2
        nats += 0.5 * people.speed_mps**2 / any_ - 0.5 * people.apart_mps**2 / along + np.log(any_ / along)
    return np.asarray(np.exp(np.minimum(nats, config.with_nats_max)))

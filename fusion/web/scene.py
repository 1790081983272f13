"""What a page draws of one instant: people, carts, reaching hands, plates that move; pure, and cheap."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import numpy as np
from scipy.spatial import cKDTree

from fusion.arrays import Floats
from fusion.attribution.bodies import latest
from fusion.attribution.past import Past
from fusion.config import SECOND_NS, Config
from fusion.engine import State
from fusion.shelf import Levels
from fusion.shelf.tails import last
from fusion.store import Plates, Store
from fusion.tracking.carts import clear_owner, place_of
from fusion.tracking.floor import carried_on
from fusion.tracking.identity import likeliest_trip
from fusion.tracking.tracks import Status
from fusion.web.times import ms_of

REACH_M: Final = 0.45  # a hand this far out from the head reaches for something
TOUCH_M: Final = 0.35  # from a plate's centre: half a plate and a hand
HAND_SD_M: Final = 0.3  # a hand that is known less well than this is not drawn
CART_S: Final = 5.0  # a cart that says nothing for longer is gone
PLATE_S: Final = 2.0


def scene_of(state: State, store: Store, config: Config, t_ns: int) -> dict[str, Any]:
    """Return what there is to draw at t_ns, an instant of the state's last slice, as it is sent."""
    trips = {trip.trip: trip for trip in state.trips.live}
    carts = [cart for cart in sorted(state.carts) if t_ns - state.carts[cart].t_ns < CART_S * SECOND_NS]
    owner = {cart: clear_owner(state.carts[cart], config.attribution.cart_owner_p) for cart in carts}
    pushed = {trip: cart for cart, trip in owner.items() if trip}
    tracks = carried_on(state.floor, t_ns, config.tracking).tracks
    rows = np.flatnonzero((tracks.status == Status.CONFIRMED) | (tracks.status == Status.COASTING))
    ids = tracks.track_id[rows].tolist()
    back_s = min(0.0, (t_ns - state.floor.t_ns) / SECOND_NS)  # a frame may have come after it
    xy = np.round(tracks.mean[rows, :2] + back_s * tracks.mean[rows, 2:4], 2)
    sd = np.round(np.sqrt(0.5 * (tracks.cov[rows, 0, 0] + tracks.cov[rows, 1, 1])), 2).tolist()
    people = []
    for track, (x, y), sd_m in zip(ids, xy.tolist(), sd, strict=True):
        best, p = likeliest_trip(state.identity, track, t_ns)
        trip = trips.get(best)
        party = trip.party if trip is not None and trip.party > 1 else None
        account = None if trip is None else trip.account
        people.append([track, x, y, sd_m, account, round(p, 3), pushed.get(best), party])
    return {
        "kind": "scene",
        "t": ms_of(t_ns),
        "people": people,
        "carts": [[cart, *_rounded(place_of(state.carts[cart])), _account(trips.get(owner[cart]))] for cart in carts],
        "reaches": _reaches(state.attribution.seen.bodies, dict(zip(ids, xy.tolist(), strict=True)), store),
        "plates": _busy(state.levels, t_ns),
    }


def _reaches(past: Past, place: Mapping[int, list[float]], store: Store) -> list[list[Any]]:
    """Return the hands that are stretched out or at a plate, and which plate."""
    if not len(past):
        return []
    now = latest(past)
    shown = [row for row, track in enumerate(now.track_id.tolist()) if track in place]
    if not shown:
        return []
    hands = now.hands[shown].reshape(-1, 3)
    sd = np.sqrt(np.einsum("hii->h", now.hands_cov[shown].reshape(-1, 3, 3)) / 3.0)
    points = hands + np.repeat(now.head[shown], 2, axis=0)
    known = sd < HAND_SD_M
    far, plate = _plate_tree(store.plates).query(np.where(known[:, None], points, 1e6), distance_upper_bound=TOUCH_M)
    out = known & (np.isfinite(far) | (np.hypot(hands[:, 0], hands[:, 1]) > REACH_M))
    reaches = []
    for hand in np.flatnonzero(out).tolist():
        track = int(now.track_id[shown[hand // 2]])
        name = store.plates.plate_id[plate[hand]] if np.isfinite(far[hand]) else None
        reaches.append([track, *place[track], *_rounded(points[hand, :2]), name])
    return reaches


def _busy(levels: Levels, t_ns: int) -> list[list[Any]]:
    """Return the plates that are not at rest, each with how many grams it is off the level it rested at."""
    rows = np.flatnonzero(levels.disturbed & (t_ns - levels.last_ns < PLATE_S * SECOND_NS))
    off = np.round(last(levels.history, rows, 1)[0][0, :, 0] - levels.level_g[rows], 1)
    return [[row, g] for row, g in zip(rows.tolist(), off.tolist(), strict=True) if np.isfinite(g)]


@lru_cache(maxsize=4)
def _plate_tree(plates: Plates) -> Any:
    return cKDTree(plates.centre if len(plates.centre) else np.full((1, 3), 1e9))


def _account(trip: Any) -> str | None:
    return None if trip is None else trip.account


def _rounded(xy: Floats | tuple[float, float]) -> tuple[float, float]:
    return round(float(xy[0]), 2), round(float(xy[1]), 2)

"""What people on their way tell of the clocks of carts and gates.

A thing on somebody's way is seen where it truly was, but at a time that its clock says. A stamp that is ahead by d
shows it v d nearer to the person than it is, be it the cart that rolls along with them or the beam they walk through.
How far ahead of them it is when the time is right is not known: carts are pushed or drawn, and a beam is somewhere near
its line. Only people of different speeds tell the two apart, which is why these clocks are found slowly or not at all.
"""

from collections.abc import Mapping

import numpy as np

from fusion.arrays import Floats
from fusion.config import SECOND_NS, ClockConfig
from fusion.intake.clock_filter import Comparisons
from fusion.messages import Cart, Gate
from fusion.store import Store
from fusion.tracking.carts import CartTrack
from fusion.tracking.floor import Floor
from fusion.tracking.geometry import line_distance
from fusion.tracking.tracks import CONFIRMED, TENTATIVE


def rolling(
    cart: CartTrack | None, message: Cart, floor: Floor, trip_of: Mapping[int, str], config: ClockConfig
) -> Comparisons | None:
    """Return what the person who rolls with a cart says of its clock; None unless it is clear who does.

    cart is what was known of it before the message, trip_of the trip of every track. The message's place is compared:
    the cart's own filter lags behind it.
    """
    if cart is None or message.pos is None or message.t_ns <= cart.t_ns:
        return None
    owner = max(sorted(cart.owner), key=lambda trip: cart.owner[trip], default="")
    speed = float(np.linalg.norm(cart.mean[2:]))
    if cart.owner.get(owner, 0.0) < config.push_owner_p or speed < config.walking_mps:
        return None
    tracks = floor.tracks
    v, ahead_s = tracks.mean[:, 2:4], (message.t_ns - floor.t_ns) / SECOND_NS
    gap = np.array(message.pos) - tracks.mean[:, :2] - ahead_s * v
    along = (tracks.status == CONFIRMED) & (np.linalg.norm(gap, axis=1) < config.push_m)
    along &= np.linalg.norm(v - cart.mean[2:], axis=1) < config.push_turn_mps
    along &= np.array([trip_of.get(int(k)) == owner for k in tracks.track_id], np.bool_)
    rows = np.flatnonzero(along & (np.linalg.norm(v, axis=1) > config.walking_mps))
    if len(rows) != 1:
        return None
    row = int(rows[0])
    pace = float(np.linalg.norm(v[row]))
    heading = v[row] / pace
    # Its place errs alike for seconds: each report counts only as a part.
    var = config.reports_alike * (message.sd**2 + _along(tracks.cov[row], heading))
    return _on_the_way(float(gap[row] @ heading), pace, var, config.push_sd_m, config.push_walk_m_per_sqrt_s, config)


def crossing(gate: Gate, floor: Floor, store: Store, config: ClockConfig) -> Comparisons | None:
    """Return what somebody who walks out through a gate says of its clock; None if it may have been another.

    floor is as it was before they were taken out of it. Entries say little: scans come long before the line.
    """
    if gate.event != "exit" or gate.gate not in store.gates.gate_id or not len(floor.tracks):
        return None
    line, tracks = store.gates.line[store.gates.gate_id.index(gate.gate)], floor.tracks
    late_s = (gate.t_ns - floor.t_ns) / SECOND_NS
    xy = tracks.mean[:, :2] + late_s * tracks.mean[:, 2:4]
    near = np.flatnonzero((line_distance(xy, line) < config.alone_m) & (tracks.status != TENTATIVE))
    if len(near) != 1:
        return None
    row = int(near[0])
    out = _outward(line, store.outline)
    pace = float(tracks.mean[row, 2:4] @ out)
    unseen_s = (gate.t_ns - tracks.seen_ns[row]) / SECOND_NS
    if tracks.status[row] != CONFIRMED or pace < config.walking_mps or unseen_s > config.witness_s:
        return None
    var = config.beam_sd_m**2 + _along(tracks.cov[row], out)
    return _on_the_way(float((line[0] - xy[row]) @ out), pace, var, config.beam_habit_sd_m, 0.0, config)


def _on_the_way(
    ahead_m: float, speed_mps: float, var_m2: float, habit_sd_m: float, walk_m: float, config: ClockConfig
) -> Comparisons:
    """Return what one person says of a thing that was so far ahead on their way as they came at this speed.

    habit_sd_m is how far ahead it may be for good, walk_m by how much that changes within a second.
    """
    one = np.ones((1, 1))
    return Comparisons(
        ahead_m * one, -speed_mps * one, one[None], var_m2 * one[None], config.offset_sd_s, habit_sd_m, walk_m
    )


def _along(cov: Floats, way: Floats) -> float:
    """Return the variance (m2) along a unit vector (2,) of the place in a state's covariance."""
    return float(way @ cov[:2, :2] @ way)


def _outward(line: Floats, outline: Floats) -> Floats:
    """Return the unit vector (2,) across a gate's line that leads away from the middle of the floor."""
    along = line[1] - line[0]
    across = np.array([-along[1], along[0]]) / max(float(np.linalg.norm(along)), 1e-9)
    side = float((line.mean(axis=0) - outline.mean(axis=0)) @ across)
    return np.asarray(across if side >= 0.0 else -across)

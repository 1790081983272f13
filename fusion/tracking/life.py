"""What frames and time do to the lives of all tracks at once. Compiled; the rules are the table in tracks.py."""

from typing import NamedTuple

from numba import njit

from fusion.arrays import Floats, Ints, Singles
from fusion.tracking.appearance import learn_looks
from fusion.tracking.tracks import ILLEGAL, LOST, TABLE, TENTATIVE, Seen

HIT, UNSEEN, CONFIRM, FORGOTTEN = int(Seen.HIT), int(Seen.UNSEEN), int(Seen.CONFIRM), int(Seen.FORGOTTEN)


class Span(NamedTuple):
    """How long tracks live; see TrackingConfig."""

    unseen_ns: Ints  # by status: unseen for longer, something happens
    forgotten_ns: int
    drop_p: float
    confirm_p: float
    confirm_ns: int


@njit(cache=True, error_model="numpy")
def age(status: Ints, exist: Floats, seen_ns: Ints, born_ns: Ints, now_ns: int, span: Span) -> Ints:
    """Return the statuses (n,) after time has passed: confirmed, coasting, lost, forgotten or never anybody."""
    out = status.copy()
    for i in range(len(out)):
        unseen_ns = now_ns - seen_ns[i]
        if unseen_ns > span.unseen_ns[out[i]] or (out[i] == TENTATIVE and exist[i] < span.drop_p):
            out[i] = _moved(out[i], UNSEEN)
        if out[i] == LOST and unseen_ns > span.forgotten_ns:
            out[i] = _moved(out[i], FORGOTTEN)
        if out[i] == TENTATIVE and exist[i] >= span.confirm_p and seen_ns[i] - born_ns[i] > span.confirm_ns:
            out[i] = _moved(out[i], CONFIRM)
    return out


@njit(cache=True, error_model="numpy")
def remember(
    row: Ints,
    column: Ints,
    camera: int,
    t_ns: int,
    seen_look: Singles,
    seen_id: Ints,
    rate: float,
    status: Ints,
    look: Singles,
    looks: Ints,
    device_id: Ints,
    seen_by_ns: Ints,
    found: Ints,
    seen_ns: Ints,
) -> None:
    """Write what the detections `column` of a frame teach about the tracks `row`; the other columns are of Tracks."""
    learn_looks(look, looks, row, seen_look, column, rate)
    for i in range(len(found)):
        found[i, camera] <<= 1
    for k in range(len(row)):
        i = row[k]
        device_id[i, camera] = seen_id[column[k]]
        seen_by_ns[i, camera] = seen_ns[i] = t_ns
        found[i, camera] |= 1
        status[i] = _moved(status[i], HIT)


@njit(cache=True, error_model="numpy")
def _moved(status: int, seen: int) -> int:
    after = int(TABLE[status, seen])
    assert after != ILLEGAL, "an illegal move in the life of a track"
    return after


@njit(cache=True, error_model="numpy")
def bear(
    n: int,
    next_id: int,
    column: Ints,
    x: Floats,
    P: Floats,
    exist_p: Floats,
    camera: int,
    t_ns: int,
    seen_look: Singles,
    seen_id: Ints,
    sight_p: float,
    track_id: Ints,
    status: Ints,
    mean: Floats,
    cov: Floats,
    look: Singles,
    looks: Ints,
    device_id: Ints,
    seen_by_ns: Ints,
    found: Ints,
    exist: Floats,
    sight: Floats,
    born_ns: Ints,
    seen_ns: Ints,
    born_xy: Floats,
) -> None:
    """Write tentative tracks, from row n on, that start from the detections `column` as x (b, 5) and P (b, 5, 5)."""
    for k in range(len(column)):
        i, j = n + k, column[k]
        track_id[i], status[i] = next_id + k, TENTATIVE
        mean[i], cov[i], exist[i] = x[k], P[k], exist_p[k]
        look[i], looks[i] = 0.0, 0
        for d in range(seen_look.shape[1]):
            look[i, d] = seen_look[j, d]
            if seen_look[j, d] != 0.0:
                looks[i] = 1
        device_id[i], seen_by_ns[i], found[i], sight[i] = 0, 0, 0, sight_p
        device_id[i, camera], seen_by_ns[i, camera], found[i, camera] = seen_id[j], t_ns, 1
        born_ns[i] = seen_ns[i] = t_ns
        born_xy[i] = x[k, :2]

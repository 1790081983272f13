"""Where people and their hands were, moment by moment, as attribution asks for it."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints
from fusion.attribution.past import Past, and_then, no_past
from fusion.frozen import record


@record(eq=False)
class Bodies:
    """Where everybody was at one slice."""

    t_ns: int
    track_id: Ints  # (n,)
    head: Floats  # (n, 3) m
    hands: Floats  # (n, 2, 3) m, relative to the head, and their covariance
    hands_cov: Floats  # (n, 2, 3, 3)
    unseen_s: Floats  # (n,)
    rival_id: Ints  # (n, 2) the track whose hand it may be instead, -1 for nobody's
    rival_p: Floats  # (n, 2) and how likely that is


class Rows(NamedTuple):
    """Columns of Bodies, of all moments, as the kernels take them."""

    track_id: Ints
    head: Floats
    hands: Floats
    hands_cov: Floats
    unseen_s: Floats
    rival_id: Ints
    rival_p: Floats


def no_bodies() -> Past:
    """Return the past before anybody came."""
    rows = Rows(
        np.zeros(0, np.int64), np.zeros((0, 3)), np.zeros((0, 2, 3)), np.zeros((0, 2, 3, 3)), np.zeros(0),
        np.zeros((0, 2), np.int64), np.zeros((0, 2)),
    )  # fmt: skip
    return no_past((), rows)


def with_bodies(past: Past, now: Bodies, since_ns: int) -> Past:
    """Add a moment and forget those before since_ns."""
    rows = now.track_id, now.head, now.hands, now.hands_cov, now.unseen_s, now.rival_id, now.rival_p
    return and_then(past, (now.t_ns,), (len(now.track_id),), (), rows, since_ns)


def rows_in(past: Past) -> Rows:
    """Return the columns of a past of bodies."""
    return Rows(*past.room.rows)


def bodies_in(past: Past, moment: int) -> Bodies:
    """Return where everybody was at a moment of a past's room."""
    rows = past.rows_of(moment, moment + 1)
    return Bodies(int(past.room.t_ns[moment]), *(column[rows] for column in past.room.rows))


def latest(past: Past) -> Bodies:
    """Return where everybody was last; there must be a moment."""
    return bodies_in(past, past.end - 1)


def names_of(track_id: int, alias: Mapping[int, int]) -> Ints:
    """Return the tracks that are one person by now, who goes by track_id; none where that is another's track since."""
    own = [k for k, kept in alias.items() if kept == track_id]
    return np.array([k for k in (track_id, *own) if alias.get(k, k) == track_id], np.int64)


@njit(cache=True, error_model="numpy")
def place_among(track_id: int, some: Ints) -> int:
    """Return where a track is among a few (n,), -1 for nowhere."""
    for k in range(len(some)):
        if some[k] == track_id:
            return k
    return -1


@njit(cache=True, error_model="numpy")
def is_among(track_id: int, some: Ints) -> bool:
    """Tell whether a track is one of a few (n,)."""
    return bool(place_among(track_id, some) >= 0)


class Joined(NamedTuple):
    """Tracks that some persons were followed by before, as the kernels take them."""

    ended: Ints  # (k,)
    kept: Ints  # (k,) as which track each went on


def joined_into(persons: set[int], alias: Mapping[int, int]) -> Joined:
    """Return the tracks that go on as some persons: of a day's others few are near."""
    ended = [k for k, kept in alias.items() if kept in persons]
    return Joined(np.array(ended, np.int64), np.array([alias[k] for k in ended], np.int64))


@njit(cache=True, error_model="numpy")
def person_of(track_id: int, joined: Joined) -> int:
    """Return as whom a track goes on."""
    for k in range(len(joined.ended)):
        if joined.ended[k] == track_id:
            return int(joined.kept[k])
    return track_id

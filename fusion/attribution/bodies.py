"""Where people and their hands were, moment by moment, as attribution asks for it.

What the last seconds showed is kept as columns, a row a body, so that one pass of a compiled loop answers what is asked
of a change against all of them. Moments are added behind those that are remembered: a past goes on seeing its own rows
of a room that later ones share, and where a room is full, or another past has gone on in it, what is still remembered
moves into a new one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints
from fusion.frozen import record

LEAST_ROOM: Final = 64  # moments, and bodies


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


COLUMNS: Final = ("track_id", "head", "hands", "hands_cov", "unseen_s", "rival_id", "rival_p")


class Rows(NamedTuple):
    """Columns of Bodies, of all moments, as the kernels take them."""

    track_id: Ints
    head: Floats
    hands: Floats
    hands_cov: Floats
    unseen_s: Floats
    rival_id: Ints
    rival_p: Floats


@dataclass(slots=True)
class Room:
    """Columns with room behind what is written."""

    t_ns: Ints  # (moments,)
    first: Ints  # (moments + 1,) where the rows of each begin, and where those of the next one will
    track_id: Ints
    head: Floats
    hands: Floats
    hands_cov: Floats
    unseen_s: Floats
    rival_id: Ints
    rival_p: Floats
    moments: int = 0  # that are written

    @property
    def rows(self) -> Rows:
        """The bodies as the kernels take them."""
        return Rows(
            self.track_id, self.head, self.hands, self.hands_cov, self.unseen_s, self.rival_id, self.rival_p
        )  # fmt: skip

    def write(self, t_ns: int, bodies: Bodies | Rows) -> None:
        """Add a moment."""
        begin = int(self.first[self.moments])
        end = begin + len(bodies.track_id)
        for name in COLUMNS:
            getattr(self, name)[begin:end] = getattr(bodies, name)
        self.t_ns[self.moments] = t_ns
        self.moments += 1
        self.first[self.moments] = end


def room_for(moments: int, bodies: int) -> Room:
    """Return an empty room."""
    return Room(
        np.zeros(moments, np.int64), np.zeros(moments + 1, np.int64), np.zeros(bodies, np.int64),
        np.zeros((bodies, 3)), np.zeros((bodies, 2, 3)), np.zeros((bodies, 2, 3, 3)), np.zeros(bodies),
        np.zeros((bodies, 2), np.int64), np.zeros((bodies, 2)),
    )  # fmt: skip


@record(eq=False)
class Past:
    """Where everybody was at the slices of the last seconds, oldest first."""

    room: Room
    begin: int = 0  # of its moments, those that are remembered
    end: int = 0

    def __len__(self) -> int:
        """Return how many moments are remembered."""
        return self.end - self.begin

    @property
    def t_ns(self) -> Ints:
        """When each moment was, (m,) ns."""
        return self.room.t_ns[self.begin : self.end]

    def within(self, first_ns: int, last_ns: int) -> tuple[int, int]:
        """Return which moments of the room are from one instant to another, both included: the first, and the end."""
        first, end = self.t_ns.searchsorted((first_ns, last_ns + 1)).tolist()
        return self.begin + first, self.begin + end

    def rows_of(self, moments: tuple[int, int]) -> slice:
        """Return the rows of some moments."""
        return slice(int(self.room.first[moments[0]]), int(self.room.first[moments[1]]))

    def nearest(self, t_ns: int) -> int:
        """Return which moment of the room is nearest to an instant, of two as near the earlier; there must be one."""
        return int(nearest_moment(self.room.t_ns, self.begin, self.end, t_ns))

    def at(self, moment: int) -> Bodies:
        """Return where everybody was at a moment of the room."""
        rows = self.rows_of((moment, moment + 1))
        room = self.room
        return Bodies(
            int(room.t_ns[moment]), room.track_id[rows], room.head[rows], room.hands[rows], room.hands_cov[rows],
            room.unseen_s[rows], room.rival_id[rows], room.rival_p[rows],
        )  # fmt: skip

    def last(self) -> Bodies:
        """Return where everybody was last; there must be a moment."""
        return self.at(self.end - 1)


def no_past() -> Past:
    """Return the past before the first slice."""
    return Past(room_for(LEAST_ROOM, LEAST_ROOM))


def and_then(past: Past, bodies: Bodies, since_ns: int) -> Past:
    """Add one moment and forget those before since_ns."""
    begin, room = past.begin + int(past.t_ns.searchsorted(since_ns)), past.room
    kept, more = past.rows_of((begin, past.end)), len(bodies.track_id)
    is_full = past.end == len(room.t_ns) or kept.stop + more > len(room.track_id)
    if is_full or room.moments != past.end:
        room = _moved(room, begin, past.end, kept, more)
        begin, past = 0, Past(room, 0, past.end - begin)
    room.write(bodies.t_ns, bodies)
    return Past(room, begin, past.end + 1)


def _moved(old: Room, begin: int, end: int, kept: slice, more: int) -> Room:
    """Return a room that has some moments of another, and as much room again."""
    moments, bodies = end - begin, kept.stop - kept.start
    room = room_for(max(LEAST_ROOM, 2 * moments), max(LEAST_ROOM, 2 * (bodies + more)))
    room.t_ns[:moments] = old.t_ns[begin:end]
    room.first[: moments + 1] = old.first[begin : end + 1] - old.first[begin]
    for name in COLUMNS:
        getattr(room, name)[:bodies] = getattr(old, name)[kept]
    room.moments = moments
    return room


@njit(cache=True, error_model="numpy")
def nearest_moment(t_ns: Ints, begin: int, end: int, at_ns: int) -> int:
    """Return which moment, from begin to before end, is nearest to an instant, of two as near the earlier."""
    low, high = begin, end
    while low < high:
        middle = (low + high) // 2
        if t_ns[middle] < at_ns:
            low = middle + 1
        else:
            high = middle
    if low in (begin, end):
        return min(low, end - 1)
    return low - 1 if at_ns - t_ns[low - 1] <= t_ns[low] - at_ns else low


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

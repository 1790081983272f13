"""Tracks as a struct of arrays, and their life cycle as a table."""

from dataclasses import fields
from enum import IntEnum

import numpy as np

from fusion.arrays import Bools, Floats, Ints, Singles
from fusion.frozen import record


class Status(IntEnum):
    """Where a track is in its life."""

    TENTATIVE = 0
    CONFIRMED = 1
    COASTING = 2  # unseen for a moment, still associated
    LEFT = 3  # went out through an exit, still in sight of a camera
    LOST = 4  # unseen for long: waits for a new track to be joined to
    EXITED = 5  # gone, or never was anybody


# As plain numbers: to hold an array against a member of an enumeration takes five times as long.
TENTATIVE, CONFIRMED, COASTING, LEFT, LOST, EXITED = (int(status) for status in Status)


class Seen(IntEnum):
    """What can happen to a track."""

    HIT = 0
    CONFIRM = 1
    UNSEEN = 2  # for longer than its status allows
    JOINED = 3  # a new track turned out to be this one
    DOOR = 4  # left through an exit
    FORGOTTEN = 5
    STAYED = 6  # had not left after all


NEXT: dict[Status, dict[Seen, Status]] = {
    Status.TENTATIVE: {
        Seen.HIT: Status.TENTATIVE,
        Seen.CONFIRM: Status.CONFIRMED,
        Seen.UNSEEN: Status.EXITED,
        Seen.JOINED: Status.EXITED,
    },
    Status.CONFIRMED: {
        Seen.HIT: Status.CONFIRMED,
        Seen.UNSEEN: Status.COASTING,
        Seen.JOINED: Status.EXITED,
        Seen.DOOR: Status.LEFT,
    },
    Status.COASTING: {
        Seen.HIT: Status.CONFIRMED,
        Seen.UNSEEN: Status.LOST,
        Seen.JOINED: Status.EXITED,
        Seen.DOOR: Status.LEFT,
    },
    Status.LEFT: {
        Seen.HIT: Status.LEFT,
        Seen.UNSEEN: Status.EXITED,
        Seen.JOINED: Status.EXITED,
        Seen.STAYED: Status.CONFIRMED,
    },
    Status.LOST: {Seen.JOINED: Status.CONFIRMED, Seen.DOOR: Status.EXITED, Seen.FORGOTTEN: Status.EXITED},
    Status.EXITED: {},
}


@record(eq=False)
class Tracks:
    """People in the store; row i is one track, rows stay sorted by track_id."""

    track_id: Ints  # (n,)
    status: Ints  # (n,) of Status
    mean: Floats  # (n, 5) x_m, y_m, vx_mps, vy_mps, head height m
    cov: Floats  # (n, 5, 5)
    look: (
        Singles  # (n, LOOK_DIM) mean appearance, not normalised; zero where unknown; (n, 0) until a camera knows looks
    )
    looks: Ints  # (n,) appearance vectors taken in
    device_id: Ints  # (n, cameras) hash of the id each camera last gave it, 0 where none
    seen_by_ns: Ints  # (n, cameras) when each camera last saw it, 0 for never
    found: Ints  # (n, cameras) each camera's last 63 frames as bits, newest lowest: 1 where it was found
    exist: Floats  # (n,) probability of being a person at all
    sight: Floats  # (n, cameras) probability that each camera has it in sight
    born_ns: Ints  # (n,)
    seen_ns: Ints  # (n,) last sighting
    born_xy: Floats  # (n, 2) m

    def __len__(self) -> int:
        return len(self.track_id)


COLUMNS = tuple(f.name for f in fields(Tracks))
ILLEGAL = -1
TABLE = np.array([[NEXT[status].get(seen, ILLEGAL) for seen in Seen] for status in Status])  # NEXT, for whole arrays


def no_tracks(cameras: int) -> Tracks:
    """Return the empty store."""
    return Tracks(
        track_id=np.zeros(0, np.int64),
        status=np.zeros(0, np.int64),
        mean=np.zeros((0, 5)),
        cov=np.zeros((0, 5, 5)),
        look=np.zeros((0, 0), np.float32),
        looks=np.zeros(0, np.int64),
        device_id=np.zeros((0, cameras), np.int64),
        seen_by_ns=np.zeros((0, cameras), np.int64),
        found=np.zeros((0, cameras), np.int64),
        exist=np.zeros(0),
        sight=np.zeros((0, cameras)),
        born_ns=np.zeros(0, np.int64),
        seen_ns=np.zeros(0, np.int64),
        born_xy=np.zeros((0, 2)),
    )


def take(tracks: Tracks, rows: Ints, status: Ints | None = None) -> Tracks:
    """Keep the given rows, in their order; `status` (n,) stands for that of the tracks."""
    columns = {name: getattr(tracks, name) for name in COLUMNS}
    if status is not None:
        columns["status"] = status
    return Tracks(*[np.take(column, rows, axis=0) for column in columns.values()])


def thaw(tracks: Tracks, room: int = 0) -> Tracks:
    """Return a copy whose arrays may be written: what a stage edits before it hands it on.

    It ends with `room` more rows whose content means nothing, for tracks that start: `shorten` gives it its length.
    """
    n, copies = len(tracks), []
    for name in COLUMNS:
        column = getattr(tracks, name)
        copy = np.empty((n + room, *column.shape[1:]), column.dtype)
        copy[:n] = column
        copies.append(copy)
    return Tracks(*copies)


def shorten(tracks: Tracks, n: int) -> Tracks:
    """Return the first n rows, sharing their memory."""
    return Tracks(*[getattr(tracks, name)[:n] for name in COLUMNS])


def move(status: Ints, rows: Bools | Ints, seen: Seen) -> None:
    """Move some of the statuses (n,) through the life-cycle table, in place; an illegal move is a bug of ours."""
    moved = TABLE[status[rows], seen]
    if (moved == ILLEGAL).any():
        raise KeyError(f"{seen.name} happens to a track that is {[Status(s).name for s in np.unique(status[rows])]}")
    status[rows] = moved

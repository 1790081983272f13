"""The RFID portal at a gate: a few inventory rounds a second, each hearing some of the tags that are near.

Whether a tag is heard depends on its margin over what the chip needs to wake up. The margin falls with the fourth
power of the distance (out and back), by the body that carries the tag, and by metal or liquid behind it; a tag in
the next lane is simply far away. Of tags carried through, some 95 in 100 are heard at least once, as at the racks
that studies report on (99 in 100 among few tags, 66 to 90 among many).
"""

from typing import Final, TypeAlias

import numpy as np

from fusion.arrays import Floats
from fusion.messages import Portal
from fusion.wire_schema import ROWS_MAX
from sensors.clocks import Clock
from sensors.sending import Sent
from sensors.world import TagPassing, World

ROUND_S: Final = 0.33
HEARD_S: Final = 2.0  # no tag is near enough longer than this before or after the crossing
WALK_MPS: Final = 1.3
OWN_LANE_M: Final = 0.8  # antenna to tag when both are abreast
NEXT_LANE_M: Final = 1.6
NEAR_DBM: Final = -45.0  # of a good tag at OWN_LANE_M
WAKES_DBM: Final = -56.0  # a tag at this level is heard in half of the rounds
WAKES_SPREAD_DB: Final = 1.5
FADE_SD_DB: Final = 2.5  # from round to round
BODY_LOSS_DB: Final = 3.0  # mean over tags
DETUNED_SHARE: Final = 0.1
DETUNED_LOSS_DB: Final = 11.0  # mean over the tags on metal or liquid
BUSY_TAGS: Final = 150.0  # so many tags at once halve the chance of each to be heard

Rounds: TypeAlias = dict[int, list[tuple[str, float]]]  # round -> (epc, dBm)


def portal_messages(world: World, portal: str, clock: Clock, epoch_ns: int, rng: np.random.Generator) -> list[Sent]:
    """Return the inventory rounds in which one RFID portal heard any tag."""
    gate = dict(world.store.portals)[portal]
    passing = [tag for tag in world.tags if tag.gate == gate]
    times = np.arange(rng.uniform(0.0, ROUND_S), world.seconds, ROUND_S)
    heard: Rounds = {}
    for tag, busy in zip(passing, _crowding(passing), strict=True):
        _hear(tag, busy, times, heard, rng)
    return [
        (float(times[row]) + 0.03, Portal(portal, 0, clock.read_ns(float(times[row]), epoch_ns), portal, tuple(tags)))
        for row, tags in sorted(heard.items())
    ]


def _crowding(passing: list[TagPassing]) -> Floats:
    """Return the share of its chance that the other tags nearby leave to each tag."""
    t_s = np.sort([tag.t_s for tag in passing])
    own_s = np.array([tag.t_s for tag in passing])
    near = np.searchsorted(t_s, own_s + HEARD_S) - np.searchsorted(t_s, own_s - HEARD_S)
    share: Floats = 1.0 / (1.0 + near / BUSY_TAGS)
    return share


def _hear(tag: TagPassing, share: float, times: Floats, heard: Rounds, rng: np.random.Generator) -> None:
    """Add the rounds that hear one tag."""
    first, last = np.searchsorted(times, [tag.t_s - HEARD_S, tag.t_s + HEARD_S])
    lane_m = NEXT_LANE_M if tag.next_lane else OWN_LANE_M
    loss_db = rng.exponential(BODY_LOSS_DB)
    loss_db += rng.exponential(DETUNED_LOSS_DB) if rng.random() < DETUNED_SHARE else 0.0
    distance_m = np.hypot(lane_m, WALK_MPS * (times[first:last] - tag.t_s))
    dbm = NEAR_DBM - 40.0 * np.log10(distance_m / OWN_LANE_M) - loss_db
    dbm = dbm + rng.normal(0.0, FADE_SD_DB, dbm.size)
    p = share / (1.0 + np.exp((WAKES_DBM - dbm) / WAKES_SPREAD_DB))
    for row in np.flatnonzero(rng.random(p.size) < p):
        reads = heard.setdefault(int(first + row), [])
        if len(reads) < ROWS_MAX:
            reads.append((tag.epc, round(float(dbm[row]), 1)))

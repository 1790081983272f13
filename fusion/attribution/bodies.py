"""Where people and their hands were, moment by moment, as attribution asks for it."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from fusion.arrays import Floats, Ints
from fusion.frozen import record
from fusion.tracking.hands import Doubtful

KEPT: Final = 256  # moments of which something may be derived once: as many as are remembered, for a cache holds them


@record(eq=False)
class Bodies:
    """Where everybody was at one slice."""

    t_ns: int
    track_id: Ints  # (n,)
    head: Floats  # (n, 3) m
    hands: Floats  # (n, 2, 3) m, relative to the head, and their covariance
    hands_cov: Floats  # (n, 2, 3, 3)
    unseen_s: Floats  # (n,)
    doubtful: tuple[Doubtful, ...] = ()  # hands that may be somebody else's


def names_of(track_id: int, alias: Mapping[int, int]) -> list[int]:
    """Return the tracks that are one person by now, who goes by track_id; none where that is another's track since."""
    return [k for k in (track_id, *(k for k, kept in alias.items() if kept == track_id)) if alias.get(k, k) == track_id]


@lru_cache(maxsize=KEPT)
def rows_of(bodies: Bodies) -> Mapping[int, int]:
    """Return the row of each track at one moment: whoever asks about goods asks for the same moments."""
    return {k: row for row, k in enumerate(bodies.track_id.tolist())}

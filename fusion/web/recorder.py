"""The scene log beside a run: told of every step, it writes what a page needs and changes nothing.

A run that goes on from a snapshot says again what it had said since: the log is first cut back to that instant.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from fusion.config import SECOND_NS
from fusion.live.baskets import Baskets
from fusion.session import Session
from fusion.settlement import Outputs
from fusion.web.said import said_by
from fusion.web.scene import scene_of
from fusion.web.scene_writer import Keep, SceneWriter
from fusion.web.times import ms_of

FOLDER: Final = "scenes"
SCENE_NS: Final = 100_000_000
RATES_NS: Final = SECOND_NS

Behind = Callable[[], tuple[int, float]]  # how many records, and ms, the engine is behind


def not_behind() -> tuple[int, float]:
    """Say that the engine is as far as its tape."""
    return 0, 0.0


class Recorder:
    """The scene log of one run; call it after each step."""

    def __init__(
        self,
        out: Path,
        *,
        since_ns: int = 0,
        baskets: Baskets | None = None,
        behind: Behind = not_behind,
        keep: Keep = (None, None),
    ) -> None:
        """Begin a log anew, or go on with what there is of it up to since_ns; `keep` is how much of it stays."""
        self._log, self._behind = SceneWriter(out / FOLDER, since_ns, keep), behind
        self._is_broken = False
        self._baskets: Baskets = dict(baskets or {})
        self._t_ns, self._rates_ns = since_ns, 0
        self._read, self._store_ns, self._wall_s = 0, 0, time.perf_counter()

    def __call__(self, session: Session, outputs: Outputs) -> None:
        """Write what a step brings; where that fails, say so and write no more: the engine goes on without a page."""
        if self._is_broken:
            return
        try:
            self._take(session, outputs)
        except Exception as error:  # also a fault of ours: nobody's charge hangs on what a page draws
            self._is_broken = True
            print(f"aisle: the page's log ends here: {error!r}", file=sys.stderr, flush=True)

    def _take(self, session: Session, outputs: Outputs) -> None:
        """Write a scene where one is due, then what was said."""
        now_ns, state = session.state.now_ns, session.state
        t_ns = now_ns // SCENE_NS * SCENE_NS
        if t_ns > self._t_ns:
            self._log.scene(t_ns, scene_of(state, session.store, session.config, t_ns))
            if t_ns >= self._rates_ns + RATES_NS:
                self._log.rates(t_ns, self._rates(session, t_ns))
        self._baskets, said = said_by(outputs, self._baskets, state.trips.live, session.store, now_ns)
        for one in said:
            self._log.said(now_ns, one)
        if t_ns > self._t_ns or said:
            self._log.flush()
        self._t_ns = max(now_ns, self._t_ns)

    def end(self) -> None:
        """Say that the run is over."""
        try:
            self._log.end()
        except OSError as error:
            print(f"aisle: the page's log has no end: {error!r}", file=sys.stderr, flush=True)

    def _rates(self, session: Session, t_ns: int) -> dict[str, Any]:
        """Return how fast messages and time have gone by since the last rates, and what was dropped in all."""
        now_s, read = time.perf_counter(), session.counts["read"]
        wall_s = max(now_s - self._wall_s, 1e-6)
        store_s = (t_ns - self._store_ns) / SECOND_NS if self._store_ns else 0.0
        seen = session.sequencer.counts
        lost = session.reasons + Counter({reason: seen[reason] for reason in ("duplicate", "late", "future")})
        records, behind_ms = self._behind()
        rates = {
            "kind": "rates",
            "t": ms_of(t_ns),
            "messages_s": round((read - self._read) / wall_s, 1),
            "lag_records": records,
            "lag_ms": round(behind_ms),
            "store_s_per_s": round(store_s / wall_s, 2),
            "people": len(session.state.floor.tracks),
            "queue": session.state.clocks.waiting(),
            "dropped": {reason: count for reason, count in sorted(lost.items()) if count},
        }
        self._read, self._store_ns, self._wall_s, self._rates_ns = read, t_ns, now_s, t_ns
        return rates

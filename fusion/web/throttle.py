"""Wrong tokens are counted and slowed down: by where they come from, and in all; pure, told what time it is."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

FREE: Final = 5  # wrong ones in a row from one place before it has to wait
WAIT_S: Final = 1.0  # after the first too many; doubles with each more
WAIT_S_MAX: Final = 300.0
ALL_FREE: Final = 50  # from everywhere together, forgotten at ALL_PER_S
ALL_PER_S: Final = 1.0
PLACES_MAX: Final = 4096  # the longest quiet are forgotten


@dataclass(slots=True)
class Throttle:
    """How many wrong tokens there were, and who has to wait."""

    wrong: int = 0
    _places: OrderedDict[str, tuple[int, float]] = field(default_factory=OrderedDict)  # place -> in a row, until when
    _all: float = 0.0
    _all_s: float = 0.0

    def wait_s(self, place: str, now_s: float) -> float:
        """Return how long a place has to wait before it may try again, s; 0 for not at all."""
        _, until_s = self._places.get(place, (0, 0.0))
        crowd_s = (self._leaked(now_s) - ALL_FREE) / ALL_PER_S
        return max(0.0, until_s - now_s, crowd_s)

    def failed(self, place: str, now_s: float) -> None:
        """Count a wrong token."""
        self.wrong += 1
        self._all, self._all_s = self._leaked(now_s) + 1.0, now_s
        count = self._places.pop(place, (0, 0.0))[0] + 1
        wait_s = 0.0 if count < FREE else min(WAIT_S_MAX, WAIT_S * 2.0 ** min(count - FREE, 30))
        self._places[place] = count, now_s + wait_s
        if len(self._places) > PLACES_MAX:
            self._places.popitem(last=False)

    def succeeded(self, place: str) -> None:
        """Forget the wrong tokens of a place that had a right one."""
        self._places.pop(place, None)

    def _leaked(self, now_s: float) -> float:
        return max(0.0, self._all - ALL_PER_S * max(0.0, now_s - self._all_s))

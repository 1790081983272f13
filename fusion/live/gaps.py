"""What a plain publisher has said and we have not heard, found by seq and asked for again; pure.

A PUB drops what a slow subscriber cannot take, and says nothing. Its messages count up by 1, so a number that is
overtaken is missing; the publisher keeps its latest messages in a ring, and is asked for what is missing a few times.
What it no longer has is lost, and counted.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

REORDERED_MAX: Final = 50  # a number further back than this is a new numbering: the sensor restarted
EARLIER_MAX: Final = 256  # numbers before the first one heard that are asked for
WANTED_MAX: Final = 4096  # of one source at once; older ones are given up
ALL_WANTED_MAX: Final = 65_536  # of all sources of one publisher; what is missing beyond is given up
SOURCES_MAX: Final = 4096  # of one publisher; what others miss is not looked for
ASK_MAX: Final = 256  # in one request
TRIES: Final = 4
AGAIN_S: Final = 0.5


@dataclass(slots=True)
class Wanted:
    """One number that we want."""

    tries: int = 0
    asked_s: float = float("-inf")


@dataclass(slots=True)
class Gaps:
    """The numbers of each source: the newest, and those that are wanted."""

    lost: Counter[str] = field(default_factory=Counter)
    repaired: Counter[str] = field(default_factory=Counter)
    _newest: dict[str, int] = field(default_factory=dict)
    _wanted: dict[str, dict[int, Wanted]] = field(default_factory=dict)

    def knows(self, src: str) -> bool:
        """Return whether anything of a source was heard."""
        return src in self._newest

    def state(self) -> dict[str, tuple[int, list[int]]]:
        """Return the newest number of each source and those that are wanted, for a note in the journal."""
        return {src: (newest, sorted(self._wanted[src])) for src, newest in self._newest.items()}

    def go_on(self, state: Mapping[str, tuple[int, Iterable[int]]]) -> None:
        """Go on from what `state` returned."""
        for src, (newest, wanted) in state.items():
            self._newest[src] = newest
            self._wanted[src] = {number: Wanted() for number in wanted}

    def hear(self, src: str, seq: int) -> bool:
        """Note a number; return whether it is news, not one that came before."""
        newest = self._newest.get(src)
        if newest is None and len(self._newest) >= SOURCES_MAX:
            return True
        wanted = self._wanted.setdefault(src, {})
        if self.mend(src, seq):
            return True
        if newest is None or seq == 0 or seq < newest - REORDERED_MAX:
            self.lost[src] += len(wanted)
            wanted.clear()
            self._newest[src] = seq
            for number in range(max(0, seq - min(EARLIER_MAX, self._room())), seq):  # said before we listened
                wanted[number] = Wanted()
            return True
        if seq <= newest:
            return False
        if seq > newest + 1:
            first = max(newest + 1, seq - min(WANTED_MAX, self._room()))
            for number in range(first, seq):
                wanted[number] = Wanted()
            self.lost[src] += first - newest - 1
        while len(wanted) > WANTED_MAX:
            del wanted[next(iter(wanted))]
            self.lost[src] += 1
        self._newest[src] = seq
        return True

    def mend(self, src: str, seq: int) -> bool:
        """Note a number that the ring gives again; return whether it is news. It may be asked for and given twice."""
        if self._wanted.get(src, {}).pop(seq, None) is None:
            return False
        self.repaired[src] += 1
        return True

    def gone(self, src: str, seqs: list[int]) -> None:
        """Give up numbers that the publisher no longer has."""
        wanted = self._wanted.get(src, {})
        self.lost[src] += sum(wanted.pop(seq, None) is not None for seq in seqs)

    def to_ask(self, now_s: float) -> dict[str, list[int]]:
        """Return what to ask for now, by source; numbers asked for too often are given up."""
        found: dict[str, list[int]] = {}
        for src, wanted in self._wanted.items():
            due = [seq for seq, one in wanted.items() if now_s - one.asked_s >= AGAIN_S][:ASK_MAX]
            hopeless = [seq for seq in due if wanted[seq].tries >= TRIES]
            self.gone(src, hopeless)
            due = [seq for seq in due if seq in wanted]
            for seq in due:
                wanted[seq] = Wanted(wanted[seq].tries + 1, now_s)
            if due:
                found[src] = due
        return found

    def _room(self) -> int:
        """Return how many more numbers may be wanted."""
        return max(0, ALL_WANTED_MAX - sum(map(len, self._wanted.values())))

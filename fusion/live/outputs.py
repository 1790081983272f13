"""What the engine says to whoever follows it: the last value of everything, then each change; pure.

Theory of operation. Outputs leave by PUB, two frames, topic and text. Who comes late, or missed some, asks for a
snapshot with a word of its own (`nonce`). It gets all last values, and at that very point of the stream the PUB says
`snapshot/NONCE`: everything before it is in the snapshot, everything after it is not. Once a second the PUB says how
many outputs each topic has had (`count/STORE`), which shows a follower what it missed.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

KEPT_MAX: Final = 4096  # last values of one topic; the oldest go
MARK: Final = "snapshot/"
COUNT: Final = "count/"


@dataclass(slots=True)
class LastValues:
    """The last text of each key of each topic, and how many there have been."""

    kept: dict[str, OrderedDict[str, str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def put(self, topic: str, key: str, text: str) -> None:
        """Count an output, and keep it in the place of what its key said before; the key "" keeps nothing."""
        self.counts[topic] = self.counts.get(topic, 0) + 1
        if key:
            self.keep(topic, key, text)

    def keep(self, topic: str, key: str, text: str) -> None:
        """Keep a text as the last value of its key."""
        values = self.kept.setdefault(topic, OrderedDict())
        values[key] = text
        values.move_to_end(key)
        if len(values) > KEPT_MAX:
            values.popitem(last=False)

    def drop(self, topic: str, key: str) -> None:
        """Forget a key that is no more."""
        self.kept.get(topic, OrderedDict()).pop(key, None)

    def snapshot(self, prefix: str) -> list[tuple[str, str]]:
        """Return topic and text of every last value under a prefix, topics in order, the oldest value first."""
        return [
            (topic, text)
            for topic in sorted(self.kept)
            if topic.startswith(prefix)
            for text in self.kept[topic].values()
        ]


@dataclass(slots=True)
class Follower:
    """A follower's side: hands on snapshot and updates without gap or repetition."""

    nonce: str
    counts: dict[str, int] = field(default_factory=dict)  # by topic, as far as we have come
    is_synced: bool = False
    _marked: bool = False  # the mark was seen
    _snapshot: list[tuple[str, str]] | None = None
    _held: list[tuple[str, str]] = field(default_factory=list)  # came after the mark, before the snapshot

    def hear(self, topic: str, text: str) -> list[tuple[str, str]]:
        """Take what the PUB says; return what is to be handed on."""
        if topic == MARK + self.nonce:
            self._marked = True
            return self._join()
        if topic.startswith((MARK, COUNT)) or not self._marked:
            return []
        if not self.is_synced:
            self._held.append((topic, text))
            return []
        return self._on([(topic, text)])

    def answer(self, values: list[tuple[str, str]], counts: dict[str, int]) -> list[tuple[str, str]]:
        """Take the snapshot; return what is to be handed on."""
        if self._snapshot is None:
            self._snapshot, self.counts = values, dict(counts)
        return self._join()

    def has_missed(self, counts: dict[str, int]) -> bool:
        """Compare what the PUB says it has said with what we heard; True: ask anew, with another nonce."""
        mine = {topic: self.counts.get(topic, 0) for topic in counts}
        return self.is_synced and mine != counts

    def _join(self) -> list[tuple[str, str]]:
        if not self._marked or self._snapshot is None or self.is_synced:
            return []
        self.is_synced = True
        return [*self._snapshot, *self._on(self._held)]

    def _on(self, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        for topic, _ in pairs:
            self.counts[topic] = self.counts.get(topic, 0) + 1
        return pairs

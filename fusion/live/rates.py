"""How much one peer may do in a second; pure, time is passed in."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Bucket:
    """A bucket that fills at a rate and holds a burst."""

    rate: float  # a second
    burst: float
    _level: float = field(init=False)
    _at_s: float = field(init=False, default=float("-inf"))

    def __post_init__(self) -> None:
        self._level = self.burst

    def take(self, now_s: float, amount: float = 1.0) -> bool:
        """Take an amount out, or nothing where there is less; a clock that steps back fills nothing."""
        if now_s > self._at_s:
            if self._at_s > float("-inf"):
                self._level = min(self.burst, self._level + (now_s - self._at_s) * self.rate)
            self._at_s = now_s
        if self._level < amount:
            return False
        self._level -= amount
        return True

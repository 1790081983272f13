"""The reference loads: what is in the store, how long it is watched, and how fast it is to be replayed."""

from dataclasses import dataclass
from typing import Final

SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Load:
    """One reference load; plates, cameras and carts are those of its shop (scenarios/load_shops.py)."""

    name: str
    shop: str
    people: int
    come_s: float  # within which they come to the gates; a gate lets in one every two seconds or so
    seconds: float  # that are recorded
    bar: float  # store seconds a wall second of replay, at least
    picks: float = 8.0  # of a shopper: with so many hardly anybody leaves before the end
    seed: int = SEED

    @property
    def key(self) -> str:
        """Return the name of the folder it is kept in."""
        people = f"{self.people}-in-{self.come_s:g}s-for-{self.picks:g}-picks"
        return f"{self.name}-{self.shop}-{people}-over-{self.seconds:g}s-seed-{self.seed}"


LOADS: Final = {
    load.name: load
    for load in (
        Load("S", "load-s", people=4, come_s=2.0, seconds=60.0, bar=200.0),
        Load("M", "load-m", people=50, come_s=4.0, seconds=60.0, bar=30.0),
        Load("L", "load-l", people=200, come_s=4.0, seconds=30.0, bar=5.0),
        Load("XL", "load-xl", people=500, come_s=4.0, seconds=60.0, bar=1.5),
    )
}
NAMES: Final = tuple(LOADS)


def loads_named(text: str) -> list[Load]:
    """Return the loads of a list, as "S,M", in its order; raises ValueError for a name that is none."""
    wrong = [name for name in text.split(",") if name not in LOADS]
    if wrong:
        raise ValueError(f"--loads: expected some of {', '.join(NAMES)}, received {wrong[0]!r}")
    return [LOADS[name] for name in text.split(",")]

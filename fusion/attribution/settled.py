"""A change whose reading is final."""

from fusion.attribution.explanations import Explanation
from fusion.attribution.record import Evidence
from fusion.frozen import record
from fusion.shelf import ShelfChange


@record()
class Settled:
    """A change whose reading is final, with its posterior at that moment."""

    event: str
    change: ShelfChange
    reading: Explanation
    p: float
    others: tuple[tuple[Explanation, float], ...]  # best first
    evidence: Evidence | None = None  # what there was to see; of changes with plates

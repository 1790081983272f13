"""What the last seconds showed, as attribution remembers it."""

from dataclasses import field

from fusion.attribution.basket import Weighing
from fusion.attribution.bodies import Past, no_past
from fusion.frozen import record
from fusion.tracking.carts import SeenMove


@record()
class Look:
    """What a classifier made of one hand in one frame."""

    t_ns: int
    owner: int  # track_id of whose wrist it was, -1 for nobody's
    beliefs: tuple[tuple[int, float], ...]  # product, p
    rival: int = -1  # track_id of whose it may be instead
    rival_p: float = 0.0

    def owners(self) -> tuple[tuple[int, float], ...]:
        """Return whose hand it may have been, with probabilities."""
        if self.rival_p <= 0.0:
            return ((self.owner, 1.0),)
        return (self.owner, 1.0 - self.rival_p), (self.rival, self.rival_p)


@record(eq=False)
class Witnesses:
    """What the last seconds showed: looks at hands, places of bodies and cart moves, oldest first."""

    looks: tuple[Look, ...] = ()  # at hands, in the order of their frames
    past: Past = field(default_factory=no_past)
    moves: tuple[SeenMove, ...] = ()
    weighings: tuple[Weighing, ...] = ()  # of baskets

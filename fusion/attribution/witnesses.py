"""What the last seconds showed, as attribution remembers it."""

from dataclasses import field

from fusion.attribution.basket import Weighing
from fusion.attribution.bodies import no_bodies
from fusion.attribution.look import no_looks
from fusion.attribution.past import Past
from fusion.frozen import record
from fusion.tracking.carts import SeenMove


@record(eq=False)
class Witnesses:
    """What the last seconds showed: looks at hands, places of bodies and cart moves, oldest first."""

    looks: Past = field(default_factory=no_looks)  # at hands, in the order of their frames
    bodies: Past = field(default_factory=no_bodies)
    moves: tuple[SeenMove, ...] = ()
    weighings: tuple[Weighing, ...] = ()  # of baskets

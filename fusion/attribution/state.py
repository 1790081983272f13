"""What attribution believes, and what it asks of tracking and trips."""

from collections.abc import Callable, Mapping
from dataclasses import field

from fusion.attribution.beam import Group, Hypothesis, gathered, lone
from fusion.attribution.cart_pass import CartPass
from fusion.attribution.carted import Baskets, CartNow
from fusion.attribution.dark import Reach
from fusion.attribution.explanations import WhoAt
from fusion.attribution.handover import Touch
from fusion.attribution.hurry import Doers
from fusion.attribution.masses import Biases
from fusion.attribution.possession import Laid, Run
from fusion.attribution.record import Evidence
from fusion.attribution.stooping import Stoop
from fusion.attribution.strays import Stray
from fusion.attribution.tags import Exit, TagRead
from fusion.attribution.unwatched import Unwatched
from fusion.attribution.weights import Weighed
from fusion.attribution.witnesses import Witnesses
from fusion.config import CartConfig
from fusion.frozen import record, replace
from fusion.shelf import ShelfChange
from fusion.store import Store
from fusion.tracking.carts import SeenMove

Stock = Mapping[int, Mapping[int, float]]  # plate -> product -> pieces believed there off the planogram


@record()
class Stranger:
    """Somebody unknown took something."""

    t_ns: int
    p: float
    inside: int  # trips
    missed: frozenset[str]  # those of which nobody was in sight then


@record(eq=False)
class Attribution:
    """State of the stage."""

    seen: Witnesses = field(default_factory=Witnesses)
    waiting: tuple[ShelfChange, ...] = ()  # until the hands have been watched long enough
    touches: tuple[Touch, ...] = ()
    moves: tuple[SeenMove, ...] = ()  # until baskets have been weighed after them
    passes: tuple[CartPass, ...] = ()
    unwatched: tuple[Unwatched, ...] = ()
    reaches: tuple[Reach, ...] = ()  # for goods on plates that say nothing
    stoops: tuple[Stoop, ...] = ()
    stooped: Mapping[str, tuple[Stoop, ...]] = field(default_factory=dict)  # by trip, those that no plate answered
    groups: tuple[Group, ...] = ()
    open: Mapping[str, ShelfChange] = field(default_factory=dict)  # event id -> change
    doers: Mapping[str, Doers] = field(default_factory=dict)  # event id -> who would have made it, of changes
    mixed: Mapping[str, float] = field(default_factory=dict)  # event id -> grams it may have got of another's
    weighed: Weighed = field(default_factory=dict)  # of settled changes, for trips that are still open
    missed: Mapping[str, frozenset[str]] = field(default_factory=dict)  # event id -> trips that nobody saw then, if any
    evidence: Mapping[str, Evidence] = field(default_factory=dict)  # event id -> what there was to see of it
    dark: Mapping[int, int] = field(default_factory=dict)  # plate -> when it last said nothing, ns
    dark_asked_ns: int = 0
    biases: Biases = field(default_factory=dict)  # of what pieces weigh, as this store has taught
    misplaced: Stock = field(default_factory=dict)
    # Facing row -> other products than planned that have gone from there, with how likely they have.
    off_plan: Mapping[int, Mapping[int, float]] = field(default_factory=dict)
    strays: tuple[Stray, ...] = ()  # pieces of those, as they were set down
    moment_ns: int = 0  # until when what hands held has been put together
    runs: Mapping[tuple[str, int], Run] = field(default_factory=dict)  # of products in hands, by trip and product
    laid: Mapping[int, Laid] = field(default_factory=dict)  # product -> what people who are gone have left in the store
    baskets: Baskets = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)  # limit of config -> times it was reached
    reads: tuple[TagRead, ...] = ()  # of the last seconds
    exits: tuple[Exit, ...] = ()
    strangers: tuple[Stranger, ...] = ()  # whose changes are settled, while people are inside
    heard: tuple[float, float] = (0.0, 0.0)  # tags that were heard, of how many that clear trips carried out


@record()
class People:
    """What tracking and trips say about who is who at this moment."""

    named: Callable[[], Mapping[int, str]]  # gives trip_of; most slices need not know
    who: WhoAt  # whose a track may have been at any moment
    alias: Mapping[int, int]
    staff: frozenset[str]  # trips
    cart: CartConfig
    carts: Mapping[str, CartNow] = field(default_factory=dict)

    @property
    def trip_of(self) -> Mapping[int, str]:
        """The likeliest trip of each track now."""
        return self.named()


def open_trip(state: Attribution, trip: str, *, is_staff: bool) -> Attribution:
    """Begin to keep a reading of what a trip carries; staff carry whatever they like."""
    group = gathered(frozenset((trip,)), (Hypothesis(0.0, {}, {}),)) if is_staff else lone(trip)
    return replace(state, groups=(*state.groups, group))


def is_dark(state: Attribution, product: int, since_ns: int, store: Store) -> bool:
    """Tell whether a plate on which a product should stand has said nothing at some time since."""
    own = (plates for row, plates in enumerate(store.facings.plates) if store.facings.product[row] == product)
    return any(state.dark.get(plate, since_ns - 1) >= since_ns for plates in own for plate in plates)


def limited(state: Attribution, limit: str, times: int) -> Attribution:
    """Count that a limit of config was reached."""
    return replace(state, limits={**state.limits, limit: state.limits.get(limit, 0) + times}) if times else state


def group_of(state: Attribution, trip: str) -> Group:
    return next(g for g in state.groups if trip in g.trips)

"""Scripts: what people intend, as data.

    Shopper("ann", at_s=2.0, does=(Pick("cola", 2), Look(3.0), PutBack("cola"), Leave()))

Goods are named as the catalogue does, or by a part that casting.py gives to a product of the store at hand. Where a
shopper walks, which hand she takes and how long it lasts is the business of the motion model. script_text.py
reads and writes the same as text; script_check.py says what cannot be done.
"""

from dataclasses import dataclass
from math import inf
from typing import Final, Literal, TypeAlias

from sensors.faults import FaultPlan

Pace: TypeAlias = Literal["slow", "normal", "fast"]
Place: TypeAlias = str  # a place that the store names; "floor" is where one stands
FLOOR: Final = "floor"


@dataclass(frozen=True, slots=True)
class Walk:
    """Go and stand in front of a product."""

    product: str


@dataclass(frozen=True, slots=True)
class Go:
    """Go to a place that the store names, a nook that no camera sees for example."""

    place: Place


@dataclass(frozen=True, slots=True)
class Follow:
    """Keep beside another person until she sets out to leave, or for some seconds."""

    person: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Together:
    """Wait until everybody who has this mark in the script has come to it."""

    mark: str


@dataclass(frozen=True, slots=True)
class Look:
    """Stand and look about; goods in the hands go into the bag."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hold:
    """Stand with what was picked last still in the hand."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Touch:
    """Press or feel a product without taking it."""

    product: str


@dataclass(frozen=True, slots=True)
class Bump:
    """Run into the shelves where a product stands, so that the whole gondola swings."""

    product: str


@dataclass(frozen=True, slots=True)
class Pick:
    """Take packages in one grab; `also` are others, close by, taken in the same grab."""

    product: str
    qty: int = 1
    pace: Pace = "normal"
    hold_s: float = 0.0  # with the hand on them and their weight still on the shelf, before they are taken
    also: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Lift:
    """Raise packages, hold them over their place, and set down all but those taken."""

    product: str
    qty: int
    seconds: float
    taken: int = 0


@dataclass(frozen=True, slots=True)
class PutBack:
    """Put packages back: in their place, or in front of another product."""

    product: str
    qty: int = 1
    beside: str | None = None
    pace: Pace = "normal"


@dataclass(frozen=True, slots=True)
class Swap:
    """Put one carried package in the place of another product and take that one in the same reach, with both hands."""

    product: str
    into: str


@dataclass(frozen=True, slots=True)
class Give:
    """Hand a package over; the other's script says Receive."""

    product: str
    to: str


@dataclass(frozen=True, slots=True)
class Receive:
    """Take what another hands over."""

    product: str
    giver: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """Give one package and get another at the same moment; both scripts say so."""

    product: str
    other: str  # person
    theirs: str


@dataclass(frozen=True, slots=True)
class LayDown:
    """Leave a package on the floor, or at a place of the store without plates."""

    product: str
    place: Place = FLOOR


@dataclass(frozen=True, slots=True)
class PickUp:
    """Take a package from where somebody laid it down."""

    product: str


@dataclass(frozen=True, slots=True)
class Eat:
    """Eat what was picked, in the store; it is paid for all the same."""

    product: str


@dataclass(frozen=True, slots=True)
class TakeCart:
    """Fetch a cart from its bay, or from where somebody left it."""

    cart: str


@dataclass(frozen=True, slots=True)
class LeaveCart:
    """Let go of the cart and leave it with what is in it."""


@dataclass(frozen=True, slots=True)
class IntoCart:
    """Lay all carried packages of a product into one's own cart, or another's; hidden: past its camera."""

    product: str
    cart: str | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class OutOfCart:
    """Take one package out of one's own cart, or another's, into the hand."""

    product: str
    cart: str | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class ChangeJacket:
    """Take off or put on a jacket: appearance is another from now on."""


@dataclass(frozen=True, slots=True)
class Restock:
    """Staff: put new packages on the shelf."""

    product: str
    qty: int


@dataclass(frozen=True, slots=True)
class Face:
    """Staff: pull packages of a product to the front, each lifted a little and set down."""

    product: str
    qty: int


@dataclass(frozen=True, slots=True)
class Weigh:
    """Staff: tell a plate's controller of a test weight, lay it on the plate and take it off again."""

    plate: str
    grams: float


@dataclass(frozen=True, slots=True)
class Leave:
    """Go out with everything carried, pushing the cart if there is one."""


@dataclass(frozen=True, slots=True)
class Stay:
    """Be still in the store when the scenario ends."""


Intention: TypeAlias = (
    Walk | Go | Follow | Together | Look | Hold | Touch | Bump | Pick | Lift | PutBack | Swap | Give | Receive
    | Exchange | LayDown | PickUp | Eat | TakeCart | LeaveCart | IntoCart | OutOfCart | ChangeJacket | Restock | Face
    | Weigh | Leave | Stay
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shopper:
    """One person: when she comes and what she does."""

    name: str
    at_s: float
    does: tuple[Intention, ...]
    role: str = "shopper"  # or "staff"
    party_of: str | None = None  # comes in with this person, on her account
    account_of: str | None = None  # this is a later trip on the account of that person
    is_child: bool = False
    tailgates: bool = False  # slips in without an account
    looks_like: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A name in a script that stands for a product of whatever store it is played in."""

    name: str
    how: str  # "any", "beside", "weighs like", "category", "by weight", "each", "tagged", "low", "not snap", "snap"
    of: str = ""  # the other part for "beside" and "weighs like", the category for "category"


@dataclass(frozen=True, slots=True)
class Stale:
    """What really stands at the place of one product is another: the planogram is out of date."""

    product: str
    instead: str


@dataclass(frozen=True, slots=True)
class Crowd:
    """People drawn at random who shop besides."""

    people: int
    over_s: float  # they come within so many seconds
    hard: float = 0.0  # share of their intentions that is hard: put-backs, touches, holds


@dataclass(frozen=True, slots=True)
class Script:
    """A named scenario."""

    name: str
    about: str  # one line
    shoppers: tuple[Shopper, ...]
    store: str = "nano"  # where it is played unless somebody asks for another
    handover: str = "holder"
    parts: tuple[Part, ...] = ()
    stale: tuple[Stale, ...] = ()
    crowd: Crowd | None = None
    faults: FaultPlan = ()  # plates may be named by product: "of:cola"
    next_lane_tags: int = 0  # tagged goods of strangers that go past the portal in the next lane
    lasts_s: float = inf  # what happens later is never played: whoever is still inside stays


def people_of(script: Script) -> dict[str, Shopper]:
    """Return the shoppers by name."""
    return {shopper.name: shopper for shopper in script.shoppers}

"""Terms of sale: what the optional files of a store folder say of prices, promotions, deposits and payers.

A store without these files has the default terms: the prices of products.csv, and the whole amount on the account.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

EVER_NS = 1 << 62  # an open end of a span: further off than any time of the contract
MULTIBUY, PERCENT, AMOUNT = "multibuy", "percent", "amount"  # kinds of promotion
BY_STORE, BY_MANUFACTURER = "store", "manufacturer"  # who bears a promotion
COUPON, SNAP, GIFT, CARD, OFFICE = "coupon", "snap", "gift", "card", "office"  # kinds of tender
TENDER_ORDER = (COUPON, SNAP, GIFT, CARD, OFFICE)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in which something is in force."""

    from_ns: int
    to_ns: int  # exclusive

    def __post_init__(self) -> None:
        assert self.from_ns < self.to_ns

    def meets(self, first_ns: int, last_ns: int) -> bool:
        """Tell whether any instant from first_ns to last_ns, both included, lies in the span."""
        return self.from_ns <= last_ns and first_ns < self.to_ns


ALWAYS = Span(-EVER_NS, EVER_NS)


@dataclass(frozen=True, slots=True)
class PriceTag:
    """The price of one product for a time; per piece, or per kilogram where it is sold by weight."""

    price_cents: int
    span: Span


@dataclass(frozen=True, slots=True)
class Promotion:
    """A reduction on some products, for everybody or for who holds the coupon."""

    promotion: str
    kind: str  # "multibuy", "percent" or "amount"
    skus: tuple[str, ...]
    qty: int  # pieces that make one
    value: Fraction  # cents that qty pieces cost together; percent off; cents off qty pieces
    code: str  # of the coupon; "" is for everybody
    issuer: str  # "store" or "manufacturer"
    span: Span


@dataclass(frozen=True, slots=True)
class Deposit:
    """The bottle deposit on one piece of a product."""

    cents: int
    legal_cents: int  # what the state's law requires of it: food stamps pay no more
    tax_class: str  # "" where deposits are not taxed


@dataclass(frozen=True, slots=True)
class Tender:
    """One way an account pays, in its order."""

    kind: str  # "coupon", "snap", "gift", "card" or "office"
    token: str  # what the payment processor knows the card by, or a coupon's code; never a card number
    limit_cents: int | None  # balance or limit; None where there is none


@dataclass(frozen=True, slots=True)
class Scale:
    """How loads are weighed for trade; an interval of 0 is a store that states no scale."""

    interval_g: float = 0.0  # verification scale interval e
    sd_g: float = 0.0  # standard uncertainty of weighing one piece


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything that the optional files say; tables by SKU, by account, or in file order."""

    prices: Mapping[str, tuple[PriceTag, ...]] = field(default_factory=dict)  # by SKU, in order of time, apart
    promotions: tuple[Promotion, ...] = ()
    deposits: Mapping[str, Deposit] = field(default_factory=dict)
    tare_g: Mapping[str, float] = field(default_factory=dict)  # wrapping of one piece
    tenders: Mapping[str, tuple[Tender, ...]] = field(default_factory=dict)  # by account
    verified_age: Mapping[str, int] = field(default_factory=dict)  # by account, years
    scale: Scale = Scale()
    snap_excluded: frozenset[str] = frozenset()  # SKUs that the state's own list takes away
    manufacturer_taxed: bool = True  # whether tax is owed on what a manufacturer's coupon pays

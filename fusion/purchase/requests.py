"""What is asked of whoever takes the money: requests as values.

An id is a hash of the evidence behind a request, never of when or how often it was sent: asking twice is asking once.
Amounts are integer cents of the currency, times event time in ns.
"""

from dataclasses import dataclass
from typing import TypeAlias

from fusion.cards import holds_card
from fusion.checkout.records import derive_id


@dataclass(frozen=True, slots=True)
class Head:
    """Whose request it is."""

    request_id: bytes
    store_id: str
    trip: str
    account: str
    currency: str
    t_ns: int


@dataclass(frozen=True, slots=True)
class Share:
    """What one tender of the account pays, by the token its processor knows it by; "account" pays at the office."""

    kind: str
    token: str
    amount_cents: int

    def __post_init__(self) -> None:
        assert self.amount_cents > 0


@dataclass(frozen=True, slots=True)
class Goods:
    """Pieces of one product, with their mass where it is sold by weight."""

    sku: str
    quantity: int
    grams: float | None


@dataclass(frozen=True, slots=True)
class Bill:
    """What goods cost together, and who pays it: shares add up to the total."""

    goods: tuple[Goods, ...]
    tax_cents: int
    deposit_cents: int
    total_cents: int  # tax and deposits included
    shares: tuple[Share, ...]

    def __post_init__(self) -> None:
        assert self.total_cents == sum(share.amount_cents for share in self.shares) > 0


@dataclass(frozen=True, slots=True)
class CreatePurchase:
    """Charge a trip; `held`: a person still looks at its receipt, so only make sure that it can be charged."""

    head: Head
    bill: Bill
    held: bool


@dataclass(frozen=True, slots=True)
class AdjustPurchase:
    """Charge what was held, as it stands after the verdict: this bill and nothing of the earlier one."""

    head: Head
    bill: Bill
    reason: str  # the verdict
    author: str


@dataclass(frozen=True, slots=True)
class CancelPurchase:
    """Let go what was held: nobody is charged."""

    head: Head
    reason: str
    author: str


@dataclass(frozen=True, slots=True)
class RefundPurchase:
    """Give back what tenders paid for some pieces of a line, each its own share."""

    head: Head
    sku: str
    quantity: int
    total_cents: int
    shares: tuple[Share, ...]
    reason: str
    author: str


Request: TypeAlias = CreatePurchase | AdjustPurchase | CancelPurchase | RefundPurchase
KIND_OF: dict[type[Request], str] = {
    CreatePurchase: "create",
    AdjustPurchase: "adjust",
    CancelPurchase: "cancel",
    RefundPurchase: "refund",
}


def request_id(store_id: str, trip: str, *evidence: str) -> bytes:
    """Return the id of a request: a trip is created once, decided once, and each of its refunds is one."""
    return derive_id("purchase", store_id, trip, *evidence)


def amount_cents(request: Request) -> int:
    """Return what a request charges, holds or gives back."""
    match request:
        case CreatePurchase() | AdjustPurchase():
            return request.bill.total_cents
        case RefundPurchase():
            return request.total_cents
        case CancelPurchase():
            return 0


def names_card(request: Request) -> bool:
    """Tell whether a card number stands where somebody outside has written: accounts, tokens, reasons, authors."""
    shares = request.bill.shares if isinstance(request, (CreatePurchase, AdjustPurchase)) else ()
    shares = request.shares if isinstance(request, RefundPurchase) else shares
    said = () if isinstance(request, CreatePurchase) else (request.reason, request.author)
    return holds_card((request.head.account, [(share.kind, share.token) for share in shares], said))

"""The payers of a simulated store: how old they are known to be, and their tenders."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from fusion.store_terms import CARD, COUPON, GIFT, OFFICE, SNAP, Tender
from scenarios.articles import ADULT

UNVERIFIED: Final = 0.12  # share of accounts whose age nobody has verified
OLDEST: Final = 90  # years
HOLD_COUPON: Final = 0.3  # share of accounts, for each coupon
ON_SNAP: Final = 0.2
WITH_GIFT: Final = 0.2
NO_CARD: Final = 0.1  # pay what is left at the cash office
SNAP_CENTS: Final = (200, 15_000)  # balances; small ones fall through to the next tender
GIFT_CENTS: Final = (100, 5_000)
TOKEN_LETTERS: Final = 12  # no digits: a token never passes as a card number


def draw_ages(accounts: Sequence[str], rng: np.random.Generator) -> dict[str, int]:
    """Return the verified age of each account: an adult's, or 0 where nobody has verified it."""
    years = rng.integers(ADULT, OLDEST, len(accounts))
    verified = rng.random(len(accounts)) >= UNVERIFIED
    return dict(zip(accounts, np.where(verified, years, 0).tolist(), strict=True))


def draw_tenders(
    accounts: Sequence[str], codes: Sequence[str], rng: np.random.Generator
) -> dict[str, tuple[Tender, ...]]:
    """Return the tenders of each account in its order; the last of them has no limit, so that any basket is paid."""
    return {account: _tenders_of_one(codes, rng) for account in accounts}


def _tenders_of_one(codes: Sequence[str], rng: np.random.Generator) -> tuple[Tender, ...]:
    tenders = [Tender(COUPON, code, None) for code in codes if rng.random() < HOLD_COUPON]
    for kind, share, balance_cents in ((SNAP, ON_SNAP, SNAP_CENTS), (GIFT, WITH_GIFT, GIFT_CENTS)):
        if rng.random() < share:
            tenders.append(Tender(kind, _token(kind, rng), int(rng.integers(*balance_cents))))
    last = Tender(OFFICE, "", None) if rng.random() < NO_CARD else Tender(CARD, _token(CARD, rng), None)
    return (*tenders, last)


def _token(kind: str, rng: np.random.Generator) -> str:
    letters = rng.integers(ord("a"), ord("z") + 1, TOKEN_LETTERS)
    return f"{kind}-{''.join(map(chr, letters.tolist()))}"

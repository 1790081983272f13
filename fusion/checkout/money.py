"""Exact arithmetic of money: integer cents and fractions in, integer cents out; no amount is ever a float."""

import math
from collections.abc import Hashable, Mapping
from fractions import Fraction
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def round_half_up(amount: Fraction) -> int:
    """Round an amount of at least zero to a whole number, halves upwards."""
    assert amount >= 0
    return math.floor(amount + Fraction(1, 2))


def exactly(decimal: float) -> Fraction:
    """Return a decimal as it was written, not as its binary form."""
    return Fraction(repr(float(decimal)))


def spread(cents: int, weights: Mapping[Key, int]) -> dict[Key, int]:
    """Split an amount in proportion to weights: shares add up to it, each within a cent of its due.

    The cents that rounding down leaves go to the largest remainders, of equals to the first; where the amount is
    at most the sum of the weights, no share exceeds its weight.
    """
    assert cents >= 0 and all(weight >= 0 for weight in weights.values())
    total = sum(weights.values())
    assert total > 0 or cents == 0
    if not cents:
        return dict.fromkeys(weights, 0)
    shares = {key: cents * weight // total for key, weight in weights.items()}
    # A stable sort: of equal remainders the first key comes first.
    behind = sorted(weights, key=lambda key: -(cents * weights[key] % total))
    for key in behind[: cents - sum(shares.values())]:
        shares[key] += 1
    return shares


def part_of(cents: int, pieces: int, of: int) -> int:
    """Return what the first so many of some pieces make up of an amount, a half cent upwards; all of them make all."""
    assert 0 <= pieces <= of
    return round_half_up(Fraction(cents * pieces, of))


def decimal(cents: int) -> str:
    """Return cents as a decimal number; no float comes near it."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"

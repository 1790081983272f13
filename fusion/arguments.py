"""What commands are told: names, lines of goods, reasons, notes, instants; refused in one line where they are none."""

import argparse
import math
import re
from datetime import UTC, datetime
from typing import NamedTuple

from fusion.cards import NOT_SHOWN, holds_card_number

SECOND_NS = 1_000_000_000
QUANTITY_MAX = 1000  # pieces of one product in one trip
GRAMS_MAX = 100_000.0
NOTE_MAX = 200  # characters
_LINE = re.compile(r"([A-Za-z0-9._-]{1,64})=(\d{1,6})(?::(\d{1,6}(?:\.\d{1,3})?))?", re.ASCII)
_PIECES = re.compile(r"([A-Za-z0-9._-]{1,64})(?:=(\d{1,6}))?", re.ASCII)


class Line(NamedTuple):
    """Pieces of a product, and what they weigh where somebody weighed them."""

    sku: str
    quantity: int
    grams: float | None


def line(text: str) -> Line:
    """Read `SKU=N` or, of a product sold by weight, `SKU=N:GRAMS`."""
    found = _LINE.fullmatch(text)
    if not found or int(found[2]) > QUANTITY_MAX or (found[3] and float(found[3]) > GRAMS_MAX):
        raise argparse.ArgumentTypeError(
            f"expected SKU=N or SKU=N:GRAMS, N from 0 to {QUANTITY_MAX}, received {text[:80]!r}"
        )
    grams = None if found[3] is None else float(found[3])
    return Line(found[1], int(found[2]), grams)


def pieces(text: str) -> Line:
    """Read `SKU`, of which it is one piece, or `SKU=N`."""
    found = _PIECES.fullmatch(text)
    quantity = int(found[2] or 1) if found else 0
    if not found or not 0 < quantity <= QUANTITY_MAX:
        raise argparse.ArgumentTypeError(f"expected SKU or SKU=N, N from 1 to {QUANTITY_MAX}, received {text[:80]!r}")
    return Line(found[1], quantity, None)


def name(text: str) -> str:
    """Read a name, a token or an id."""
    from fusion.checkout.rulings import NAME

    if holds_card_number(text):
        raise argparse.ArgumentTypeError(f"expected a name or token, received {NOT_SHOWN}")
    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"expected 1 to 64 of A-Z a-z 0-9 . _ -, received {text[:80]!r}")
    return text


def reason(text: str) -> str:
    """Read the code of a reason to give money back."""
    from fusion.checkout.refunds import REASONS

    if text not in REASONS:
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(REASONS)}, received {text[:80]!r}")
    return text


def note(text: str) -> str:
    """Read a reason in words: one line, and no card number."""
    if holds_card_number(text):
        raise argparse.ArgumentTypeError(f"expected words, received {NOT_SHOWN}")
    if not (text.strip() and text.isprintable() and len(text) <= NOTE_MAX):
        raise argparse.ArgumentTypeError(f"expected 1 to {NOTE_MAX} printable characters, received {text[:80]!r}")
    return text.strip()


def trip(text: str) -> str:
    """Read the id of a trip; ids that we make may look like card numbers."""
    from fusion.checkout.rulings import NAME

    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError("expected the trip of a receipt, received something else")
    return text


def instant(text: str) -> int:
    """Read nanoseconds since the Unix epoch, or a date and time, UTC where it names no zone."""
    from fusion.store_terms import EVER_NS

    t_ns = int(text) if re.fullmatch(r"\d{1,19}", text, re.ASCII) else _of_date(text)
    if t_ns is None or not 0 <= t_ns < EVER_NS:
        raise argparse.ArgumentTypeError(
            f"expected ns since 1970 or a time such as 2026-03-01T12:00:00, received {text[:80]!r}"
        )
    return t_ns


def _of_date(text: str) -> int | None:
    try:
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return math.floor(at.timestamp()) * SECOND_NS + at.microsecond * 1000
    except (ValueError, OverflowError):
        return None


def shown(t_ns: int) -> str:
    """Return an instant as people read it, UTC."""
    return datetime.fromtimestamp(t_ns // SECOND_NS, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

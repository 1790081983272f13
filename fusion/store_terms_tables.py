"""The optional tables of a store folder: each key and each column with its rule."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from fusion import store_rules as rules
from fusion.store_rules import NUMBER, Rule, one_of
from fusion.store_tables import IDENTIFIER, NOT_NEGATIVE, POSITIVE
from fusion.store_terms import AMOUNT, BY_MANUFACTURER, BY_STORE, EVER_NS, MULTIBUY, PERCENT, TENDER_ORDER

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CENTS = Rule("an integer of 0 or more, in cents", rules.count)


def moment(zone: ZoneInfo, empty_ns: int) -> Callable[[Any], int]:
    """Return a reader of ISO times: local to the zone where they say no offset, empty_ns where nothing is said."""

    def read(value: Any) -> int:
        if not value.strip():
            return empty_ns
        at = datetime.fromisoformat(value.strip())
        if at.tzinfo is None:
            at = _local(at, zone)
        at_ns = (at - EPOCH) // timedelta(microseconds=1) * 1000
        return max(-EVER_NS, min(EVER_NS, at_ns))

    return read


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    """Attach the zone; ValueError for an hour that clocks skip or pass twice, which would be two instants or none."""
    early, late = at.replace(tzinfo=zone, fold=0), at.replace(tzinfo=zone, fold=1)
    if early.utcoffset() != late.utcoffset():
        raise ValueError
    return early


def identifier_or_nothing(value: Any) -> str:
    return rules.identifier(value) if value else ""


def limit(value: Any) -> int | None:
    return rules.count(value) if value.strip() else None


def fraction(value: Any) -> Fraction:
    """Read a decimal exactly as written."""
    if not NUMBER.fullmatch(value.strip()) or not 0 < Fraction(value.strip()) <= 10**9:
        raise ValueError
    return Fraction(value.strip())


def whole(value: Any) -> int:
    if rules.count(value) == 0:
        raise ValueError
    return rules.count(value)


def names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) and name.strip() for name in value):
        raise ValueError
    return tuple(value)


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


NAMES = Rule("a list of names", names)
# Keys of store.toml that may be missing, with what they then are.
SWITCHES: dict[str, tuple[dict[str, Rule], dict[str, Any]]] = {
    "sale": (
        {
            "manufacturer_coupons_taxed": Rule("true or false", flag),
            "tax_classes": one_of("any", "named"),
        },
        {"manufacturer_coupons_taxed": True, "tax_classes": "any"},
    ),
    "scale": ({"interval_g": NOT_NEGATIVE, "sd_g": NOT_NEGATIVE}, {"interval_g": 0, "sd_g": 0}),
    "snap": ({"exclude_categories": NAMES, "exclude_skus": NAMES}, {"exclude_categories": [], "exclude_skus": []}),
}

IDENTIFIER_OR_NOTHING = Rule(f"{IDENTIFIER.expected}, or nothing", identifier_or_nothing)
DEPOSITS: dict[str, Rule] = {
    "sku": IDENTIFIER,
    "deposit": CENTS,
    "legal": CENTS,
    "tax_class": Rule("a tax class, or nothing", str.strip),
}
TARES: dict[str, Rule] = {"sku": IDENTIFIER, "tare_g": POSITIVE}
TENDERS: dict[str, Rule] = {
    "account": IDENTIFIER,
    "kind": one_of(*TENDER_ORDER),
    "token": IDENTIFIER_OR_NOTHING,
    "limit": Rule("an integer of 0 or more, in cents, or nothing", limit),
}
ACCOUNTS: dict[str, Rule] = {
    "account": IDENTIFIER,
    "verified_age": Rule("an integer of 0 or more, or nothing", rules.age),
}


def prices(zone: ZoneInfo) -> dict[str, Rule]:
    """Return the columns of prices.csv in a time zone."""
    return {"sku": IDENTIFIER, "price": CENTS, **_validity(zone)}


def promotions(zone: ZoneInfo) -> dict[str, Rule]:
    """Return the columns of promotions.csv in a time zone."""
    return {
        "promotion": IDENTIFIER,
        "kind": one_of(MULTIBUY, PERCENT, AMOUNT),
        "skus": Rule("different SKUs separated by spaces", rules.identifiers),
        "qty": Rule("an integer of 1 or more", whole),
        "value": Rule("a number above 0", fraction),
        "code": IDENTIFIER_OR_NOTHING,
        "issuer": one_of(BY_STORE, BY_MANUFACTURER),
        **_validity(zone),
    }


def _validity(zone: ZoneInfo) -> dict[str, Rule]:
    expected = f"an ISO time, one that clocks of {zone.key} show once, or nothing"
    return {
        "valid_from": Rule(expected, moment(zone, -EVER_NS)),
        "valid_to": Rule(expected, moment(zone, EVER_NS)),
    }

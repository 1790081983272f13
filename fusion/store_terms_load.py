"""The optional files of a store folder, read into its terms of sale; problems are added to a list, never raised."""

from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fusion import store_terms_tables as tables
from fusion.store import Problem
from fusion.store_cards import refuse_cards
from fusion.store_read import Row, read_csv
from fusion.store_rules import Rule
from fusion.store_terms import Deposit, PriceTag, Promotion, Scale, Span, Tender, Terms
from fusion.store_terms_check import (
    check_deposits,
    check_known,
    check_named_classes,
    check_prices,
    check_promotions,
    check_tenders,
)

Files = dict[str, list[Row]]  # rows by file name; none where the file is missing


def read_files(folder: Path, text: Row, problems: list[Problem]) -> Files:
    """Return the rows of each optional file, each read by itself."""
    zone = _zone(folder, text, problems)
    many = ("prices.csv", "tenders.csv")
    columns: dict[str, dict[str, Rule]] = {
        "prices.csv": tables.prices(zone),
        "promotions.csv": tables.promotions(zone),
        "deposits.csv": tables.DEPOSITS,
        "tares.csv": tables.TARES,
        "tenders.csv": tables.TENDERS,
        "accounts.csv": tables.ACCOUNTS,
    }
    return {
        name: read_csv(folder / name, rules, problems, many=name in many)
        if _is_to_read(folder / name, problems)
        else []
        for name, rules in columns.items()
    }


def _is_to_read(path: Path, problems: list[Problem]) -> bool:
    """Tell whether a file is there, and holds no card number that reading it might repeat."""
    of_accounts = path.name in ("tenders.csv", "accounts.csv")
    return path.exists() and not (of_accounts and refuse_cards(path, problems))


def _zone(folder: Path, text: Row, problems: list[Problem]) -> ZoneInfo:
    """Return the store's time zone; one that nobody knows matters only where a file has times in it."""
    try:
        return ZoneInfo(text.get("timezone", "UTC"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        if any((folder / name).exists() for name in ("prices.csv", "promotions.csv")):
            expected, received = "a time zone of the IANA database", repr(text["timezone"])
            problems.append(Problem(str(folder / "store.toml"), "key timezone", expected, received))
        return ZoneInfo("UTC")


def check_terms(folder: Path, text: Row, products: list[Row], files: Files, problems: list[Problem]) -> None:
    """Check what must agree, once every row is right by itself."""
    for name in ("prices.csv", "deposits.csv", "tares.csv"):
        check_known(folder / name, files[name], products, problems)
    check_prices(folder / "prices.csv", files["prices.csv"], problems)
    check_promotions(folder / "promotions.csv", files["promotions.csv"], products, problems)
    check_deposits(folder / "deposits.csv", files["deposits.csv"], text, problems)
    check_tenders(folder / "tenders.csv", files["tenders.csv"], files["promotions.csv"], problems)
    check_named_classes(folder, text, products, problems)


def terms_of(text: Row, products: list[Row], files: Files) -> Terms:
    """Return the terms of files that are right."""
    excluded = set(text["snap"]["exclude_skus"])
    categories = set(text["snap"]["exclude_categories"])
    return Terms(
        prices=_prices(files["prices.csv"]),
        promotions=tuple(_promotion(row) for row in files["promotions.csv"]),
        deposits={row["sku"]: _deposit(row) for row in files["deposits.csv"]},
        tare_g={row["sku"]: row["tare_g"] for row in files["tares.csv"]},
        tenders=_tenders(files["tenders.csv"]),
        verified_age={row["account"]: row["verified_age"] for row in files["accounts.csv"]},
        scale=Scale(text["scale"]["interval_g"], text["scale"]["sd_g"]),
        snap_excluded=frozenset(p["sku"] for p in products if p["sku"] in excluded or p["category"] in categories),
        manufacturer_taxed=text["sale"]["manufacturer_coupons_taxed"],
    )


def _prices(rows: list[Row]) -> dict[str, tuple[PriceTag, ...]]:
    tags: dict[str, tuple[PriceTag, ...]] = {}
    for row in sorted(rows, key=lambda row: (row["sku"], row["valid_from"])):
        span = Span(row["valid_from"], row["valid_to"])
        tags[row["sku"]] = (*tags.get(row["sku"], ()), PriceTag(row["price"], span))
    assert all(a.span.to_ns <= b.span.from_ns for of_sku in tags.values() for a, b in pairwise(of_sku))
    return tags


def _promotion(row: Row) -> Promotion:
    span = Span(row["valid_from"], row["valid_to"])
    return Promotion(
        row["promotion"], row["kind"], row["skus"], row["qty"], row["value"], row["code"], row["issuer"], span
    )


def _deposit(row: Row) -> Deposit:
    return Deposit(row["deposit"], row["legal"], row["tax_class"])


def _tenders(rows: list[Row]) -> dict[str, tuple[Tender, ...]]:
    tenders: dict[str, tuple[Tender, ...]] = {}
    for row in rows:
        tender = Tender(row["kind"], row["token"], row["limit"])
        tenders[row["account"]] = (*tenders.get(row["account"], ()), tender)
    return tenders

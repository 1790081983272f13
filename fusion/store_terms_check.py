"""What must agree between the rows of the optional files, and with the other files of a store folder."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from fusion.store import Problem
from fusion.store_read import Row
from fusion.store_terms import (
    BY_MANUFACTURER,
    COUPON,
    GIFT,
    MULTIBUY,
    OFFICE,
    PERCENT,
    SNAP,
    TENDER_ORDER,
)

# What a later row of an account may be: coupons lower what is due, food stamps come before what can pay anything,
# and whatever is left is paid at the cash office.
RANK = {COUPON: 0, SNAP: 1, OFFICE: 3}
OTHERS = 2


def check_known(path: Path, rows: list[Row], products: list[Row], problems: list[Problem]) -> None:
    """Check that every SKU is one of products.csv."""
    known = {row["sku"] for row in products}
    for row in rows:
        if row["sku"] not in known:
            problems.append(_problem(path, row, "sku", "a SKU of products.csv", repr(row["sku"])))


def check_prices(path: Path, rows: list[Row], problems: list[Problem]) -> None:
    """Check that every price ends after it begins, and that no two of one product are in force at once."""
    check_spans(path, rows, problems)
    ordered = sorted(rows, key=lambda row: (row["sku"], row["valid_from"], row["valid_to"]))
    for early, late in pairwise(ordered):
        if early["sku"] == late["sku"] and late["valid_from"] < early["valid_to"]:
            expected = f"a time at which the price of {early['place']} is over"
            problems.append(_problem(path, late, "valid_from", expected, "an earlier one"))


def check_spans(path: Path, rows: list[Row], problems: list[Problem]) -> None:
    """Check that every span ends after it begins."""
    for row in rows:
        if row["valid_to"] <= row["valid_from"]:
            problems.append(_problem(path, row, "valid_to", "a time after valid_from", "an earlier or the same one"))


def check_promotions(path: Path, rows: list[Row], products: list[Row], problems: list[Problem]) -> None:
    """Check what a promotion's columns allow each other."""
    check_spans(path, rows, problems)
    by_weight = {row["sku"]: row["unit"] == "kg" for row in products}
    codes: dict[str, str] = {}
    for row in rows:
        problems.extend(_problem(path, row, *fault) for fault in _promotion_faults(row, by_weight))
        if row["code"] in codes:
            received = f"{row['code']!r}, as in {codes[row['code']]}"
            problems.append(_problem(path, row, "code", "a code used once", received))
        if row["code"]:
            codes.setdefault(row["code"], row["place"])


def _promotion_faults(row: Row, by_weight: dict[str, bool]) -> Iterator[tuple[str, str, str]]:
    """Yield column, expected and received of each fault of one row."""
    value = f"{float(row['value']):g}"
    for sku in row["skus"]:
        if sku not in by_weight:
            yield "skus", "SKUs of products.csv", repr(sku)
        elif by_weight[sku] and row["kind"] != PERCENT:
            yield "skus", "products sold by the piece", f"{sku!r}, sold by weight"
    if row["kind"] == PERCENT and row["value"] > 100:
        yield "value", "at most 100 percent", value
    if row["kind"] != PERCENT and row["value"].denominator != 1:
        yield "value", "whole cents", value
    if row["kind"] == MULTIBUY and row["code"]:
        yield "kind", "'percent' or 'amount' for a coupon", repr(row["kind"])
    if row["issuer"] == BY_MANUFACTURER and not row["code"]:
        yield "code", "the code of the manufacturer's coupon", "nothing"


def check_deposits(path: Path, rows: list[Row], text: Row, problems: list[Problem]) -> None:
    """Check that no law asks for more than is charged, and that deposits are taxed in a known class."""
    for row in rows:
        if row["legal"] > row["deposit"]:
            problems.append(_problem(path, row, "legal", f"at most the deposit of {row['deposit']}", str(row["legal"])))
        if row["tax_class"] and row["tax_class"] not in text["tax"]:
            expected = "a tax class that [tax] in store.toml names"
            problems.append(_problem(path, row, "tax_class", expected, repr(row["tax_class"])))


def check_tenders(path: Path, rows: list[Row], promotions: list[Row], problems: list[Problem]) -> None:
    """Check tokens, limits, coupons and the order of each account's tenders."""
    codes = {row["code"] for row in promotions if row["code"]}
    before: dict[str, Row] = {}
    seen: set[tuple[str, str, str]] = set()
    for row in rows:
        problems.extend(_problem(path, row, *fault) for fault in _tender_faults(row, codes))
        last = before.get(row["account"], row)
        if RANK.get(row["kind"], OTHERS) < RANK.get(last["kind"], OTHERS):
            expected = f"the order {', '.join(TENDER_ORDER)} within an account"
            problems.append(_problem(path, row, "kind", expected, f"{row['kind']} after {last['kind']}"))
        key = (row["account"], row["kind"], row["token"])
        if key in seen:
            problems.append(_problem(path, row, "token", "a tender named once in an account", "it again"))
        seen.add(key)
        before[row["account"]] = row


def _tender_faults(row: Row, codes: set[str]) -> Iterator[tuple[str, str, str]]:
    """Yield column, expected and received of each fault of one row."""
    kind = row["kind"]
    if kind == COUPON and row["token"] not in codes:
        yield "token", "a code of promotions.csv", repr(row["token"])
    if not row["token"] and kind != OFFICE:
        yield "token", f"the token of a {kind}", "nothing"
    if kind in (SNAP, GIFT) and row["limit"] is None:
        yield "limit", f"the balance of a {kind} card, in cents", "nothing"
    if kind in (COUPON, OFFICE) and row["limit"] is not None:
        yield "limit", f"nothing for {kind}", str(row["limit"])


def check_named_classes(folder: Path, text: Row, products: list[Row], problems: list[Problem]) -> None:
    """Check that [tax] names every product's class, where [sale] says that it does."""
    if text["sale"]["tax_classes"] == "named":
        for row in products:
            if row["tax_class"] not in text["tax"]:
                expected = "a tax class that [tax] in store.toml names"
                problem = _problem(folder / "products.csv", row, "tax_class", expected, repr(row["tax_class"]))
                problems.append(problem)


def _problem(path: Path, row: Row, column: str, expected: str, received: str) -> Problem:
    return Problem(str(path), f"{row['place']}, column {column}", expected, received)

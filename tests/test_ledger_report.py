"""Reports on ledgers: every number is what a plain recount of the records says."""

import json
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import corner_store
import pytest
import recount
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_closed import Place, checked
from ledger_drawn import drawn_entries, drawn_transfers
from ledger_records import opened

from fusion.checkout import goods
from fusion.checkout.records import Entry, Leg, Transfer, derive_id
from fusion.cli import main
from fusion.ledger.reading import reading
from fusion.ledger.report.books import read_books
from fusion.ledger.report.goods import lost, reviews
from fusion.ledger.report.sections import sections
from fusion.store import Store, load_store

REPORTS = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
TOML = corner_store.TOML.replace("corner-1", "nano")
PLANOGRAM = corner_store.PLANOGRAM + "F3,0123,P2,2\n"
PRICES = {"0123": 199, "4011": 18, "099": 599}  # 118 g at 1.49 a kilogram: 17.582
SKUS = st.sampled_from(["0123", "4011", "099", "unknown"])
FEW = st.sampled_from(["cola", "soap"])
words = st.builds(
    "{} {} {} {} {} kim".format,
    st.sampled_from(["refund", "dispute"]),
    st.integers(1, 2),
    st.integers(1, 3),
    st.sampled_from(["cola", "soap"]),
    st.sampled_from(["returned", "damaged"]),
)
ENTRIES = drawn_entries(st.sampled_from(["sale", "tender", "refund", "dispute"]) | words)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return corner_store.write(tmp_path_factory.mktemp("corner") / "store", store=TOML, planogram=PLANOGRAM)


@pytest.fixture(scope="module")
def store(folder: Path) -> Store:
    return load_store(folder)


def report(
    moved: tuple[Transfer, ...], paid: tuple[Entry, ...], store: Store | None
) -> tuple[dict[str, list[dict[str, Any]]], Any]:
    """Return a report's sections, as rows, and the books they are of."""
    with TemporaryDirectory() as folder:
        place = Path(folder) / "ledger.db"
        with opened(place) as book:
            book.commit(moved, paid)
        with reading(place) as database:
            books = read_books(database)
    return {one.key: one.rows.to_dicts() for one in sections(books, store)}, books


def move(t_ns: int, evidence: str, sku: str, quantity: int, source: str, target: str) -> Transfer:
    return goods.move(
        "nano", evidence=evidence, t_ns=t_ns, sku=sku, quantity=quantity, grams=None, source=source, target=target
    )


@REPORTS
@given(paid=ENTRIES, zone=st.booleans())
def test_money_is_what_a_recount_says(paid: tuple[Entry, ...], zone: bool, store: Store) -> None:
    found, _ = report((), paid, store if zone else None)
    where = store.timezone if zone else "UTC"
    sold = {(str(row["day"]), row["tax_class"]): amounts(row) for row in found["sales"]}
    assert sold == recount.earned(paid, ("sales",), where)
    taxed = {(row["kind"], row["tax_class"]): amounts(row) for row in found["tax"]}
    assert taxed == recount.earned(paid, ("tax", "deposits"), where)
    assert {row["tender"]: amounts(row) for row in found["tenders"]} == recount.tenders(paid)
    given_back = {(row["state"], row["reason"], row["sku"]): row for row in found["refunds"]}
    assert {
        key: [row["refunds"], row["pieces"], row["amount_cents"]] for key, row in given_back.items()
    } == recount.refunds(paid)


@REPORTS
@given(paid=ENTRIES)
def test_what_was_earned_is_what_was_paid_or_is_owed(paid: tuple[Entry, ...]) -> None:
    found, _ = report((), paid, None)
    earned = sum(row["net_cents"] for key in ("sales", "tax") for row in found[key])
    assert earned == sum(row["net_cents"] for row in found["tenders"])
    assert sum(row["charged_cents"] - row["given_back_cents"] for k in ("sales", "tax") for row in found[k]) == earned


@REPORTS
@given(moved=drawn_transfers(FEW), paid=ENTRIES)
def test_reviews_and_losses_are_what_a_recount_says(moved: tuple[Transfer, ...], paid: tuple[Entry, ...]) -> None:
    found, books = report(moved, paid, None)
    expected = recount.reviews(moved, paid)
    for row in reviews(books).to_dicts():
        assert {key: value for key, value in row.items() if key != "trip"} == {
            key: expected[row["trip"]][key] for key in row if key != "trip"
        }
    assert Counter(row["verdict"] for row in expected.values()) == {
        r["verdict"]: r["reviews"] for r in found["reviews"]
    }
    assert {row["trip"] for row in found["open_reviews"]} == {
        trip for trip, row in expected.items() if row["verdict"] == "open"
    }
    assert {(r["sku"], r["plate"]): [r["unclaimed"], r["floor"], r["back"], r["pieces"]] for r in found["lost"]} == (
        recount.lost(moved)
    )


def test_goods_that_are_gone_count_for_the_plate_they_were_last_taken_from() -> None:
    """Of the same trip and product, and before: plates of others, and of later picks, have nothing to do with it."""
    moved = (
        move(1, "1", "cola", 1, "plate:P1", "cart:a"),
        move(2, "2", "cola", 1, "plate:P2", "cart:a"),
        move(3, "3", "soap", 1, "plate:P3", "cart:a"),
        move(4, "4", "cola", 1, "plate:P4", "cart:b"),
        move(5, "5", "cola", 1, "cart:a", "unclaimed"),
        move(6, "6", "cola", 1, "plate:P5", "cart:a"),
        move(7, "7", "cola", 1, "cart:b", "sold:b"),
        move(8, "8", "cola", 1, "sold:b", "floor"),
        move(9, "9", "cola", 1, "floor", "plate:P1"),
    )
    found, _ = report(moved, (), None)
    pieces = {(row["sku"], row["plate"]): row["pieces"] for row in found["lost"]}
    assert pieces == {("cola", "P2"): 1, ("cola", "P4"): 1, ("cola", "P1"): -1}
    assert pieces == {key: row[3] for key, row in recount.lost(moved).items()}


@REPORTS
@given(st.lists(st.tuples(st.integers(1, 6), FEW, st.sampled_from("ab"), st.integers(0, 4)), max_size=20))
def test_so_they_do_whatever_was_taken_and_lost(steps: list[tuple[int, str, str, int]]) -> None:
    moved = [
        move(0, f"start {sku} {trip}", sku, 20, goods.SUPPLY, goods.cart(trip))
        for sku in ("cola", "soap")
        for trip in "ab"
    ]
    for number, (t_ns, sku, trip, where) in enumerate(steps):
        cart = goods.cart(trip)
        ends = (cart, goods.UNCLAIMED) if where == 0 else (goods.plate(f"P{where}"), cart)
        moved.append(move(t_ns, str(number), sku, 1, *ends))
    found, _ = report(tuple(moved), (), None)
    pieces = {(row["sku"], row["plate"]): row["pieces"] for row in found["lost"]}
    assert pieces == {key: row[3] for key, row in recount.lost(tuple(moved)).items()}


@REPORTS
@given(moved=drawn_transfers(SKUS))
def test_losses_and_stock_of_a_store_are_what_a_recount_says(moved: tuple[Transfer, ...], store: Store) -> None:
    found, books = report(moved, (), store)
    held = goods.balances(moved)
    in_gondola: Counter[tuple[str, str]] = Counter()
    for row in lost(books).to_dicts():
        in_gondola[row["sku"], "G1" if row["plate"] in ("P1", "P2") else "-"] += row["pieces"]
    assert {(row["sku"], row["gondola"]): row["pieces"] for row in found["lost"]} == in_gondola
    for row in found["lost"]:
        price = PRICES.get(row["sku"])
        assert row["value_cents"] == (None if price is None else price * row["pieces"])
    gone = {sku: sum(row["pieces"] for row in found["lost"] if row["sku"] == sku) for _, sku in held}
    assert all(n == held.get(("unclaimed", sku), 0) + held.get(("floor", sku), 0) for sku, n in gone.items())
    stock = {row["facing"]: row["pieces"] for row in found["stock"]}
    cola = held.get(("plate:P1", "0123"), 0) + held.get(("plate:P2", "0123"), 0)
    assert stock == {"F1": cola, "F2": held.get(("plate:P2", "4011"), 0), "F3": 0}
    assert {row["facing"] for row in found["out_of_stock"]} == {facing for facing, n in stock.items() if n <= 0}
    at_home = {("plate:P1", "0123"), ("plate:P2", "0123"), ("plate:P2", "4011")}
    assert {(row["place"], row["sku"]): row["pieces"] for row in found["misplaced"]} == {
        (account.removeprefix("plate:"), sku): n
        for (account, sku), n in held.items()
        if n > 0 and (account.startswith("plate:") or account == "floor") and (account, sku) not in at_home
    }


def amounts(row: dict[str, Any]) -> list[int]:
    return [value for name, value in row.items() if name.endswith("_cents")]


def small(place: Place) -> None:
    """Write a day with a sale, a refund, a review that waits and goods that nobody paid for."""

    def paid(n: int, trip: str, memo: str, state: str, **cents: int) -> Entry:
        legs = tuple(Leg(account.replace("_", ":"), amount) for account, amount in cents.items())
        return Entry(derive_id(str(n)), n, trip, memo, state, legs)

    moved = (
        move(1, "1", "0123", 6, "supply", "plate:P1"),
        move(2, "2", "0123", 2, "plate:P1", "cart:t1"),
        move(3, "3", "0123", 2, "cart:t1", "sold:t1"),
        move(4, "4", "0123", 3, "plate:P1", "cart:t2"),
        move(5, "5", "0123", 3, "cart:t2", "suspense:t2"),
        move(6, "6", "0123", 1, "plate:P1", "unclaimed"),
        move(7, "7", "099", 1, "supply", "plate:P2"),
    )
    booked = (
        paid(3, "t1", "sale", "posted", receivable_ann=398, sales_grocery=-398),
        paid(4, "t1", "tender", "posted", tender_card=398, receivable_ann=-398),
        paid(5, "t2", "sale", "pending", receivable_bob=597, sales_grocery=-597),
        paid(6, "t1", "refund 1 1 0123 damaged kim", "posted", sales_grocery=199, tender_card=-199),
    )
    with opened(place) as book:
        book.commit(moved, booked)


SAYS = """\
day tax class charged given back net
1969-12-31 grocery 3.98 1.99 1.99
card 3.98 1.99 1.99 0.00
receivable 3.98 3.98 0.00 5.97
open 1 3 3 0 0 0 0 5.97 0.00
t2 1970-01-01 00:00:00 UTC 3 3 5.97
given back damaged 0123 1 1 1.99
0123 G1 1 0 0 1 1.99 Cola, 12 oz
F1 G1 0123 Cola, 12 oz 6 0 out
P2 G1 099 Ale 1 -
"""


@pytest.mark.parametrize("kind", ["file", "server"])
def test_a_report_is_read_by_people(
    kind: str, folder: Path, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    place: Place = tmp_path / "ledger.db" if kind == "file" else request.getfixturevalue("database")
    small(place)
    assert main(["ledger", "report", str(place), "--store", str(folder)]) == 0
    text = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert [line for line in SAYS.splitlines() if line not in lines] == []
    assert max(map(len, text.splitlines())) <= 100


def test_without_a_store_one_line_says_what_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small(tmp_path / "ledger.db")
    assert main(["ledger", "report", str(tmp_path / "ledger.db")]) == 0
    text = capsys.readouterr().out
    assert text.splitlines()[-1].startswith("left out without --store DIR: stock, out of stock, misplaced")
    assert "Stock" not in text and "0123  P1 " in text


def test_json_has_every_section(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small(tmp_path / "ledger.db")
    assert main(["ledger", "report", str(tmp_path / "ledger.db"), "--store", str(folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["store_id"], found["currency"], found["sales"][0]["net_cents"]) == ("nano", "USD", 199)
    assert [row["facing"] for row in found["out_of_stock"]] == ["F1", "F2", "F3"]


def test_a_long_report_is_cut_and_fits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = [move(n, str(n), "s" * 64, 1, f"plate:{n}-{'p' * 50}", goods.UNCLAIMED) for n in range(50)]
    with opened(tmp_path / "ledger.db") as book:
        book.commit(many, ())
    assert main(["ledger", "report", str(tmp_path / "ledger.db")]) == 0
    text = capsys.readouterr().out
    assert "and 10 more; --json has them all" in text and max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize(
    ("change", "said"),
    [(("nano", "other"), "received other in USD"), (("America/Los_Angeles", "Mars/Base"), "received 'Mars/Base'")],
)
def test_another_store_is_refused_in_one_line(
    change: tuple[str, str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small(tmp_path / "ledger.db")
    folder = corner_store.write(tmp_path / "store", store=TOML.replace(*change))
    assert main(["ledger", "report", str(tmp_path / "ledger.db"), "--store", str(folder)]) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1


def test_a_report_leaves_a_closed_ledger_untouched(ledger: Path, tmp_path: Path) -> None:
    assert main(["ledger", "report", str(ledger)]) == 0
    assert checked(ledger, tmp_path).findings == ()

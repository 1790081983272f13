"""The ledger of a chain: takes what verifies and nothing else, and answers for all stores."""

import json
from collections.abc import Iterator
from contextlib import closing
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_closed import ENTRIES, RECEIPTS, RECORDS, TRANSFERS, Place, attack
from ledger_records import sale, slip
from test_fleet_serve import fleet_of

from fusion.checkout.records import Entry, Issue, Leg, Transfer, derive_id
from fusion.cli import main
from fusion.fleet.chain.asking import heads, reviews, sales
from fusion.fleet.chain.tables import KEPT, open_chain
from fusion.fleet.chain.taking import Taken, take
from fusion.ledger.book import open_book
from fusion.ledger.closing import close_book
from fusion.ledger.postgres import PostgresSchema
from fusion.ledger.reading import reading

NAMES = count()
DAY_NS = 86_400 * 1_000_000_000
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def chain(database: str) -> Iterator[PostgresSchema]:
    """The empty ledger of a chain."""
    with closing(open_chain(database)) as opened:
        yield opened


def commit(place: Place, records: tuple[Transfer | Entry | Issue, ...], store_id: str = "nano") -> None:
    """Write records to a store's ledger, in their order."""
    with open_book(place, store_id, "USD") as book:
        for one in records:
            kinds = [[one] if isinstance(one, kind) else [] for kind in (Transfer, Entry, Issue)]
            book.commit(*kinds)


def kept(chain: PostgresSchema, store_id: str = "nano") -> dict[str, list[Any]]:
    """Return everything that was taken of a store, but for when."""
    return {
        table: [
            row[:6] for row in chain.read(f"SELECT * FROM {table} WHERE store_id = ? ORDER BY 1, 2, 3", (store_id,))
        ]
        for table in KEPT
    }


@settings(max_examples=10)
@given(cuts=st.lists(st.integers(0, len(RECORDS)), max_size=3), order=st.randoms(use_true_random=False))
def test_what_is_taken_is_what_the_store_has_however_often(
    cuts: list[int], order: Any, server: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place, store_id = tmp_path_factory.mktemp("store") / "ledger.db", f"store-{next(NAMES)}"
    edges = [0, *sorted(cuts), len(RECORDS)]
    with closing(open_chain(server)) as chain:
        taken = []
        for start, end in pairwise(edges):
            commit(place, RECORDS[start:end], store_id)
            taken += [take(chain, place, "UTC") for _ in range(1 + order.randrange(2))]
        assert not any(one.fault for one in taken)
        assert sum(one.new for one in taken) == taken[-1].records == 1 + len(RECORDS)
        with reading(place) as database:
            ours = {
                "entries": database.read("SELECT entry_id, t_ns, trip, memo, state, resolves, reverses FROM entries"),
                "legs": database.read("SELECT * FROM legs"),
                "receipts": database.read("SELECT * FROM receipts"),
            }
            ((link,),) = database.read("SELECT link FROM chain ORDER BY position DESC LIMIT 1")
        for table, rows in ours.items():
            columns = "entry_id, position, account, amount_cents" if table == "legs" else "*"
            theirs = chain.read(f"SELECT {columns} FROM {table} WHERE store_id = ?", (store_id,))
            skip = 0 if table == "legs" else 2
            assert sorted(map(repr, rows)) == sorted(repr(row[skip:]) for row in theirs)
        (last,) = [row for row in heads(chain, 1e6) if row["store"] == store_id]
        assert (last["records"], last["link"], last["state"]) == (taken[-1].records, link.hex(), "verified")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (("UPDATE entries SET memo = 'other' WHERE t_ns = 195",), "the record was changed"),
        (("DELETE FROM receipts WHERE trip = 't25'",), "none: it was removed"),
        (("DELETE FROM chain WHERE position > 30",), "the chain was cut"),
    ],
)
def test_nothing_is_taken_of_a_ledger_that_was_touched(
    statement: tuple[str, ...], expected: str, chain: PostgresSchema, tmp_path: Path
) -> None:
    place = tmp_path / "ledger.db"
    commit(place, (*TRANSFERS, *RECEIPTS[:1]))
    assert take(chain, place, "UTC").records == 42
    before = kept(chain)
    commit(place, (*ENTRIES, *RECEIPTS[1:]))
    attack(place, statement)
    taken = take(chain, place, "UTC")
    assert expected in taken.fault and (taken.records, taken.new) == (42, 0)
    assert kept(chain) == before
    (row,) = heads(chain, 1e6)
    assert row["state"] == f"does not verify: {taken.fault}"


def test_a_ledger_made_anew_with_other_records_does_not_pass_for_the_one_that_was_taken(
    chain: PostgresSchema, tmp_path: Path
) -> None:
    commit(tmp_path / "a.db", TRANSFERS)
    assert not take(chain, tmp_path / "a.db", "UTC").fault
    commit(tmp_path / "b.db", (*TRANSFERS[1:], TRANSFERS[0], *ENTRIES))
    assert "as was taken" in take(chain, tmp_path / "b.db", "UTC").fault


def test_a_signature_is_to_be_the_stores_own(chain: PostgresSchema, tmp_path: Path) -> None:
    def close(records: tuple[Transfer | Entry | Issue, ...], key: str) -> Taken:
        commit(tmp_path / "ledger.db", records)
        with open_book(tmp_path / "ledger.db", "nano", "USD") as book:
            close_book(book, book.head(), key=tmp_path / key)
        return take(chain, tmp_path / "ledger.db", "UTC")

    assert not close(TRANSFERS, "own").fault
    assert [row["signed"] for row in heads(chain, 1e6)] == [True]
    assert "of this store, received" in close(RECEIPTS, "other").fault
    assert not close(ENTRIES, "own").fault


def test_what_was_taken_is_never_changed(chain: PostgresSchema, tmp_path: Path, database: str) -> None:
    commit(tmp_path / "ledger.db", RECORDS)
    take(chain, tmp_path / "ledger.db", "UTC")
    with psycopg.connect(database, autocommit=True) as owner:
        for table in KEPT:
            for statement in (f'DELETE FROM "aisle~chain".{table}', f'TRUNCATE "aisle~chain".{table} CASCADE'):
                with pytest.raises(psycopg.errors.IntegrityError, match="never changed or removed"):
                    owner.execute(statement.encode())


def sold(n: int, t_ns: int, cents: int) -> Entry:
    legs = (Leg("receivable:a", cents), Leg("sales:general", 40 - cents), Leg("tax:general", -40))
    return Entry(derive_id("sold", str(n)), t_ns, f"t{n}", "sale", "posted", legs)


def test_sales_are_by_the_stores_own_days(chain: PostgresSchema, tmp_path: Path) -> None:
    noon_ns = 20_000 * DAY_NS + DAY_NS // 2  # 2024-10-04 12:00 UTC
    for store_id, zone in (("west", "Pacific/Honolulu"), ("east", "Pacific/Kiritimati")):
        commit(tmp_path / f"{store_id}.db", (sold(1, noon_ns, 540), sold(2, noon_ns + 1, 640)), store_id)
        commit(tmp_path / f"{store_id}.db", (sale(3, state="pending"),), store_id)
        take(chain, tmp_path / f"{store_id}.db", zone)
    rows = [(row["store"], row["day"], row["trips"], row["sales_cents"], row["tax_cents"]) for row in sales(chain)]
    assert rows == [("west", "2024-10-04", 2, 1100, 80), ("east", "2024-10-05", 2, 1100, 80)]
    assert [row["store"] for row in sales(chain, "2024-10-05")] == ["east"]
    assert [row["store"] for row in sales(chain, None, "2024-10-05")] == ["west"]


def test_a_review_is_open_until_a_receipt_replaces_it(chain: PostgresSchema, tmp_path: Path) -> None:
    commit(tmp_path / "ledger.db", (slip(1), slip(2)))
    take(chain, tmp_path / "ledger.db", "UTC")
    assert [row["trip"] for row in reviews(chain)] == ["t2", "t1"]
    first = slip(1)
    decided = Issue(
        derive_id("ruling"), 300, "t1", "waive kim", '{"trip": "t1", "status": "settled"}', first.receipt_id
    )
    commit(tmp_path / "ledger.db", (decided,))
    take(chain, tmp_path / "ledger.db", "UTC")
    assert [row["trip"] for row in reviews(chain)] == ["t2"]


def test_the_commands_take_and_answer(tmp_path: Path, database: str, capsys: Capture) -> None:
    plan, _ = fleet_of(tmp_path, chain=database)
    for name in ("kiosk-1", "kiosk-2"):
        (tmp_path / "out" / name).mkdir(parents=True)
    commit(tmp_path / "out" / "kiosk-1" / "ledger.db", RECORDS, "kiosk-1")
    assert main(["fleet", "ledger", "take", str(plan)]) == 1  # kiosk-2 has none
    said = capsys.readouterr()
    assert said.out == f"kiosk-1: {1 + len(RECORDS)} new, {1 + len(RECORDS)} records\n"
    assert said.err.startswith("aisle fleet ledger take: kiosk-2: ") and len(said.err.splitlines()) == 1
    commit(tmp_path / "out" / "kiosk-2" / "ledger.db", (), "kiosk-2")
    assert main(["fleet", "ledger", "take", str(plan)]) == 0
    capsys.readouterr()
    assert main(["fleet", "ledger", "heads", database, "--json"]) == 0
    assert [row["records"] for row in json.loads(capsys.readouterr().out)] == [1 + len(RECORDS), 1]
    assert main(["fleet", "ledger", "heads", str(plan), "--older", "0s"]) == 1
    assert "behind" in capsys.readouterr().out
    assert main(["fleet", "ledger", "sales", database]) == 0
    assert "kiosk-1  1969-12-31" in capsys.readouterr().out  # in Los Angeles, where the store is
    assert main(["fleet", "ledger", "reviews", str(plan), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == len(RECEIPTS)
    for words in (["sales", database, "--from", "2026-02-30"], ["heads", "postgresql://nobody@/x?host=/nowhere"]):
        assert main(["fleet", "ledger", *words]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1

"""Leases: one holder at a time, each with a higher epoch, and nothing written by one whose time is over."""

from itertools import count
from pathlib import Path

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.errors import LockNotAvailable
from tiny import tiny_store

from fusion.checkout.goods import opening
from fusion.fleet.lease import EPOCH, LeaseLost, leased
from fusion.fleet.lease_rows import HOLD, SCHEMA, Rows
from fusion.ledger.book import open_book

LONG_S = 1000.0
NAMES = count()
RUN_OUT = f"UPDATE \"{SCHEMA}\".leases SET until = clock_timestamp() - interval '1 s' WHERE store_id = %s"


def ignore(why: str) -> None:
    """Hear that a lease was lost."""


def run_out(url: str, store_id: str) -> None:
    """Let the time of a lease be over."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(RUN_OUT.encode(), (store_id,))


@settings(max_examples=25)
@given(
    steps=st.lists(st.tuples(st.sampled_from(["take", "renew", "let go", "run out"]), st.integers(0, 2)), max_size=20)
)
def test_a_row_has_one_holder_at_a_time_and_epochs_only_grow(steps: list[tuple[str, int]], server: str) -> None:
    store_id = f"store-{next(NAMES)}"
    with Rows(server, store_id) as rows:
        believed = [0, 0, 0]  # by three who want it
        last, is_free = 0, True
        for step, who in steps:
            if step == "take":
                epoch = rows.take(f"holder {who}", LONG_S)
                assert (epoch is not None) == is_free
                if epoch is not None:
                    assert epoch == last + 1
                    believed[who], last, is_free = epoch, epoch, False
            elif step == "renew" and believed[who]:
                is_ours = believed[who] == last
                assert rows.renew(believed[who], LONG_S) == is_ours
                is_free = is_free and not is_ours  # a lease that ran out and nobody took goes on
            elif step == "let go" and believed[who]:
                rows.let_go(believed[who])
                is_free = is_free or believed[who] == last
            elif step == "run out" and last:
                run_out(server, store_id)
                is_free = True


@pytest.mark.parametrize("kind", ["file", "row"])
def test_a_second_one_gets_none_until_the_first_is_gone(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place = request.getfixturevalue("database") if kind == "row" else None
    with leased(place, "s", tmp_path, lost=ignore) as first:
        assert first is not None and first.epoch == 1
        with leased(place, "s", tmp_path, lost=ignore) as second:
            assert second is None
    with leased(place, "s", tmp_path, lost=ignore) as third:
        assert third is not None and third.epoch == 2


@pytest.mark.parametrize("kind", ["file", "row"])
def test_nothing_is_written_by_whom_another_has_followed(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """As if the process had been stopped for longer than its lease lasts, with a disk that forgets locks."""
    place = request.getfixturevalue("database") if kind == "row" else None
    goods = opening(tiny_store(), 1)
    with (
        leased(place, "s", tmp_path, lost=ignore) as lease,
        open_book(place or tmp_path / "ledger.db", "s", "USD") as book,
    ):
        assert lease is not None
        book.guard = lease.guard
        book.commit(goods[:1], ())
        if place is None:
            (tmp_path / EPOCH).write_text('{"epoch": 2}')
        else:
            run_out(place, "s")
            with Rows(place, "s") as other:
                assert other.take("another", LONG_S) == 2
        with pytest.raises(LeaseLost, match="expected epoch 1, received 2"):
            book.commit(goods, ())
        assert book.records() == 2


def test_a_lease_changes_hands_between_two_commits_and_never_within_one(database: str, tmp_path: Path) -> None:
    with (
        leased(database, "s", tmp_path, lost=ignore) as lease,
        open_book(database, "s", "USD") as book,
        psycopg.connect(database, autocommit=True) as other,
    ):
        assert lease is not None
        run_out(database, "s")
        with book._database.transaction():
            lease.guard(book._database)
            with pytest.raises(LockNotAvailable):
                other.execute(HOLD.replace("?", "%s").replace("SHARE", "UPDATE NOWAIT").encode(), ("s",))
        assert other.execute(HOLD.replace("?", "%s").replace("SHARE", "UPDATE NOWAIT").encode(), ("s",)).fetchone()

"""Purchases of whole runs: replays, the service with a courier beside it, and what an operator does."""

import json
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cards import kept
from till_server import Till, serving_till
from visits import charged_cents, close, ledger_entries, open_ledger, receipt_of, shop

from fusion.checkout.review import Approve, rule
from fusion.checkout.rulings import Ruling, recorded_of
from fusion.cli import main
from fusion.ledger.book import open_book
from fusion.purchase.outbox import NAME, open_existing
from fusion.purchase.port import FILE
from fusion.purchase.purchases import catch_up, purchases_of
from scenarios.children import AISLE, listening_address, next_line, running

Capture = pytest.CaptureFixture[str]
CASE = Path(__file__).parents[2] / "shared" / "cases" / "b01-1"
ACCOUNT = "acct-798293"
needs_case = pytest.mark.skipif(not CASE.exists(), reason=f"the shared case {CASE.name} is not here")
TILL = shop("one card")


@pytest.fixture
def till() -> Iterator[Till]:
    with serving_till() as one:
        yield one


def replay(out: Path, *more: str) -> int:
    return main(["replay", str(CASE / "recording.mcap"), "--store", str(CASE / "store"), "--out", str(out), *more])


def sent(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / FILE).read_text().splitlines()]


def ledger_cents(out: Path) -> int:
    entries = ledger_entries(out / "ledger.db")
    return sum(charged_cents(entries, trip) for trip in {entry.trip for entry in entries})


@needs_case
def test_a_replay_leaves_what_its_ledger_charges_in_a_file_and_replaces_its_own(tmp_path: Path) -> None:
    assert replay(tmp_path) == 0
    first = (tmp_path / FILE).read_bytes()
    (one,) = sent(tmp_path)
    assert (one["kind"], one["account"], one["total"]) == ("create", ACCOUNT, ledger_cents(tmp_path))
    assert replay(tmp_path) == 0
    assert (tmp_path / FILE).read_bytes() == first


@needs_case
def test_a_webhook_is_asked_once_however_often_a_recording_is_replayed(tmp_path: Path, till: Till) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    assert [replay(out, "--purchases", till.url) for _ in range(2)] == [0, 0]
    assert len(till.seen) == 1
    assert replay(out) == 0  # what was asked outside is not forgotten
    assert replay(elsewhere, "--purchases", till.url) == 0
    assert len(till.seen) == 2 and len(till.done) == 1
    assert [one["total"] for one in till.done.values()] == [ledger_cents(out)]


@needs_case
def test_nobody_answers_and_an_operator_asks_again(tmp_path: Path, till: Till, capsys: Capture) -> None:
    till.mood = lambda: "fault"
    assert replay(tmp_path, "--purchases", till.url) == 0
    assert f"1 purchases wait for an answer: aisle purchase retry {tmp_path}" in capsys.readouterr().err
    assert main(["purchase", "list", str(tmp_path)]) == 0
    assert "create: no answer yet, status 500" in capsys.readouterr().out
    till.mood = lambda: "accept"
    assert main(["purchase", "retry", str(tmp_path)]) == 0
    assert main(["ledger", "verify", str(tmp_path / "ledger.db")]) == 0, "whoever reads a ledger leaves its seal whole"
    assert capsys.readouterr().out.startswith("1 requests to ask\n1 answered, 0 trips wait")
    assert len(till.done) == 1


def owing(out: Path, till: Till) -> None:
    """Leave a folder where ann's charge for t1 was declined."""
    till.mood = lambda: "decline"
    commit = close(shop("one card"), receipt_of(shop("one card"), "t1", "settled"))
    out.mkdir(exist_ok=True)
    with open_ledger(out / "ledger.db") as book:
        commit.into(book)
    with purchases_of(out, till.url, out / "ledger.db", TILL, replaces=False, asks_webhooks=True) as purchases:
        purchases.deliver()


def test_who_owes_may_not_enter_until_it_is_settled(tmp_path: Path, till: Till, capsys: Capture) -> None:
    owing(tmp_path, till)
    total = ledger_cents(tmp_path)
    amount = f"{total / 100:.2f}"
    assert f"purchase  ann  t1  create declined  {amount} USD  card expired" in capsys.readouterr().err
    assert main(["purchase", "enter", str(tmp_path), "ann"]) == 1
    assert capsys.readouterr().out == f"ann: owes {total} cents for t1\n"
    assert main(["purchase", "enter", str(tmp_path), "bob"]) == 0
    assert main(["purchase", "list", str(tmp_path)]) == 0
    listed = capsys.readouterr().out
    assert "create: declined, card expired" in listed and f"{amount} USD owed" in listed
    assert main(["purchase", "settle", str(tmp_path), "ann", "--author", "kim"]) == 0
    assert f"t1: {amount} USD settled by kim" in capsys.readouterr().out
    assert main(["purchase", "enter", str(tmp_path), "ann"]) == 0
    assert main(["purchase", "settle", str(tmp_path), "t1", "--author", "kim"]) == 2
    assert "expected a debt, received a purchase that is settled" in capsys.readouterr().err


def test_a_declined_charge_that_is_accepted_after_all_is_no_debt(tmp_path: Path, till: Till, capsys: Capture) -> None:
    owing(tmp_path, till)
    till.mood = lambda: "accept"
    assert main(["purchase", "retry", str(tmp_path)]) == 0
    assert till.done == {}, "without its name, what was declined stays declined"
    assert main(["purchase", "retry", str(tmp_path), "t1"]) == 0
    assert len(till.done) == 1 and main(["purchase", "enter", str(tmp_path), "ann"]) == 0
    assert main(["purchase", "list", str(tmp_path), "--all", "--json"]) == 0
    (row,) = (json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{"))
    assert (row["status"], row["balance"], row["requests"][0]["outcome"]) == ("paid", 0, "accepted")


def test_an_entry_is_authorised_for_a_limit_and_its_purchase_says_so(tmp_path: Path, till: Till) -> None:
    enter = ["purchase", "enter", str(tmp_path), "ann", "--token", "tok-1", "--limit", "5000", "--visit", "door-7"]
    with purchases_of(tmp_path, till.url, tmp_path / "ledger.db", TILL, replaces=False, asks_webhooks=True):
        pass
    till.mood = lambda: "decline"
    assert main(enter) == 1
    till.mood = lambda: "fault"
    assert main(enter) == 1
    till.mood = lambda: "accept"
    assert [main(enter), main(enter)] == [0, 0]
    (asked,) = till.done.values()
    assert (asked["kind"], asked["token"], asked["limit"]) == ("authorise", "tok-1", 5000)
    with purchases_of(tmp_path, None, tmp_path / "ledger.db", TILL, replaces=False, asks_webhooks=True) as purchases:
        for trip in ("t1", "t2"):
            commit = close(shop("one card"), receipt_of(shop("one card"), trip, "settled"))
            purchases.follow(commit.transfers, commit.entries)
        purchases.deliver()
    bodies = {one["trip"]: one.get("authorisation") for one in till.done.values() if one["kind"] == "create"}
    assert bodies == {"t1": asked["id"], "t2": None}


@pytest.mark.parametrize("kind", ["file", "server"])
def test_what_a_ledger_says_and_the_outbox_does_not_is_asked_when_the_next_run_begins(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    place = tmp_path / "ledger.db" if kind == "file" else str(request.getfixturevalue("database"))
    commit = close(TILL, receipt_of(TILL, "t1", "settled"))
    with open_book(place, "till", "USD") as book:
        commit.into(book)  # and killed before the outbox
    with purchases_of(tmp_path, None, place, TILL, replaces=False, asks_webhooks=False) as purchases:
        purchases.deliver()
    assert [one["trip"] for one in sent(tmp_path)] == ["t1"]
    with open_existing(tmp_path / NAME) as outbox:
        assert catch_up(outbox, place) == 0


def test_a_spoiled_ledger_is_said_and_stops_no_run(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "ledger.db").write_bytes(b"no ledger at all" * 100)
    ledger = tmp_path / "ledger.db"
    with purchases_of(tmp_path, None, ledger, TILL, replaces=False, asks_webhooks=False) as purchases:
        assert purchases.is_delivered_here
    error = capsys.readouterr().err
    assert "ledger.db: expected a ledger" in error and "may not have been asked for" in error


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["replay", "x.mcap", "--store", "x", "--out", "x", "--purchases", "ftp://till/"], "expected https://HOST"),
        (["purchase", "list", "nowhere"], "nowhere/purchases.db: expected the outbox that aisle replay"),
        (["purchase", "settle", "nowhere", "t1"], "--author"),
        (["purchase", "settle", "nowhere", "t1", "--author", "kim lee"], "expected 1 to 64 of A-Z"),
        (["purchase", "enter", "nowhere", "4111-1111-1111-1111"], "received a card number, not shown"),
        (["purchase", "enter", "nowhere", "ann", "--limit", "5.00"], "expected a whole number of cents"),
        (["purchase"], "ACTION"),
    ],
)
def test_bad_arguments_end_with_status_2_and_one_line(words: list[str], said: str, capsys: Capture) -> None:
    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in error and len(error.splitlines()) == 1 and "4111" not in error


@needs_case
@pytest.mark.parametrize(
    ("place", "said"),
    [("http://till.example/", "expected https:// for till.example"), (__file__, "expected a purchase")],
)
def test_a_place_that_purchases_cannot_go_to_is_refused(tmp_path: Path, place: str, said: str, capsys: Capture) -> None:
    assert replay(tmp_path, "--purchases", place) == 2
    error = capsys.readouterr().err
    assert said in error and len(error.splitlines()) == 1
    assert not (tmp_path / "ledger.db").exists()


# The service


def serve(out: Path, place: str) -> tuple[str, ...]:
    store = ("--store", str(CASE / "store"), "--out", str(out), "--listen", "tcp://127.0.0.1:*")
    return ("serve", *store, "--purchases", place)


def publish(address: str) -> None:
    words = ("publish", str(CASE / "recording.mcap"), "--to", address, "--rate", "max")
    assert subprocess.run([*AISLE, *words], check=False).returncode == 0


@needs_case
def test_a_service_asks_a_webhook_that_is_slow_to_come_round(tmp_path: Path, till: Till) -> None:
    moods = iter(["fault", "silence"])
    till.mood = lambda: next(moods, "accept")
    with running(*serve(tmp_path, till.url)) as (service, said):
        address = listening_address(service, said)
        assert address is not None
        publish(address)
        service.send_signal(signal.SIGTERM)
        assert service.wait(timeout=60) == 0
    assert main(["purchase", "retry", str(tmp_path)]) == 0
    assert main(["purchase", "retry", str(tmp_path)]) == 0
    assert [one["total"] for one in till.done.values()] == [ledger_cents(tmp_path)]
    assert len({headers["idempotency-key"] for headers, _ in till.seen}) == 1


@needs_case
def test_a_courier_ends_with_its_service_however_that_ends(tmp_path: Path, till: Till) -> None:
    with running(*serve(tmp_path, till.url)) as (service, said):
        assert listening_address(service, said) is not None
        service.kill()
        service.wait()
        end_s = time.monotonic() + 30.0
        while not is_free(tmp_path):
            assert time.monotonic() < end_s, next_line(said, wait_s=0.0)
            time.sleep(0.1)


def is_free(out: Path) -> bool:
    """Tell whether nobody delivers for a folder any more."""
    from fusion.purchase.courier import only_courier

    with only_courier(out) as alone:
        return alone


@needs_case
def test_debts_outlive_the_service_and_its_ledger(tmp_path: Path, till: Till) -> None:
    till.mood = lambda: "decline"
    assert replay(tmp_path, "--purchases", till.url) == 0
    with running(*serve(tmp_path, till.url)) as (service, said):
        assert listening_address(service, said) is not None
        service.send_signal(signal.SIGTERM)
        assert service.wait(timeout=60) == 0
    assert (tmp_path / "earlier-1" / "ledger.db").exists()
    assert main(["purchase", "enter", str(tmp_path), ACCOUNT]) == 1
    assert kept(tmp_path, "4111111111111111") == []


def test_a_courier_killed_again_and_again_has_each_request_taken_once_in_order(tmp_path: Path, till: Till) -> None:
    rng = random.Random(11)
    trips = [f"t{n}" for n in range(12)]
    with purchases_of(
        tmp_path, till.url, tmp_path / "ledger.db", TILL, replaces=False, asks_webhooks=False
    ) as purchases:
        for trip in trips:
            store = shop("one card")
            receipt = receipt_of(store, trip, "review")
            closed = close(store, receipt)
            known = recorded_of(trip, closed.transfers, closed.entries)
            ruling = rule(receipt, Approve(), known, "till", author="kim", t_ns=50)
            assert isinstance(ruling, Ruling)
            purchases.follow((*closed.transfers, *ruling.transfers), (*closed.entries, *ruling.entries))
    till.mood = lambda: rng.choice(["accept", "accept", "silence", "fault"])
    for _ in range(5):
        with running("purchase", "deliver", str(tmp_path)) as (courier, _):
            seen, end_s = len(till.seen), time.monotonic() + 20.0
            while len(till.seen) == seen and time.monotonic() < end_s:
                time.sleep(0.01)
            time.sleep(rng.uniform(0.0, 0.2))
            courier.kill()
            courier.wait()
    till.mood = lambda: "accept"
    while not all_answered(tmp_path):
        assert main(["purchase", "retry", str(tmp_path)]) == 0
    done = [(str(one["trip"]), one["kind"]) for one in till.done.values()]
    assert sorted(done) == sorted((trip, kind) for trip in trips for kind in ("create", "adjust"))
    assert all(done.index((trip, "create")) < done.index((trip, "adjust")) for trip in trips)


def all_answered(out: Path) -> bool:
    with open_existing(out / NAME) as outbox:
        return outbox.waiting() == 0

"""Any history with crashes between any two writes, lost answers, retries and settlements: each trip is created once,
and what was charged, owed or settled is what the ledger says."""

import json
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from till_outside import Killed, Outside
from visits import Commit, charged_cents, close, ledger_entries, open_ledger, receipt_of, shop, visits

from fusion.purchase.courier import deliver_due
from fusion.purchase.file_port import FilePort
from fusion.purchase.life import Outcome, Status
from fusion.purchase.operating import retry, settle
from fusion.purchase.outbox import NAME, Outbox, open_outbox
from fusion.purchase.outbox_file import OutboxError
from fusion.purchase.port import PortError
from fusion.purchase.purchases import add, catch_up, purchases_of
from fusion.purchase.requests import CreatePurchase, RefundPurchase
from fusion.purchase.standing import NEVER_NS

HOUR_NS = 3600 * 10**9
MOODS = ("accept", "accept", "decline", "decline", "stall", "lose", "kill")
TRIPS = ("t1", "t2")
TILL = shop("one card")


def opened(out: Path) -> Outbox:
    return open_outbox(out / NAME, "till", "USD")


class Clock:
    """A clock that goes on between any two looks at it, and may be where the process dies."""

    def __init__(self) -> None:
        self.now_ns = 10**18
        self.looks_left = -1

    def __call__(self) -> int:
        self.now_ns += 1000
        self.looks_left -= 1
        if self.looks_left == 0:
            raise Killed
        return self.now_ns


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_each_trip_is_created_once_and_what_is_charged_is_the_ledger(data: st.DataObject) -> None:
    commits = interleaved(data)
    outside, clock = Outside(lambda: data.draw(st.sampled_from(MOODS))), Clock()
    settled: dict[str, int] = {}
    with TemporaryDirectory() as folder:
        out = Path(folder)
        with open_ledger(out / "ledger.db") as book:
            for commit in commits:
                commit.into(book)
                if data.draw(st.booleans(), label="killed after the ledger"):
                    continue
                with opened(out) as outbox:
                    catch_up(outbox, out / "ledger.db")
                    deliver(outbox, outside, clock, data.draw(st.sampled_from([-1, -1, 1, 2, 3, 4]), label="looks"))
                    operate(outbox, data, clock, settled)
                    clock.now_ns += data.draw(st.sampled_from([0, HOUR_NS]), label="later")
        outside.mood = lambda: "accept"
        with opened(out) as outbox:
            catch_up(outbox, out / "ledger.db")
            clock.now_ns += HOUR_NS
            deliver(outbox, outside, clock, -1)
            for purchase in outbox.purchases():
                retry(outbox, purchase.trip, clock(), declined=False)
            deliver(outbox, outside, clock, -1)
            check(outbox, outside, out, settled)
            assert outbox.next_due_ns() is None
            with opened(out) as again:
                assert catch_up(again, out / "ledger.db") == 0


def interleaved(data: st.DataObject) -> list[Commit]:
    """Draw several visits and put their commits, each visit's in its order, in any order."""
    waiting = {trip: list(data.draw(visits(trip, 30 + n), label=trip)[1]) for n, trip in enumerate(TRIPS)}
    order = data.draw(st.permutations([trip for trip, commits in waiting.items() for _ in commits]))
    return [waiting[trip].pop(0) for trip in order]


def deliver(outbox: Outbox, outside: Outside, clock: Clock, looks: int) -> None:
    clock.looks_left = looks
    with suppress(Killed):
        deliver_due(outbox, outside, clock)
    clock.looks_left = -1


def operate(outbox: Outbox, data: st.DataObject, clock: Clock, settled: dict[str, int]) -> None:
    """Let an operator ask again or settle, as far as that can be."""
    for purchase in outbox.purchases():
        act = data.draw(st.sampled_from(["", "", "retry", "settle"]))
        if act == "retry":
            retry(outbox, purchase.trip, clock(), declined=data.draw(st.booleans()))
        elif act == "settle":
            try:
                settled[purchase.trip] = settle(outbox, purchase.trip, "kim", clock())
            except OutboxError as error:
                assert "expected a debt" in str(error) or "expected an answer" in str(error)


def check(outbox: Outbox, outside: Outside, out: Path, settled: dict[str, int]) -> None:
    entries = ledger_entries(out / "ledger.db")
    once = [one for one in outside.asked if not one.endswith("refund")]
    assert len(once) == len(set(once))
    for purchase in outbox.purchases():
        requests = outbox.requests(purchase.trip)
        assert isinstance(requests[0], CreatePurchase)
        kept = outside.kept_cents(purchase.trip)
        not_given_back = sum(
            request.total_cents
            for request in requests
            if isinstance(request, RefundPurchase)
            and purchase.last[request.head.request_id].outcome is Outcome.DECLINED
        )
        paid = kept + purchase.balance_cents + settled.get(purchase.trip, 0) - not_given_back
        assert paid == charged_cents(entries, purchase.trip), purchase
        assert (purchase.status is Status.SETTLED) == (purchase.trip in settled)
        kinds = [one.split("/")[1] for one in outside.asked if one.startswith(f"{purchase.trip}/")]
        assert kinds == sorted(kinds, key=lambda kind: {"create": 0, "adjust": 1, "cancel": 1, "refund": 2}[kind])
    assert {one.trip for one in outbox.purchases()} == {e.trip for e in entries}


def test_a_dead_request_holds_up_its_trip_until_an_operator_asks_again(tmp_path: Path) -> None:
    clock, outside = Clock(), Outside(lambda: "stall")
    store = shop("one card")
    held, settled_at_once = (close(store, receipt_of(store, trip, "settled")) for trip in ("t1", "t2"))
    with opened(tmp_path) as outbox:
        add(outbox, held.transfers, held.entries)
        while outbox.purchase("t1").open[0].due_ns < NEVER_NS:
            deliver_due(outbox, outside, clock)
            clock.now_ns = min(outbox.next_due_ns() or 0, NEVER_NS - HOUR_NS)
            assert clock.now_ns < 10**18 + 26 * HOUR_NS or outbox.purchase("t1").open[0].due_ns == NEVER_NS
        clock.now_ns = 10**18 + 30 * HOUR_NS
        add(outbox, settled_at_once.transfers, settled_at_once.entries)
        outside.mood = lambda: "accept"
        assert deliver_due(outbox, outside, clock) == 1 and outside.asked == ["t2/create"]
        assert retry(outbox, "t1", clock(), declined=False) == 1
        assert deliver_due(outbox, outside, clock) == 1 and outside.asked == ["t2/create", "t1/create"]
        assert retry(outbox, "t1", clock(), declined=True) == 0


def test_a_debt_is_settled_once_and_not_while_its_charge_is_asked_for_again(tmp_path: Path) -> None:
    clock, outside = Clock(), Outside(lambda: "decline")
    commit = close(shop("one card"), receipt_of(shop("one card"), "t1", "settled"))
    with opened(tmp_path) as outbox:
        add(outbox, commit.transfers, commit.entries)
        with pytest.raises(OutboxError, match="expected a debt, received a purchase that is asked"):
            settle(outbox, "t1", "kim", clock())
        deliver_due(outbox, outside, clock)
        assert retry(outbox, "t1", clock(), declined=False) == 0
        assert retry(outbox, "t1", clock(), declined=True) == 1
        with pytest.raises(OutboxError, match="expected an answer to the charge that is asked for again"):
            settle(outbox, "t1", "kim", clock())
        deliver_due(outbox, outside, clock)
        assert settle(outbox, "t1", "kim", clock()) == charged_cents(commit.entries, "t1")
        with pytest.raises(OutboxError, match="expected a debt, received a purchase that is settled"):
            settle(outbox, "t1", "kim", clock())
        assert retry(outbox, "t1", clock(), declined=True) == 0 and outside.done == {}


def test_the_same_trip_with_another_charge_is_refused_and_the_first_stands(tmp_path: Path) -> None:
    store = shop("one card")
    receipt = receipt_of(store, "t1", "settled")
    first = close(store, receipt)
    dearer = replace(
        first.entries[0], legs=tuple(replace(leg, amount_cents=2 * leg.amount_cents) for leg in first.entries[0].legs)
    )
    with opened(tmp_path) as outbox:
        assert add(outbox, first.transfers, first.entries) == 1
        assert add(outbox, first.transfers, (dearer, *first.entries[1:])) == 0
        assert outbox.purchase("t1").open[0].request == outbox.requests("t1")[0]


# The file of purchases


def lines(count: int) -> list[tuple[bytes, str]]:
    ids = [bytes([n]) * 16 for n in range(count)]
    return [(request_id, f'{{"id": "{request_id.hex()}", "kind": "create"}}') for request_id in ids]


@given(st.integers(0, 4), st.data())
def test_a_file_cut_off_anywhere_is_mended_and_each_line_is_there_once(count: int, data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "purchases.jsonl"
        port = FilePort(path)
        for line in lines(count):
            port.ask(*line)
        whole = path.read_bytes()
        path.write_bytes(whole[: data.draw(st.integers(0, len(whole)), label="cut")])
        again = FilePort(path)
        for line in [*lines(count), *lines(count)]:
            again.ask(*line)
        assert path.read_text() == "".join(body + "\n" for _, body in lines(count))


@pytest.mark.parametrize("text", ["hello\n", "hello", '{"kind": "create"}\n', '[1]\n{"id": "'])
def test_a_file_of_something_else_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "diary.txt"
    path.write_text(text)
    with pytest.raises(PortError, match=r"diary\.txt: l(ine 1|ast line): expected a purchase, received something else"):
        FilePort(path)
    assert path.read_text() == text


# A process that is killed

WRITER = """
import sys
from pathlib import Path
sys.path[:0] = [{tests!r}]
from test_purchase_crashes import run_of_trips
run_of_trips(Path({out!r}), {trips})
"""
MANY = 25


def run_of_trips(out: Path, trips: int) -> None:
    """Close trips one after the other, as a run does: ledger, outbox, file."""
    store = shop("stamps, then a card")
    with (
        purchases_of(
            out, str(out / "sent.jsonl"), out / "ledger.db", TILL, replaces=False, asks_webhooks=False
        ) as purchases,
        open_ledger(out / "ledger.db") as book,
    ):
        print("begun", flush=True)
        for n in range(trips):
            commit = close(store, receipt_of(store, f"t{n}", "settled", t_ns=30 + n))
            commit.into(book)
            purchases.follow(commit.transfers, commit.entries)
        purchases.deliver()


def test_killed_at_any_instant_and_started_again_each_trip_is_sent_once(tmp_path: Path) -> None:
    rng = random.Random(7)
    code = WRITER.format(tests=str(Path(__file__).parent), out=str(tmp_path), trips=MANY)
    for _ in range(6):
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None and child.stdout.readline() == "begun\n"
        time.sleep(rng.uniform(0.0, 0.25))
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    run_of_trips(tmp_path, MANY)
    sent = [json.loads(line) for line in (tmp_path / "sent.jsonl").read_text().splitlines()]
    entries = ledger_entries(tmp_path / "ledger.db")
    assert sorted(one["trip"] for one in sent) == sorted(f"t{n}" for n in range(MANY))
    assert sum(one["total"] for one in sent) == sum(charged_cents(entries, f"t{n}") for n in range(MANY))

"""`aisle ledger review`, `refund` and `dispute`, and what declined charges do to a ledger, as a user would do it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from corner_store import write
from ledger_closed import Place
from till_server import Till, serving_till

from fusion.checkout import goods
from fusion.checkout.issues import first_issues
from fusion.checkout.postings import close_trip
from fusion.checkout.pricing import price
from fusion.checkout.receipts import Item, TripEnd
from fusion.checkout.review import Waive
from fusion.checkout.rulings import Refusal
from fusion.cli import main
from fusion.desk.reviews import Correction, review
from fusion.ledger.book import Book, is_url, open_book, open_existing
from fusion.ledger.closing import close_book
from fusion.ledger.sitting import alone_with
from fusion.purchase.port import FILE
from fusion.purchase.purchases import purchases_of
from fusion.store import Store, load_store
from scenarios.children import AISLE

Capture = pytest.CaptureFixture[str]
NOON_NS = 1_780_000_000 * 10**9
LATER = "2026-05-29T08:00:00"  # some hours after the trips
COLA, BANANA, ALE = 0, 1, 2  # rows of the corner store's products
BASKETS = {
    "t1": ("ann", {COLA: (2, None), ALE: (1, None)}),  # ale is for adults: the receipt is held
    "t2": ("bob", {COLA: (3, None), BANANA: (2, 240.0)}),
    "t3": (None, {COLA: (1, None)}),
}


class Desk:
    """A closed day of the corner store, in one kind of ledger, and the commands of whoever sits at the desk."""

    def __init__(self, folder: Path, ledger: Place, capture: Capture, place: str | None = None) -> None:
        self.out, self.ledger, self._capture = folder / "out", ledger, capture
        self.out.mkdir()
        self.store: Store = load_store(write(folder / "store"))
        self.folder = str(folder / "store")
        self._place = place
        with open_book(ledger, self.store.store_id, self.store.currency) as book:
            book.commit(goods.opening(self.store, NOON_NS), ())
            for trip, (account, basket) in BASKETS.items():
                self._visit(book, trip, account, basket)
            self.follow()
            close_book(book, book.head(), key=self.out / "ledger.key", seal=self.seal)
        capture.readouterr()

    @property
    def seal(self) -> Path:
        return self.out / "ledger.db.seal"

    def _visit(self, book: object, trip: str, account: str | None, basket: dict) -> None:
        end = TripEnd(trip, account, 1, NOON_NS, NOON_NS + 60 * 10**9, NOON_NS + 65 * 10**9)
        items = [Item(row, n, grams, 0.9, (f"ev-{trip}-{row}",)) for row, (n, grams) in basket.items()]
        receipt = price(end, items, 0.9, "settled", self.store)
        taken = [
            goods.move(self.store.store_id, evidence=f"take:{trip}:{line.sku}", t_ns=NOON_NS + 1, sku=line.sku,
                       quantity=line.quantity, grams=None, source=goods.plate("P1"), target=goods.cart(trip))
            for line in receipt.lines
        ]  # fmt: skip
        moved, entries = close_trip(receipt, self.store)
        book.commit((*taken, *moved), entries, first_issues([receipt], self.store.store_id))  # type: ignore[attr-defined]

    def follow(self) -> None:
        """Ask for what the ledger charges, as a run does."""
        with purchases_of(
            self.out, self._place, self.ledger, self.store, replaces=False, asks_webhooks=True
        ) as purchases:
            purchases.deliver()

    def __call__(self, action: str, *words: str) -> tuple[int, str, str]:
        """Run `aisle ledger ACTION LEDGER ...`."""
        elsewhere = ["--out", str(self.out), "--key", str(self.out / "ledger.key"), "--seal", str(self.seal)]
        more = elsewhere if is_url(self.ledger) else []
        status = main(["ledger", action, str(self.ledger), *words, *more])
        said = self._capture.readouterr()
        return status, said.out, said.err

    def verified(self) -> int:
        status = main(["ledger", "verify", str(self.ledger), "--seal", str(self.seal)])
        self._capture.readouterr()
        return status

    def digest(self) -> str:
        with open_existing(self.ledger) as book:
            return book.digest()

    def balance(self, account: str) -> int:
        with open_existing(self.ledger) as book:
            return book.balances().get(account, (0, 0))[0]

    def stock(self, account: str) -> dict[str, int]:
        with open_existing(self.ledger) as book:
            return book.stock(account)

    def report(self) -> dict[str, list[dict[str, object]]]:
        assert main(["ledger", "report", str(self.ledger), "--json"]) == 0
        found: dict[str, list[dict[str, object]]] = json.loads(self._capture.readouterr().out)
        return found

    def asked(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in (self.out / FILE).read_text().splitlines()]


@pytest.fixture(params=["file", "server"])
def desk(request: pytest.FixtureRequest, tmp_path: Path, capsys: Capture) -> Desk:
    place: Place = tmp_path / "out" / "ledger.db"
    if request.param == "server":
        place = request.getfixturevalue("database")
    return Desk(tmp_path, place, capsys)


@pytest.fixture
def file_desk(tmp_path: Path, capsys: Capture) -> Desk:
    return Desk(tmp_path, tmp_path / "out" / "ledger.db", capsys)


def test_the_queue_says_why_until_when_and_on_what_evidence(desk: Desk) -> None:
    before = desk.digest()
    status, out, _ = desk("review", "--store", desk.folder, "--at", LATER)
    assert status == 0
    assert out.splitlines() == [
        "t1  ann  10.46 USD  age",
        "  decide by 2026-05-29 20:27:45 UTC",
        "     2 x 0123  3.98  Cola, 12 oz",
        "         ev-t1-0",
        "     1 x 099  5.99  Ale",
        "         ev-t1-2",
        "1 receipts wait, 0 of them overdue",
    ]
    (row,) = map(json.loads, desk("review", "--json", "--at", "2026-06-29T00:00:00")[1].splitlines())
    assert (row["receipt"], row["reasons"], row["amount"], row["overdue"]) == ("t1", ["age"], 1046, True)
    assert row["evidence"] == ["ev-t1-0", "ev-t1-2"]
    assert desk.digest() == before and desk.verified() == 0


def test_an_approval_is_charged_signed_and_asked_for_once(desk: Desk) -> None:
    words = ("review", "t1", "--approve", "--author", "kim", "--note", "saw an id", "--at", LATER)
    assert desk(*words) == (0, "t1: approve kim: saw an id, 10.46 USD charged\npurchase port: heard of it\n", "")
    assert desk.verified() == 0
    assert [(one["kind"], one["trip"], one["total"]) for one in desk.asked()][-1] == ("adjust", "t1", 1046)
    decided, asked = desk.digest(), desk.asked()
    status, out, _ = desk("review", "t1", "--approve", "--author", "lee")
    assert (status, out) == (0, "t1: decided before: approve kim: saw an id\n")
    status, out, err = desk("review", "t1", "--waive", "--author", "lee")
    assert (status, out) == (1, "")
    assert (
        err
        == "aisle ledger: expected a receipt that waits for a decision, received t1, decided: approve kim: saw an id\n"
    )
    assert (desk.digest(), desk.asked()) == (decided, asked)
    assert desk("review")[1] == "0 receipts wait, 0 of them overdue\n"


def test_lines_are_raised_added_and_swapped_at_the_price_of_the_visit(desk: Desk) -> None:
    adjust = ("--adjust", "0123=4", "099=0", "4011=1:150", "--store", desk.folder, "--at", LATER)
    status, out, _ = desk("review", "t1", *adjust, "--author", "kim")
    assert status == 0, out
    # 4 x 1.99; 150 g at 1.49 the kilogram, a half cent upwards
    assert out.startswith("t1: adjust kim 0123=4 099=0 4011=1:150.0, 8.18 USD charged")
    assert desk.balance("receivable:ann") == 818
    assert desk.stock(goods.sold("t1")) == {"0123": 4, "4011": 1}
    assert desk.stock(goods.suspense("t1")) == {} == desk.stock(goods.UNCLAIMED), "what nobody had paid for is found"
    # Two pieces came of plate P1 with ann, one with the stranger; one more was never noticed there.
    assert desk.stock(goods.plate("P1"))["0123"] == 6 - 2 - 3 - 1 - 1
    assert desk("review", "t1", *adjust, "--author", "lee")[0] == 0
    assert desk("review", "t1", "--adjust", "0123=4", "--store", desk.folder, "--author", "lee")[0] == 1
    (bill,) = [one for one in desk.asked() if one["kind"] == "adjust"]
    assert bill["lines"] == [{"sku": "0123", "qty": 4, "g": None}, {"sku": "4011", "qty": 1, "g": 150.0}]
    (row,) = desk.report()["reviews"]
    assert (row["verdict"], row["sold"], row["added"], row["back"]) == ("adjusted", 2, 3, 1)
    assert desk.verified() == 0


def test_what_nobody_decides_in_time_is_waived(desk: Desk) -> None:
    assert desk("review", "--overdue", "--author", "kim", "--at", LATER)[1] == "0 overdue\n"
    late = ("review", "--overdue", "--author", "kim", "--at", "2026-05-30T00:00:00")
    assert desk(*late)[1].splitlines()[0] == "t1: waive kim: overdue, 0.00 USD charged"
    assert desk.asked()[-1]["kind"] == "cancel"
    assert desk(*late)[1] == "0 overdue\n"
    assert desk.verified() == 0


def test_a_refund_is_given_once_within_the_line_and_the_window(desk: Desk) -> None:
    words = ("refund", "t2", "0123", "--store", desk.folder, "--reason", "damaged", "--author", "kim")
    status, out, _ = desk(*words, "--at", LATER)
    assert (status, out.splitlines()[0]) == (0, "t2: refund of 1 0123, damaged, by kim: number 1, 1.99 USD")
    assert desk.asked()[-1]["kind"] == "refund" and desk.asked()[-1]["total"] == 199
    status, out, _ = desk(*words, "--at", LATER)
    assert (status, out) == (
        0,
        "t2: refund of 1 0123, damaged, by kim: in the ledger already (--nth 2 makes another)\n",
    )
    assert desk(*words, "--at", LATER, "--nth", "2")[0] == 0
    more = ("refund", "t2", "0123=2", *words[3:])
    assert desk(*more, "--at", LATER)[2] == "aisle ledger: expected 1 to 1 pieces of 0123, received 2\n"
    assert desk(*words, "--nth", "3", "--at", "2026-07-30T00:00:00")[0] == 1, "the window is over"
    assert desk.balance("receivable:bob") == 3 * 199 + 36 - 2 * 199
    assert desk.verified() == 0


def test_a_dispute_waits_and_is_answered_once(desk: Desk) -> None:
    open_ = ("dispute", "t2", "0123=2", "--open", "--store", desk.folder, "--reason", "not-taken", "--author", "bob")
    asked = desk.asked()
    assert [desk(*open_, "--at", LATER)[0] for _ in range(2)] == [0, 0]
    assert desk.asked() == asked and desk.balance("receivable:bob") == 3 * 199 + 36
    answer = ("dispute", "t2", "0123", "--author", "kim", "--at", LATER)
    status, out, _ = desk(*answer, "--uphold")
    assert (status, out.splitlines()[0]) == (0, "t2: dispute 1 of 2 0123: upheld by kim, 3.98 USD back")
    assert desk(*answer, "--uphold")[1] == "t2: dispute 1 of 2 0123: answered before: grant kim\n"
    assert desk(*answer, "--reject")[0] == 1
    assert desk.balance("receivable:bob") == 199 + 36
    assert desk.stock(goods.UNCLAIMED) == {"0123": 1 + 2}
    again = ("dispute", "t2", "0123", "--open", *open_[4:])
    assert desk(*again, "--at", LATER)[0] == 0
    assert desk(*answer, "--reject")[2].startswith("aisle: t2: expected the --number of a dispute of 0123 (1, 2)")
    assert desk(*answer, "--reject", "--number", "2")[0] == 0
    assert desk.balance("receivable:bob") == 199 + 36 and desk.verified() == 0


BAD = [
    ("review t9 --waive --author kim", "expected a trip with a receipt"),
    ("review t1 --waive", "expected --author NAME, received none"),
    ("review t1 --approve --waive --author kim", "not allowed with argument"),
    ("review t1 --adjust 0123=1 --author kim", "expected --store DIR with --adjust"),
    ("review t1 --adjust 0123=-1 --author kim", "expected SKU=N or SKU=N:GRAMS"),
    ("review t1 --waive --author kim --note 4111111111111111", "received a card number, not shown"),
    ("review t1 --waive --author 4111111111111111", "received a card number, not shown"),
    ("review t1", "expected RECEIPT with --approve, --adjust or --waive"),
    ("review t1 --waive --author kim --at yesterday", "expected ns since 1970"),
    ("review t1 --waive --author kim --at 9999-12-31T00:00:00", "expected ns since 1970"),
    ("review t1 --adjust 0123=\u0663 --store STORE --author kim", "expected SKU=N"),
    ("review 4111-1111-1111-1111 --waive --author kim", "received a card number, not shown"),
    ("refund t2 0123 --reason bored --store STORE --author kim", "expected one of not-taken, returned"),
    ("refund t2 0123 --reason damaged --author kim", "received no --store"),
    ("refund t2 999 --reason damaged --store STORE --author kim", "expected a product of this receipt, received 999"),
    ("refund t2 0123=0 --reason damaged --store STORE --author kim", "expected SKU or SKU=N, N from 1"),
    ("dispute t2 0123 --uphold --author kim", "expected a dispute of 0123 (none), received none"),
    ("dispute t2 0123 --author kim", "one of the arguments --open --uphold --reject is required"),
]


@pytest.mark.parametrize(("line", "said"), BAD)
def test_bad_input_is_one_line_and_changes_nothing(file_desk: Desk, line: str, said: str) -> None:
    before = file_desk.ledger.read_bytes()  # type: ignore[union-attr]
    action, *words = line.replace("STORE", file_desk.folder).split(" ")
    status, _, err = file_desk(action, *words)
    assert status == 2 and said in err and len(err.splitlines()) == 1 and "4111" not in err
    assert file_desk.ledger.read_bytes() == before  # type: ignore[union-attr]


def test_the_store_of_another_ledger_is_refused(file_desk: Desk, tmp_path: Path) -> None:
    other = write(tmp_path / "other")
    (other / "store.toml").write_text((other / "store.toml").read_text().replace("corner-1", "corner-2"))
    status, _, err = file_desk("review", "--store", str(other))
    assert status == 2 and "expected the store of this ledger, corner-1 in USD, received corner-2 in USD" in err


def test_a_spoiled_ledger_is_not_signed_again(file_desk: Desk) -> None:
    path = Path(str(file_desk.ledger))
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"take:t1")] ^= 1
    path.write_bytes(raw)
    status, _, err = file_desk("review", "t1", "--waive", "--author", "kim")
    assert status == 2 and "(aisle ledger verify tells more)" in err
    assert path.read_bytes() == raw


def test_without_its_key_a_decision_stands_and_waits_for_a_signature(file_desk: Desk) -> None:
    (file_desk.out / "ledger.key").rename(file_desk.out / "away.key")
    status, _, err = file_desk("review", "t1", "--waive", "--author", "kim")
    assert status == 0 and "new records are not signed yet" in err
    assert file_desk.verified() == 1
    key = ("--key", str(file_desk.out / "away.key"))
    assert main(["ledger", "close", str(file_desk.ledger), *key]) == 0
    assert file_desk.verified() == 0


def test_of_several_people_at_once_one_decides_and_the_ledger_is_signed(desk: Desk) -> None:
    more = ["--out", str(desk.out), "--key", str(desk.out / "ledger.key"), "--seal", str(desk.seal)]
    wishes = (("--approve", "kim"), ("--waive", "lee"), ("--approve", "joe"))
    several = [
        subprocess.Popen([*AISLE, "ledger", "review", str(desk.ledger), "t1", wish, "--author", who, *more])
        for wish, who in wishes
    ]
    statuses = [one.wait() for one in several]
    approved = len([one for one in desk.asked() if one["kind"] == "adjust"])
    assert statuses == ([0, 1, 0] if approved else [1, 0, 1])
    assert [one["trip"] for one in desk.asked()] == ["t1", "t2", "t1"]
    assert desk.verified() == 0


class Overtaken(Book):
    """A book before whose first commit somebody else does something."""

    __slots__ = ("first",)

    def commit(self, *records: object) -> None:  # type: ignore[override]
        first, self.first = self.first, lambda: None
        first()
        super().commit(*records)  # type: ignore[arg-type]


@pytest.mark.parametrize("other", ["the same", "the contrary", "the piece"])
def test_whoever_is_overtaken_looks_again(desk: Desk, other: str) -> None:
    wish = Correction({"0123": 3}, desk.store)
    with open_existing(desk.ledger) as book, open_existing(desk.ledger) as before:

        def overtake() -> None:
            if other == "the piece":  # that nobody had been charged for is found
                move = goods.move("corner-1", evidence="found", t_ns=NOON_NS, sku="0123", quantity=1, grams=None,
                                  source=goods.UNCLAIMED, target=goods.plate("P2"))  # fmt: skip
                before.commit([move], ())
            else:
                review(before, "t1", wish if other == "the same" else Waive(), author="lee", t_ns=2 * NOON_NS)

        late = Overtaken(book._database, book.store_id, book.currency)
        late.first = overtake
        answer = review(late, "t1", wish, author="kim", t_ns=2 * NOON_NS)
    assert isinstance(answer, Refusal) == (other == "the contrary")
    assert desk.stock(goods.sold("t1")) == ({} if other == "the contrary" else {"0123": 3, "099": 1})


# Charges that are declined


@pytest.fixture
def till() -> Iterator[Till]:
    with serving_till() as one:
        one.mood = lambda: "decline"
        yield one


@pytest.fixture(params=["file", "server"])
def owing(request: pytest.FixtureRequest, tmp_path: Path, capsys: Capture, till: Till) -> Desk:
    """A day on which bob's charge is declined."""
    place: Place = tmp_path / "out" / "ledger.db"
    if request.param == "server":
        place = request.getfixturevalue("database")
    return Desk(tmp_path, place, capsys, till.url)


def purchase(desk: Desk, action: str, *words: str) -> int:
    ledger = ["--ledger", str(desk.ledger), "--key", str(desk.out / "ledger.key")]
    status = main(["purchase", action, str(desk.out), *words, *ledger])
    desk._capture.readouterr()
    return status


TOTAL = 3 * 199 + 36


def test_a_declined_charge_is_a_bad_debt_until_it_is_settled(owing: Desk) -> None:
    assert purchase(owing, "retry") == 0
    assert (owing.balance("bad-debt:bob"), owing.balance("receivable:bob")) == (TOTAL, 0)
    booked = owing.digest()
    assert purchase(owing, "retry") == 0 and owing.digest() == booked
    back = ("refund", "t2", "0123", "--store", owing.folder, "--reason", "returned", "--author", "kim", "--at", LATER)
    assert owing(*back)[0] == 0
    assert (owing.balance("bad-debt:bob"), owing.balance("receivable:bob")) == (TOTAL - 199, 0)
    assert purchase(owing, "settle", "bob", "--author", "kim") == 0
    assert (owing.balance("bad-debt:bob"), owing.balance("tender:office:kim")) == (0, TOTAL - 199)
    assert owing.report()["debts"] == [
        {
            "account": "bob", "declined_cents": TOTAL, "given_back_cents": 199, "paid_cents": 0,
            "settled_cents": TOTAL - 199, "owed_cents": 0,
        }
    ]  # fmt: skip
    with open_existing(owing.ledger) as book:
        debts = [entry for entry in book.recorded("t2").entries if entry.memo.startswith("debt")]
    assert [entry.memo for entry in debts] == ["debt declined", "debt refund", "debt settled kim"]


def test_a_declined_charge_that_is_paid_after_all_is_no_debt(owing: Desk, till: Till) -> None:
    assert purchase(owing, "retry") == 0
    till.mood = lambda: "accept"
    assert purchase(owing, "retry", "t2") == 0
    assert (owing.balance("bad-debt:bob"), owing.balance("receivable:bob")) == (0, TOTAL)
    (row,) = owing.report()["debts"]
    assert (row["paid_cents"], row["owed_cents"]) == (TOTAL, 0)


def test_a_debt_of_a_ledger_that_was_put_aside_is_settled_there(tmp_path: Path, capsys: Capture, till: Till) -> None:
    desk = Desk(tmp_path, tmp_path / "out" / "ledger.db", capsys, till.url)
    aside = desk.out / "earlier-1"
    aside.mkdir()
    for name in ("ledger.db", "ledger.db.seal"):
        (desk.out / name).rename(aside / name)
    assert main(["purchase", "settle", str(desk.out), "bob", "--author", "kim"]) == 0
    desk.ledger = aside / "ledger.db"
    assert (desk.balance("bad-debt:bob"), desk.balance("tender:office:kim")) == (0, TOTAL)
    assert main(["ledger", "verify", str(desk.ledger)]) == 0, "signed again with the key of the folder"


def test_whoever_settles_is_told_where_no_ledger_has_the_trip(
    tmp_path: Path, capsys: Capture, till: Till, database: str
) -> None:
    desk = Desk(tmp_path, database, capsys, till.url)
    assert main(["purchase", "settle", str(desk.out), "bob", "--author", "kim"]) == 0
    assert "trip t2: expected its receipt in the ledger" in capsys.readouterr().err
    assert purchase(desk, "retry") == 0
    assert (desk.balance("bad-debt:bob"), desk.balance("tender:office:kim")) == (0, TOTAL)


def test_both_kinds_of_ledger_come_to_the_same_digest(tmp_path: Path, capsys: Capture, database: str) -> None:
    digests = []
    for name, place in (("a", None), ("b", database)):
        folder = tmp_path / name
        folder.mkdir()
        desk = Desk(folder, place or folder / "out" / "ledger.db", capsys)
        adjust = ("--adjust", "0123=4", "099=0", "--store", desk.folder, "--author", "kim", "--at", LATER)
        claim = ("t2", "0123", "--store", desk.folder, "--author", "kim", "--at", LATER)
        assert desk("review", "t1", *adjust)[0] == 0
        assert desk("refund", *claim, "--reason", "damaged")[0] == 0
        assert desk("dispute", *claim, "--open", "--reason", "not-taken")[0] == 0
        assert desk("dispute", "t2", "0123", "--reject", "--author", "lee", "--at", LATER)[0] == 0
        digests.append(desk.digest())
    assert digests[0] == digests[1]


def test_who_seals_waits_for_who_seals(desk: Desk) -> None:
    """Two at once wrote the same draft of a seal, and one found it gone; an old seal could replace a new one."""
    more = ["--key", str(desk.out / "ledger.key"), "--seal", str(desk.seal)]
    act = [*AISLE, "ledger", "close", str(desk.ledger), *more]
    with alone_with(desk.ledger, desk.seal):
        waiting = subprocess.Popen(act, stdout=subprocess.DEVNULL)
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(3.0)
    assert waiting.wait() == 0
    assert desk.verified() == 0

"""A store's day for a machine: two real ledgers, an outbox, an outside that takes money, and what they were told.

Every act goes through the functions that the commands call. The process can die before any row that a ledger writes,
and before any answer that is kept.
"""

import shutil
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from hypothesis.stateful import RuleBasedStateMachine
from ledger_pair import Batch, Pair, scratch
from market import CONFIG
from till_outside import Killed, Outside

from fusion.checkout import trips
from fusion.checkout.issues import receipt_of
from fusion.checkout.receipts import Receipt
from fusion.checkout.records import Entry, Issue, Transfer
from fusion.checkout.rulings import Recorded, Refusal, recorded_of
from fusion.desk.deciding import Answer, Done
from fusion.ledger.book import Book
from fusion.messages import Gate
from fusion.purchase.booking import book_debts
from fusion.purchase.courier import deliver_due
from fusion.purchase.life import Status
from fusion.purchase.outbox import NAME, Outbox, open_outbox
from fusion.purchase.purchases import hear

T = TypeVar("T")
HOUR_NS = 3600 * 10**9


class Day(RuleBasedStateMachine):
    """What has happened so far, and how more is done; the model is the plain list of records that were committed."""

    server = ""

    def __init__(self) -> None:
        super().__init__()
        self.now_ns = 10
        self.seq = 0
        self.visits = trips.Trips("till")
        self.moved: dict[bytes, Transfer] = {}
        self.booked: dict[bytes, Entry] = {}
        self.issued: dict[str, Issue] = {}  # that stand
        self.stand: dict[str, Receipt] = {}  # of trips with an account
        self.batches: list[Batch] = []
        self.decided: list[Callable[[Book], Answer]] = []  # all that people decided
        self.rows_left: int | None = None  # that the next act writes before the power goes
        self.is_lost = False  # what the power cut short is not told again, if it was a person's decision
        self.owing: list[str] = []  # trips, as far as the last look at the outbox told
        self.settled: dict[str, int] = {}  # by trip, cents of debts that were paid some other way

    def open(self) -> None:
        """Open for the day."""
        self.pair = Pair(self.server, "till")
        self.folder = scratch()
        self.outside, self.moods, self.wall_ns, self.looks_left = Outside(self._mood), ["accept"], 10**18, -1

    def shut(self) -> None:
        """Close for good."""
        self.pair.close()
        shutil.rmtree(self.folder)

    def outbox(self) -> Outbox:
        """Open the outbox, as each process does anew."""
        return open_outbox(self.folder / NAME, "till", "USD")

    def act(self, do: Callable[[Book], T], *, may_be_lost: bool = False) -> T | None:
        """Do something with both ledgers; where the power goes before the end, again. None where it was lost."""
        rows, self.rows_left = self.rows_left, None
        if rows is not None:
            is_whole, said, batches = self.pair.die_doing(rows, do)
            self._learn(batches)
            if is_whole:
                return said
            if may_be_lost and self.is_lost:
                return None
        said, batches = self.pair.do(do)
        self._learn(batches)
        return said

    def decide(self, do: Callable[[Book], Answer]) -> Answer | None:
        """Let a person decide; whatever is decided, deciding it again adds nothing."""
        answer = self.act(do, may_be_lost=True)
        if isinstance(answer, Done):
            assert answer.is_new or do in self.decided or self._repeats(do), answer
            self.decided.append(do)
            before = self.pair.head()
            again, batches = self.pair.do(do)
            assert isinstance(again, Done) and not again.is_new and batches == []
            assert self.pair.head() == before
        return answer

    def _repeats(self, do: Callable[[Book], Answer]) -> bool:
        answer, batches = self.pair.do(do)
        return isinstance(answer, Done) and batches == []

    def tell_everything_twice(self) -> None:
        """Commit and decide all of it again, twice: nothing changes."""
        before = self.pair.head()
        for batch in (*self.batches, *self.batches):
            self.pair.commit(*batch)
        for do in (*self.decided, *self.decided):
            answer, batches = self.pair.do(do)
            assert not isinstance(answer, Refusal) and not answer.is_new and batches == []
        assert self.pair.head() == before

    def recorded(self, trip: str) -> Recorded:
        """Return what was committed of a trip."""
        return recorded_of(trip, self.moved.values(), self.booked.values())

    def deliver(self, moods: list[str], looks: int = -1) -> None:
        """Let the outbox hear of the ledger and ask what is due, as a courier that may be killed."""
        self.moods, self.looks_left = moods, looks
        with self.outbox() as outbox:
            hear(outbox, self.pair.file)
            assert hear(outbox, self.pair.schema) == 0, "both ledgers ask for the same"
            with suppress(Killed):
                deliver_due(outbox, self.outside, self.clock)
            self.look(outbox)
        self.looks_left = -1

    def look(self, outbox: Outbox) -> None:
        """See which trips are owed."""
        self.owing = [one.trip for one in outbox.purchases() if one.status is Status.OWED]

    def book_debts(self) -> None:
        """Put into the ledgers what was declined."""
        with self.outbox() as outbox:
            self.act(lambda book: book_debts(outbox, book))
            if self.rows_left is None:
                assert self.pair.do(lambda book: book_debts(outbox, book)) == ((), [])

    def clock(self) -> int:
        """Return the time; somebody who looks once too often is killed."""
        self.wall_ns += 1000
        self.looks_left -= 1
        if self.looks_left == 0:
            raise Killed
        return self.wall_ns

    def enter_trip(self, account: str | None, role: str, party: int) -> None:
        """Let somebody in."""
        self.seq += 1
        message = Gate("door", self.seq, self.now_ns, "door", "enter", account, party, role)
        self.visits = trips.enter(self.visits, message, self.now_ns, CONFIG)

    def _mood(self) -> str:
        return self.moods[0] if len(self.moods) == 1 else self.moods.pop(0)

    def _learn(self, batches: list[Batch]) -> None:
        for transfers, entries, receipts in batches:
            self.batches.append((transfers, entries, receipts))
            self.moved |= {one.transfer_id: one for one in transfers}
            self.booked |= {one.entry_id: one for one in entries}
            self.issued |= {one.trip: one for one in receipts}
            self.stand |= {one.trip: receipt for one in receipts if (receipt := receipt_of(one)).account is not None}

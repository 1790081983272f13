"""The desk behind the page: the queue, and decisions, by the same functions as the command line (`fusion.desk`).

A ledger file is opened only while nobody else sits over it, and for as long as one question takes: whoever closes it at
the end of a run must be the only one who has it open.
"""

import argparse
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from fusion.arguments import GRAMS_MAX, QUANTITY_MAX
from fusion.checkout.receipts import REVIEW
from fusion.checkout.review import Approve, Waive
from fusion.checkout.rulings import Refusal
from fusion.config import Config
from fusion.desk.deciding import Answer, DeskError, Matter, check_store, matter_of
from fusion.desk.queue import waiting_cases
from fusion.desk.reviews import Correction, Wish, review
from fusion.desk.sitting import tell_port, when
from fusion.ledger.book import Book
from fusion.ledger.database import BookError
from fusion.ledger.reading import reading_book
from fusion.ledger.sitting import alone_with, sitting
from fusion.purchase.outbox_file import OutboxError
from fusion.purchase.port import PortError
from fusion.store import Store, product_rows
from fusion.web.receipts import decisions, is_decided, records_of, waiting
from fusion.web.said import receipt_body

LINES_MAX: Final = 200


class Refused(Exception):
    """A request that cannot be answered: an HTTP status and a line."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Decided(NamedTuple):
    """A decision that stands: the answer, and whether it is new."""

    answer: dict[str, Any]
    is_new: bool


class Desk:
    """The ledger of a run."""

    def __init__(self, ledger: Path | str, key: Path, out: Path, store: Store) -> None:
        self._ledger, self._key, self._out, self._store = ledger, key, out, store
        self._seal = None if isinstance(ledger, Path) else out / "ledger.seal"
        self._one = threading.Lock()  # one question at a time; the file lock is between processes
        self._queue: tuple[int, list[dict[str, Any]]] = (-1, [])  # as of so many records
        self.decided: dict[str, dict[str, Any]] = {}  # id -> receipt as it stands, of those that were decided

    def queue(self) -> list[dict[str, Any]]:
        """Return what waits for a person, the most urgent first."""
        with self._reading() as book:
            if book is None:
                return []
            records = book.records()
            if records != self._queue[0]:
                issues = {issue.trip: issue for issue in book.receipts()}
                cases = waiting_cases(book, Config().checkout)
                self._queue = records, [waiting(case, issues[case.trip]) for case in cases]
                self.decided |= {trip: receipt_body(one.line) for trip, one in issues.items() if is_decided(one)}
            return self._queue[1]

    def matter(self, id_: str) -> dict[str, Any] | None:
        """Return a receipt as it stands, with what was decided on it; None where the ledger has none."""
        with self._reading() as book:
            if book is None:
                return None
            try:
                matter = matter_of(book, id_)
            except DeskError:
                return None
        said = decisions(matter.issue, matter.recorded)
        return {"receipt": receipt_body(matter.issue.line), "decisions": said}

    def decide(self, id_: str, said: Mapping[str, Any], author: str) -> Decided:
        """Decide on a receipt, once; raises Refused where that cannot be."""
        notes: list[str] = []
        try:
            with self._one, sitting(self._ledger, key=self._key, seal=self._seal, say=notes.append) as book:
                check_store(book, self._store)
                wish = wish_of(said, matter_of(book, id_), self._store)
                answer: Answer = review(book, id_, wish, author=author, t_ns=when(book, id_, None))
                matter = matter_of(book, id_)
        except DeskError as error:
            raise Refused(404, str(error)) from None
        except (BookError, OSError) as error:
            raise Refused(503, f"the ledger cannot be written now: {error}") from None
        for note in notes:
            print(f"aisle web: {note}", file=sys.stderr, flush=True)
        if isinstance(answer, Refusal):
            waits = matter.receipt.status == REVIEW and not is_decided(matter.issue)
            raise Refused(422 if waits else 409, str(answer))
        body = receipt_body(matter.issue.line)
        self.decided[id_] = body
        return Decided({"receipt": body, "records": records_of(matter.issue, matter.recorded)}, answer.is_new)

    def tell_port(self) -> None:
        """Let the purchase port hear of what was decided; whatever it says, the decision stands."""
        words = argparse.Namespace(ledger=self._ledger, out=self._out, key=self._key)
        try:
            tell_port(words)
        except (BookError, OSError, OutboxError, PortError) as error:
            print(f"aisle web: purchase port: {error}", file=sys.stderr, flush=True)

    @contextmanager
    def _reading(self) -> Iterator[Book | None]:
        """Give the ledger to read, None where there is none yet."""
        with self._one:
            try:
                with alone_with(self._ledger), reading_book(self._ledger) as book:
                    yield book
            except FileNotFoundError:
                yield None
            except BookError as error:
                raise Refused(503, f"the ledger cannot be read now: {error}") from None


def wish_of(said: Mapping[str, Any], matter: Matter, store: Store) -> Wish:
    """Return what a request wants to become of a receipt; raises Refused where it is nonsense."""
    match said:
        case {"verdict": "approve", **rest} if not rest:
            return Approve()
        case {"verdict": "waive", **rest} if not rest:
            return Waive()
        case {"verdict": "adjust", "lines": [_, *_] as lines, **rest} if not rest and len(lines) <= LINES_MAX:
            return _correction(lines, matter, store)
    raise Refused(422, "expected a verdict: approve, waive, or adjust with lines, received something else")


def _correction(lines: list[Any], matter: Matter, store: Store) -> Correction:
    quantities: dict[str, int] = {}
    grams: dict[str, float] = {}
    for number, line in enumerate(lines, 1):
        match line:
            case {"sku": str(sku)} if (
                sku not in quantities and set(line) - {"sku"} <= {"qty", "grams"} and len(line) > 1
            ):
                weight, pieces = line.get("grams"), line.get("qty")
                if weight is not None:
                    grams[sku] = _grams(weight, number)
                    pieces = _pieces(sku, grams[sku], matter, store) if pieces is None else pieces
                if not isinstance(pieces, int) or isinstance(pieces, bool) or not 0 <= pieces <= QUANTITY_MAX:
                    raise Refused(422, f"line {number}: expected a qty of 0 to {QUANTITY_MAX}, received another")
                quantities[sku] = pieces
            case _:
                raise Refused(
                    422, f"line {number}: expected a sku, once, and its qty or grams, received something else"
                )
    return Correction(quantities, store, grams)


def _grams(weight: Any, number: int) -> float:
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0.0 <= weight <= GRAMS_MAX:
        raise Refused(422, f"line {number}: expected grams of 0 to {GRAMS_MAX:.0f}, received something else")
    return float(weight)


def _pieces(sku: str, grams: float, matter: Matter, store: Store) -> int:
    """Return how many pieces so many grams are: those of the receipt, or as many as usual ones would be."""
    if grams == 0.0:
        return 0
    proposed = next((line.quantity for line in matter.receipt.lines if line.sku == sku), None)
    row = product_rows(store.products).get(sku)
    usual = 1 if row is None else max(1, round(grams / max(float(store.products.mass_g[row]), 1.0)))
    return min(proposed or usual, QUANTITY_MAX)

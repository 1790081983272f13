"""The review queue: receipts that wait for a person, and what becomes of them.

A receipt waits with its goods in suspense and its money pending. A person approves it, adjusts its lines (see
`adjusting`) or waives it (the goods are gone, nobody is charged). Nobody is asked twice: the second decision is
refused. When the deadline passes, the store's default applies under the name "deadline". It is to waive, unless
configured to approve: a proposal was held because charging it unseen costs more than it brings, and nothing has been
learned since. Either way that never charges more than was proposed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from fusion.checkout import goods
from fusion.checkout.adjusting import Adjust, adjusted, misfit, not_taken, unnoticed
from fusion.checkout.decision import CheckoutConfig
from fusion.checkout.holds import reasons
from fusion.checkout.postings import money, post, void
from fusion.checkout.receipts import REVIEW, SETTLED, Receipt
from fusion.checkout.records import POSTED, Transfer
from fusion.checkout.rulings import Recorded, Refusal, Ruling, transfer, unnamed, waiting

BY_DEADLINE = "deadline"  # author of what nobody decided in time


@dataclass(frozen=True, slots=True)
class Approve:
    """Charge what was proposed."""


@dataclass(frozen=True, slots=True)
class Waive:
    """Charge nothing."""


Verdict: TypeAlias = Approve | Adjust | Waive
NAMES = {Approve: "approve", Adjust: "adjust", Waive: "waive"}


@dataclass(frozen=True, slots=True)
class Case:
    """One receipt in the queue."""

    trip: str
    account: str
    reasons: tuple[str, ...]  # "doubt", "age", "tender"
    events: tuple[str, ...]  # evidence: rows of events.jsonl that the lines rest on
    proposed_cents: int
    opened_ns: int
    deadline_ns: int


def queue(receipts: Iterable[Receipt], recorded: Mapping[str, Recorded], config: CheckoutConfig) -> tuple[Case, ...]:
    """Return the cases that nobody has decided, the most urgent first; recorded is by trip."""
    cases = [_case(one, config) for one in receipts if _undecided(one, recorded.get(one.trip, Recorded()))]
    return tuple(sorted(cases, key=lambda case: (case.deadline_ns, case.trip)))


def default_verdict(case: Case, now_ns: int, config: CheckoutConfig) -> Verdict | None:
    """Return what applies to a case whose deadline has passed; author it BY_DEADLINE."""
    if now_ns < case.deadline_ns:
        return None
    return Approve() if config.review_default == NAMES[Approve] else Waive()


def rule(
    receipt: Receipt, verdict: Verdict, recorded: Recorded, store_id: str, *, author: str, t_ns: int
) -> Ruling | Refusal:
    """Decide a case; `recorded` is what the ledger holds of the trip."""
    refusal = unnamed(author) or _refusal(receipt, verdict, recorded, t_ns)
    if refusal:
        return refusal
    decided = _decided(receipt, verdict)
    by = f" {NAMES[type(verdict)]} {author}"
    held = waiting(recorded.entries)
    # What is approved is posted as it was recorded: tables may have changed since.
    resolve = post if isinstance(verdict, Approve) else void
    entries = tuple(resolve(entry, t_ns, by) for entry in held)
    if isinstance(verdict, Adjust):
        entries += money(decided, verdict.store, cause="review", t_ns=t_ns, state=POSTED, by=by)
    moved = _moved(receipt, decided, verdict, recorded, store_id, t_ns)
    return Ruling(decided, moved, entries)


def _case(receipt: Receipt, config: CheckoutConfig) -> Case:
    assert receipt.account is not None and receipt.closed_ns is not None
    events = dict.fromkeys(event for line in receipt.lines for event in line.events)
    return Case(
        trip=receipt.trip,
        account=receipt.account,
        reasons=reasons(receipt),
        events=tuple(events),
        proposed_cents=receipt.total_cents,
        opened_ns=receipt.closed_ns,
        deadline_ns=receipt.closed_ns + config.review_deadline_ns,
    )


def _undecided(receipt: Receipt, recorded: Recorded) -> bool:
    """Tell whether a receipt waits: nothing has left its suspense, and it has something to decide."""
    suspense = goods.suspense(receipt.trip)
    moved = any(transfer.source == suspense for transfer in recorded.transfers)
    return receipt.status == REVIEW and receipt.account is not None and bool(receipt.lines) and not moved


def _refusal(receipt: Receipt, verdict: Verdict, recorded: Recorded, t_ns: int) -> Refusal | None:
    if not _undecided(receipt, recorded):
        return Refusal("a receipt that waits for a decision", f"{receipt.trip}, {receipt.status} or decided")
    assert receipt.closed_ns is not None
    if t_ns < receipt.closed_ns:
        return Refusal(f"a time from {receipt.closed_ns} ns on, when the trip closed", str(t_ns))
    held_cents = sum(leg.amount_cents for e in waiting(recorded.entries) if e.memo == "sale" for leg in e.legs[:1])
    if held_cents != receipt.total_cents:
        return Refusal(f"the receipt that the ledger holds, of {held_cents} cents", f"one of {receipt.total_cents}")
    return misfit(receipt, verdict) if isinstance(verdict, Adjust) else None


def _decided(receipt: Receipt, verdict: Verdict) -> Receipt:
    """Return the receipt as it stands after the decision: nothing holds it any more."""
    match verdict:
        case Approve():
            return replace(receipt, status=SETTLED, holds=())
        case Adjust():
            return adjusted(receipt, verdict)
        case Waive():
            nothing = replace(receipt, lines=(), tax_cents=0, total_cents=0, discounts=(), payments=())
            return replace(nothing, status=SETTLED, holds=())


def _moved(
    receipt: Receipt, decided: Receipt, verdict: Verdict, recorded: Recorded, store_id: str, t_ns: int
) -> tuple[Transfer, ...]:
    """Return the transfers that empty a trip's suspense, and those of pieces that nobody had noticed."""
    kept = {line.sku: line.quantity for line in decided.lines}
    suspense, sold = goods.suspense(receipt.trip), goods.sold(receipt.trip)
    moves = []
    for line in receipt.lines:
        stays = min(line.quantity, kept.get(line.sku, 0))
        gone = line.quantity - stays
        is_back = isinstance(verdict, Adjust)
        targets = not_taken(line, gone, receipt.trip, recorded) if is_back else {goods.UNCLAIMED: gone}
        moves += [(line, suspense, target, pieces) for target, pieces in ({sold: stays} | targets).items()]
    if isinstance(verdict, Adjust):
        moves += [(line, source, sold, more) for line, source, more in unnoticed(receipt, decided, verdict)]
    return tuple(
        transfer(
            line,
            receipt,
            store_id,
            evidence="review",
            t_ns=t_ns,
            quantity=pieces,
            source=source,
            target=target,
        )
        for line, source, target, pieces in moves
        if pieces
    )

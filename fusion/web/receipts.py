"""What the ledger holds, as a page has it: receipts as they stand, what waits for a person, records of a decision."""

from typing import Any

from fusion.checkout.issues import CLOSE
from fusion.checkout.records import Issue
from fusion.checkout.review import Case
from fusion.checkout.rulings import Recorded
from fusion.web.said import receipt_body
from fusion.web.times import ms_of

CLAIMS = ("refund", "dispute")  # memos of money that went back after the receipt


def waiting(case: Case, issue: Issue) -> dict[str, Any]:
    """Return one case of the review queue."""
    body = receipt_body(issue.line)
    return {
        "id": case.trip,
        "trip": case.trip,
        "account": case.account,
        "closed": ms_of(case.opened_ns),
        "total": case.proposed_cents,
        "confidence": body["confidence"],
        "holds": list(case.reasons),
        "lines": body["lines"],
        "due": ms_of(case.deadline_ns),
    }


def is_decided(issue: Issue) -> bool:
    """Tell whether a person, or a deadline, has decided on a receipt."""
    return issue.memo != CLOSE


def decisions(issue: Issue, recorded: Recorded) -> list[dict[str, Any]]:
    """Return what was decided on a receipt, in order of time."""
    found = [_decision(issue.t_ns, issue.memo)] if is_decided(issue) else []
    later = [_decision(one.t_ns, one.memo) for one in recorded.entries if one.memo.split(" ")[0] in CLAIMS]
    return [*found, *later]


def records_of(issue: Issue, recorded: Recorded) -> list[dict[str, Any]]:
    """Return the records that the decision on a receipt made; all of them are of its instant."""
    if not is_decided(issue):
        return []
    entries = [
        {
            "kind": "entry",
            "id": one.entry_id.hex(),
            "t": ms_of(one.t_ns),
            "memo": one.memo,
            "state": one.state,
            "legs": [[leg.account, leg.amount_cents] for leg in one.legs],
        }
        for one in recorded.entries
        if one.t_ns == issue.t_ns
    ]
    transfers = [
        {
            "kind": "transfer",
            "id": one.transfer_id.hex(),
            "t": ms_of(one.t_ns),
            "sku": one.sku,
            "qty": one.quantity,
            "source": one.source,
            "target": one.target,
        }
        for one in recorded.transfers
        if one.t_ns == issue.t_ns
    ]
    issued = {"kind": "receipt", "id": issue.receipt_id.hex(), "t": ms_of(issue.t_ns), "memo": issue.memo}
    return [*entries, *transfers, issued]


def _decision(t_ns: int, memo: str) -> dict[str, Any]:
    words = memo.split(": ")[0].split(" ")
    return {"t": ms_of(t_ns), "verdict": words[0], "by": words[1] if len(words) > 1 else None, "text": memo}

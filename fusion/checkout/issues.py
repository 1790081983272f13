"""Receipts as the ledger keeps them: each is issued when its trip closes, and issued anew when a person decides on it.

The ledger can so give back every receipt as it stands and as it stood, without any other file, and what its heads sign
covers what shoppers were shown: lines, events behind them, doubt.
"""

from collections.abc import Iterable, Iterator

from fusion.checkout.receipts import Receipt, receipt_of_json
from fusion.checkout.records import Issue, derive_id

CLOSE = "close"  # memo of a trip's first receipt


def first_issues(receipts: Iterable[Receipt], store_id: str) -> Iterator[Issue]:
    """Return the receipts of closed trips as they are first issued; an open trip has none yet."""
    for one in receipts:
        if one.closed_ns is not None:
            yield Issue(derive_id("receipt", store_id, one.trip), one.closed_ns, one.trip, CLOSE, one.to_json())


def reissue(issue: Issue, receipt: Receipt, memo: str, t_ns: int) -> Issue:
    """Return the receipt as it stands from t_ns on; `memo` says what was decided and by whom."""
    assert receipt.trip == issue.trip
    receipt_id = derive_id("replacement", issue.receipt_id.hex())
    return Issue(receipt_id, t_ns, issue.trip, memo, receipt.to_json(), replaces=issue.receipt_id)


def receipt_of(issue: Issue) -> Receipt:
    """Return the receipt that was issued."""
    return receipt_of_json(issue.line)

"""The desk: what people decide about receipts, written into a ledger as linked records.

Theory of operation. A decision is made by one function over an open ledger: it reads what the ledger holds of the trip,
asks `fusion.checkout` for the records that follow (or why there are none), and commits them together with the receipt
as it then stands. Whether the same was decided before is read from the ledger, so doing it again, after a crash or by
another person, changes nothing, and a decision that contradicts an earlier one is refused. The commands, and the tests
that try every order of things, call these same functions.

    queue.py       what waits for a person
    deciding.py    the one way to decide: read, rule, commit, once
    reviews.py     approve, adjust, waive; what nobody decided in time
    claims.py      refunds and disputes, by line
    sitting.py     a ledger is opened for decisions, signed again where it was, and the purchase port told
    commands.py claim_commands.py    `aisle ledger review`, `refund`, `dispute`
"""

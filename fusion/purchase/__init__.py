"""The purchase port: what the ledger charges, asked of whoever takes the money, and what became of it.

Theory of operation. One direction of flow, once more:

    ledger -> demands -> outbox -> courier -> port (a file, or a webhook) -> answers -> outbox

The ledger is a function of the tape and never waits for an answer, so that a replay gives the same bytes whatever a
processor said. What it holds of a trip determines what to ask (`demands`); there is no second list of charges that
could differ from it, and whoever commits to the ledger, reading it again finds what has not been asked yet. A crash
between the ledger's commit and ours is mended by that, one between ours and sending by sending, one between sending
and keeping the answer by sending again under the same id, which the outside takes once (Idempotency-Key).

    requests.py request_json.py        pure: requests as values, and as the lines that go out
    demands.py                         pure: from the records of a trip to its requests
    answers.py life.py standing.py     pure: answers, the life cycle of a purchase, where one stands
    backoff.py debts.py                pure: when to ask again; who may enter
    bad_debts.py booking.py            pure: what a declined charge does to the books; into the ledger, when a run ends
    outbox.py outbox_file.py           purchases.db: requests and events, only ever added to (outbox_rules.py)
    authorisations.py                  whether a token is good for a limit, asked at the gate
    port.py file_port.py webhook.py    who is asked: the protocol, a file of JSON lines (default), HTTP (signature.py)
    courier.py waiting.py              asks what is due, one courier at a time
    purchases.py                       the outbox of a run: follows what a session commits
    operating.py listing.py            what an operator does and sees
    commands.py flags.py               `aisle purchase`, `--purchases`

Only payment tokens go out: a request with a card number in it is refused before it is kept, an answer with one keeps
its status and loses its words. A declined charge is a debt, here at once and in the ledger when a run ends; whether an
account with one may enter is asked of the outbox by the gate (`may_enter`), outside the engine: the engine sees who was
let in.
"""

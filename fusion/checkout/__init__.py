"""Checkout: what a trip pays for, and the ledger that proves it.

Theory of operation: goods move, money follows.

Every unit stands on one goods account at a time: on a plate, in a hand, in a cart, sold, in suspense, with staff,
unclaimed, on the floor, or still with the supply. A `Transfer` moves units of one SKU from one account to
another and is never edited, so goods are conserved by construction and the history of an item is its list
of transfers. A correction is a further transfer that names the one it reverses.

When a trip ends, `decision` turns beliefs about quantities into the charge of least expected cost and says
whether the receipt may settle or must wait for a person. `pricing` makes the receipt, in integer cents, in steps
that each have a module: the price and mass of each product (`tariff`), what promotions and coupons take off
(`promotions`), what each tender pays of each line (`tenders`), the tax on what is left to tax (`taxes`), and what
holds a receipt although nobody doubts it (`holds`). `postings` moves the charged goods out of the cart (to `sold`,
or to `suspense` while a person looks) and writes balanced money entries (posted, or pending): the sale, which the
account owes, and what each tender pays of it. A pending entry is later posted or voided, a posted one reversed, each
by a further entry that names it. Money is only ever a projection of goods that moved.

A person's decision is further records: `rulings` says how entries that wait are closed, `review` decides on receipts
(`adjusting` puts lines right), `refunds` gives back what was paid for a line (`shares`), to the tender that paid it, or
holds it until a dispute is answered (`disputes`). `issues` are receipts as the ledger keeps them, each as it stood when
its trip closed and after every decision.

Ids are hashes of the evidence behind a record. The same evidence gives the same id, so committing it again,
after a crash or from a replayed tape, changes nothing. `fusion.ledger` keeps all of it. `trips` says when a visit
begins and ends. Everything here is pure.
"""

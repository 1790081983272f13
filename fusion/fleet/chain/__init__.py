"""The ledger of a chain of stores: the heads of all of them, their entries and receipts, in one PostgreSQL schema.

Theory of operation. Each store keeps its own ledger, and its chain of hashes is the proof. Taking looks at a store's
ledger from the last head that was taken on: the link there must still be the one that was taken, every record from
there on must hash to its link, a signature must be the store's. Only then are the new entries and receipts written
here, with the new head, in one transaction; of a store where anything is wrong nothing is taken, and what was found is
kept.
So a store cannot change what it once handed in, and what is here can be proven against the store's own ledger.

Nothing that was taken is changed or removed: the same triggers that guard a store's ledger stand before these tables.
Transfers of goods stay with the store; they count in the links.

    tables.py     the schema
    taking.py     one store's ledger into the chain's
    asking.py     sales by store and day, open reviews, heads that are behind or do not verify
    commands.py   `aisle fleet ledger`
"""

"""Many stores on many machines: recordings replayed in bulk, stores kept live, the ledger of a chain.

Theory of operation. Ray places work on machines and starts it again where one dies; it carries no frames and no
money. What is done lies on the disk, and whoever goes on finds it there.

Replaying is a task a recording, and a task runs `aisle replay` as it is. A recording is done when a mark that names
what went in (recording, store, configuration) and what came out (the ledger's digest) stands beside its run.json; a
task that finds that mark does nothing, one that does not begins anew. So killed workers and killed drivers cost the
recordings they were at, and the digests are those of one `aisle replay` after another.

A live store is an actor that runs the service of `aisle serve`; frames come to its own gateway. It holds a lease, of
which there is one a store, and goes on from the newest snapshot and the journal as any service that was killed does.
Where its process or its machine dies, Ray starts it elsewhere: there its address and its output folder must be the
same, so the folder is on a disk that machines share, and the address is a name that moves.

    machines.py                             Ray, started here or joined elsewhere; the only way to it
    recordings.py replaying.py told.py      what lies under a folder; one recording, all of them; what came of it
    stores.py                               STORES.toml
    lease.py lease_rows.py                  whose store it is: a lock and an epoch, or a row
    hosting.py keeping.py                   a store in its actor; the driver of them all
    chain/                                  the ledger of a chain of stores, in PostgreSQL
    commands.py                             `aisle fleet`
"""

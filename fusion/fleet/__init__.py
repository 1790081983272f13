"""Many stores on many machines: recordings replayed in bulk, stores kept live, the ledger of a chain.

Theory of operation. Ray places work on machines and starts it again where one dies; it carries no frames and no
money. What is done lies on the disk, and whoever goes on finds it there.

Replaying is a task a recording, and a task runs `aisle replay` as it is. A recording is done when a mark that names
what went in (recording, store, configuration) and what came out (the ledger's digest) stands beside its run.json; a
task that finds that mark does nothing, one that does not begins anew. So killed workers and killed drivers cost the
recordings they were at, and the digests are those of one `aisle replay` after another.

    machines.py             Ray, started here or joined elsewhere; the only way to it
    recordings.py           what lies under a folder, and whether it is done
    replaying.py            one recording in a worker, all of them by a driver
    told.py                 the table and fleet.json
    commands.py             `aisle fleet`
"""

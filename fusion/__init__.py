"""The engine: what sensors say in, who pays for what out. It imports neither sensors nor scenarios.

Data flows one way, and every stage is a folder:

    wire.py messages.py   bytes <-> typed messages, with limits
    intake/               one order of event time: reorder window, duplicates, gaps
    tracking/             camera frames -> tracks -> people with accounts; carts
    shelf/                plate samples -> shelf changes with variance
    attribution/          who took or put what: evidence, readings, joint hypotheses
    checkout/             trips, prices, receipts, transfers of goods and money entries
    health/               which sensors are to be trusted, what the store is blind to
    settlement.py         trips that are over -> receipts, events, transfers, postings
    engine.py             step(state, slice): the stages composed, pure

Around it stand the shells, the only code that touches files, sockets or clocks: store*.py loads a store folder,
recording.py reads and writes MCAP, journal/ is the tape on disk, ledger/ keeps and proves what was charged, desk/ is
where people decide on it, purchase/ asks for the money, snapshots.py keeps the engine's state, aside.py what must not
be overwritten, session.py drives step and writes an output folder, replay.py and live/ feed it, ahead.py reads large
recordings for it on the second core, fleet/ does either for many stores on many machines, cli.py is the command
`aisle`, overview.py its help, progress.py its bars. web/ is the operator's page, served by a process of its own that
reads an output folder. explain*.py, report/, compare/ and view/ read such a folder back (outfolder.py) for people and
for other programs. config.py holds every tunable with its unit; frozen.py makes frozen dataclasses that are cheap to
make; warm.py compiles the kernels, once; collector.py keeps Python's collector of cycles from looking through all of
it all the time.
"""

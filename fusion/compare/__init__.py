"""`aisle compare`: what changed between two runs, receipt by receipt and event by event.

    pairing.py      which receipt and which event of one run is which of the other
    differences.py  pure: two output folders -> what differs, as plain values; also `--json`
    table.py        that as a table of at most 100 columns
    commands.py     the subcommand; exit status 0 the same, 1 different, 2 bad input

Comparing is symmetric: the other way round, the same differences have their sides exchanged.
"""

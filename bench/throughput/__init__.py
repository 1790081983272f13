"""How fast recordings are replayed: `python -m bench.throughput [--loads S,M,L,XL]`, on the loads of bench/loads.

runs.py measures one thing in a process of its own: a replay, a replay with its stages timed, the floor (reading,
decoding and touching every byte once, with the same libraries), the command from a cold start. figures.py makes
medians of them, report.py tables.
"""

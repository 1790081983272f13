"""Aisle's floor tracking beside other trackers, on the same neutral detections: `python -m bench.trackers`.

streams.py makes walkers and what a detector sees of them; adapters.py, a script, runs one tracker over one stream, in
this environment or in one of those that environments.py makes for the peers; metrics.py scores what comes out, the same
way for all; report.py prints and draws.
"""

"""Sensor faults while people shop: `python -m bench.health` says what each costs and whether health names the culprit.

tapes.py      drawn shoppers in a small store, simulated once a seed
plans.py      the faults, each played onto a tape, and whom each hits
telling.py    whether what truly happened could tell a wrong gain at all
runs.py       one replay: receipts against the truth, who was named, when
__main__.py   all of it in parallel, and a table
"""

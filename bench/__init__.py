"""Bench: what is measured, never asserted in a test.

judge.py replays the recorded cases and scores them with the outside judge; speed.py prints how many seconds of store
time one second of wall time replays, and where the time goes.
"""

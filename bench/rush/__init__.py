"""What a rush costs: `python -m bench.rush` replays a store full of shoppers and tells which stage takes how long.

case.py draws shoppers until so many are inside at once, simulates them once and keeps the recording; stages.py times
the stages of the real Session while it replays, report.py turns times into tables, picture.py draws them.
"""

"""How long after it happened the live service says so: `python -m bench.latency [--loads S,M]`.

sending.py plays a load's sensors in processes of their own, each message at its time, over ZeroMQ to a real `aisle
serve`; live.py runs both and returns what the service says of its latencies in run.json (fusion/latency.py).
"""

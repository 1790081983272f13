"""Simulated sensors: from what truly happens in a store to what they say; importers of foreign recordings.

world.py is all of the truth a sensor may look at. plates.py, cameras.py (optics.py, occlusion.py, sightings.py),
cart*.py, gate.py and portal.py turn it into messages; clocks.py and sending.py give every source its own clock,
lateness and sequence; sources.py names the sources of a world. faults.py and fault_*.py play faults onto what any
sensor sent. publish.py sends over ZeroMQ; aifi*.py reads the public AiFi test case format.
"""

"""Simulated sensors: from what truly happens in a store to what they say; importers of foreign recordings.

world.py is all of the truth a sensor may look at. plates.py (plate_*.py), cameras.py (views.py, noticing.py,
detections.py, estimates.py and what those name), cart.py (cart_*.py), gate.py and portal.py turn it into messages;
clocks.py and sending.py give every source its own clock, lateness and sequence; sources.py names the sources of a
world. faults.py says what can go wrong as data, fault_*.py play it onto what any sensor sent, simulated or recorded.
publish.py sends over ZeroMQ; scanner.py is the device of staff that tells of test weights, handheld.py a real one;
aifi*.py reads the public AiFi test case format.
"""

"""Reference loads: four stores from AiFi's nano store to a supermarket, full of people, simulated once and kept.

loads.py says what each is and the bar it names, making.py draws its people, simulates it and keeps it under out/loads
as long as what makes it stays the same. bench/throughput, bench/latency and bench/growth measure on them.
"""

"""How cost grows: `python -m bench.growth`, stores in which one thing doubles again and again.

axes.py says what doubles and what stays, fitting.py fits the exponent to what bench.throughput's stages cost in
processor time while everybody is inside, picture.py draws it.
"""

"""What shoppers do: store layouts, scripts of intentions, bodies and goods in motion, and the truth of it.

A script (script.py, library.py) says what people mean to do. acting.py plays it on a stage (stage.py, paths.py,
handling.py, motion.py) in a store (layout.py, catalogue.py, goods.py, storefile.py); performance.py is what came of it,
staging.py makes it a world for the sensors, truth.py writes down who took what. simulate.py records it, live.py plays
it with each sensor a process of its own, demo.py (beside.py, children.py) shows it from sensors to receipts.
"""

"""Bench: what is measured, never asserted in a test.

judge.py replays recorded cases and scores them with the outside judge. loads/ makes the reference loads S, M, L and
XL; throughput/ tells how fast they are replayed and where the time goes, latency/ how soon the live service says what
happened, growth/ how cost grows with the store, rush/ which stage takes it as a store fills. realism.py
(realism_*.py) puts simulated plates beside those of a real store, camera_figures.py (camera_rows.py) any ceiling
cameras beside the truth of their case. picture.py draws an output folder, stage_picture.py what truly happened in a
scenario. golden.py keeps the recorded scenarios' ledgers. page.py (page_picture.py) looks at the
operator's page in a browser: frames, load, heap, and a picture. accuracy/ tells how right receipts are and what each
witness earns, health/ what bad sensors cost, clocks.py what a wrong clock does, trackers/ how the floor tracking
stands to others. chaos/ kills, cuts and attacks the live path, fuzz/ feeds it what no sensor should send, ledger.py
counts receipts a second, soak.py plays a long day (rounds.py: a recording again and again). kept.py keeps what they
simulate for as long as the simulator stays the same.
fleet.py runs many stores at once, extent.py works out what ten thousand need. sweep/ is `aisle sweep`: numbers of the
configuration tuned on some cases and judged on others.
"""

import os

# As the command does, before numpy is imported: threads of BLAS wait for each other, and count as the engine's.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

"""How right the receipts are, by scenario family and in all, and what each witness earns: `python -m bench.accuracy`.

cases.py simulates the library once and finds recordings of other stores; replaying.py runs the engine over them in a
pool; scoring.py adds up what the judge counts; ablation.py names the witnesses and how to do without each; report.py
prints the tables, picture.py draws how far confidence and event p can be believed.
"""

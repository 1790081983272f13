"""`aisle sweep`: values of fusion/config.py tried over recordings with truth, picked on some and judged on others.

Cases are split by family, so that no scenario stands on both sides with different seeds. The train split picks; the
held-back split, which no candidate but the picked one and the default ever sees, is what is reported.

    space.py      names and ranges of what is tried -> configurations
    scoring.py    pure: receipts beside the truth, counts that add up
    trying.py     one case with one configuration, on Ray; what was tried is kept
    told.py       the table and sweep.json
    commands.py   the command
"""

"""`aisle compare`: what changed between two runs of the same store, receipt by receipt and event by event.

Theory of operation: rows of A are paired with rows of B, first by id, which is made from the evidence and so is the
same where the engine saw the same; what is left is paired by what it is about (account and time, or kind, plates and
time), the nearest first. A pair that differs in anything charged, said or believed is a difference, and so is a row
without a pair: totals of A plus all differences are the totals of B. Beliefs nearer than 0.001 count as the same.

    pairing.py       which row of A is which of B
    differences.py   what differs, as one value of plain rows
    words.py         that value as lines of the terminal
    commands.py      the command; report/page/compare.html and compare.js draw --html
"""

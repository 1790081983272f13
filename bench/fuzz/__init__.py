"""Bytes that no sensor should send, through decode and the whole engine: `python -m bench.fuzz`.

mutations.py   a good payload made bad: bytes, lengths, kinds, values, topics; and plain rubbish
feeding.py     a recording played round after round, mutants before its messages; what became of each, memory, time
comparing.py   what the store said all the same, against a run that nobody disturbed
guided.py      the decoder through atheris, which looks for inputs that reach new code of it
"""

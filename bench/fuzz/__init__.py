"""Bytes that no sensor should send, through decode and the whole engine: `python -m bench.fuzz`.

mutations.py   a good payload made bad: bytes, lengths, kinds, values, topics; and plain rubbish
feeding.py     mutants fed to a session between the messages of a tape; what became of each, and the memory it took
guided.py      the same through atheris, which looks for inputs that reach new code of the decoder
"""

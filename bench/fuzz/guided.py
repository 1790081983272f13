"""The decoder under atheris, which mutates what reached new code: `python -m bench.fuzz.guided FOLDER -runs=100000`.

A process of its own, for atheris ends it. `bench.fuzz --guided N` starts it with the payloads of a tape as its corpus.
"""

import sys

import atheris  # type: ignore[import-not-found]

with atheris.instrument_imports(
    include=["fusion.wire", "fusion.wire_arrays", "fusion.wire_fields", "fusion.wire_schema"]
):
    from fusion.messages import Kind, Malformed
    from fusion.wire import decode, encode

TOPICS = tuple(f"{kind.value}/a" for kind in Kind)


def check(data: bytes) -> None:
    """Decode bytes under a topic of each kind in turn; what is a message must be the same message once encoded."""
    topic = TOPICS[data[0] % len(TOPICS)] if data else TOPICS[0]
    message = decode(topic, data[1:])
    if not isinstance(message, Malformed):
        again = decode(topic, encode(message))
        assert type(again) is type(message), again


if __name__ == "__main__":
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()

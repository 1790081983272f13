"""Things go wrong between sensors and ledger, on purpose and by a seed: `python -m bench.chaos`."""

"""One replay of a tape with a fault played onto it: receipts against the truth, who was named and how soon."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.clock_faults import frames_of, rows_of
from bench.health.plans import TROUBLES, Trouble, begin_s, scene_of, target_of
from bench.health.tapes import clean_tape
from bench.health.telling import in_doubt
from fusion.config import SECOND_NS
from fusion.session import Session
from fusion.store import load_store
from sensors.fault_stream import disturb_all, since_first

GRAMS = 5.0  # a line sold by weight is right within this, or within a hundredth
SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one fault on one tape."""

    trouble: str
    seed: int
    culprit: str
    trips: int
    settled: int
    wrong: tuple[str, ...]  # accounts that were charged something else than they took, without a person looking
    review: int
    named: bool
    notice_s: float  # from the fault's beginning to its being named; NaN where it was not
    words: str  # what was said of the culprit first
    false: tuple[str, ...]  # other sensors that were named, with what was said
    suspects: tuple[str, ...] = ()  # plates that may weigh wrong, by name and words, as the tape ended
    doubt: str = ""  # why nobody could name the culprit, by what truly happened
    weighed: "Outcome | None" = None  # the same after a test weight has lain on the suspects, where nobody was named

    @property
    def is_suspect(self) -> bool:
        """Whether the culprit is at least among the plates that a person was told to check."""
        return any(what.startswith(f"{self.culprit} ") for what in self.suspects)


def play(case: Path, seed: int, number: int, out: Path) -> Outcome | None:
    """Replay a case with trouble `number` of TROUBLES; None where it has no such sensor.

    Where health can only suspect the culprit, staff weigh what it suspects, on a tape that goes on with that.
    """
    trouble = TROUBLES[number]
    outcome = _replay(case, seed, trouble, out)
    if outcome is None or outcome.named or not outcome.is_suspect:
        return outcome
    plates = tuple(sorted(what.split(" ", 1)[0] for what in outcome.suspects))
    tape = clean_tape(seed, case.parent, long=trouble.long, weighs=plates)
    weighed = _replay(tape, seed, trouble, out.with_name(f"{out.name}-weighed"), outcome.culprit)
    return replace(outcome, weighed=weighed)


def _replay(case: Path, seed: int, trouble: Trouble, out: Path, culprit: str = "") -> Outcome | None:
    store = load_store(case / "store")
    truth = json.loads((case / "truth.json").read_text(encoding="utf-8"))
    frames = frames_of(case)
    from_s = begin_s(trouble, frames, truth)
    culprit = culprit or trouble.whom(target_of(frames, store, truth, from_s))
    if not culprit and not trouble.name.startswith("none"):
        return None
    plan = trouble.faults(scene_of(culprit, frames, store, truth, from_s))
    session = Session(store, out)
    for _, frame in disturb_all(plan, since_first(frames), store=store, seed=seed):
        session.feed(frame)
    session.finish()
    suspects = session.close()["health"]["suspects"]
    receipts = [row for row in rows_of(out / "receipts.jsonl") if row["account"] is not None]
    settled = [row for row in receipts if row["status"] == "settled"]
    said = [row for row in rows_of(out / "health.jsonl") if "src" in row and row["state"] != "ok"]
    mine = [row for row in said if row["src"] == culprit]
    begun_ns = frames[0].arrival_ns + int(from_s * SECOND_NS)
    each = store.products
    by_piece = {sku for sku, by_weight in zip(each.sku, each.by_weight, strict=True) if not by_weight}
    return Outcome(
        trouble=trouble.name,
        seed=seed,
        culprit=culprit,
        trips=len(receipts),
        settled=len(settled),
        wrong=tuple(row["account"] for row in settled if not is_right(row, receipts, truth)),
        review=sum(row["status"] == "review" for row in receipts),
        named=bool(mine),
        notice_s=(mine[0]["t"] - begun_ns) / SECOND_NS if mine else float("nan"),
        words=mine[0]["text"] if mine else "",
        false=tuple(f"{row['src']} {row['text']}" for row in said if row["src"] != culprit),
        suspects=tuple(f"{plate} {words}" for plate, words in suspects.items()),
        doubt=in_doubt(truth["events"], culprit, begun_ns, by_piece) if any(one.kind == "gain" for one in plan) else "",
    )


def is_right(receipt: Mapping[str, Any], receipts: list[dict[str, Any]], truth: Mapping[str, Any]) -> bool:
    """Tell whether a receipt charges what its trip took; an account's trips are told apart by their order."""
    own = [row["trip"] for row in sorted(receipts, key=lambda r: r["entered"]) if row["account"] == receipt["account"]]
    true = [row["lines"] for row in truth["receipts"] if row["account"] == receipt["account"]]
    at = own.index(receipt["trip"])
    took = true[at] if at < len(true) else {}
    lines = {line["sku"]: line for line in receipt["lines"]}
    if set(lines) != {sku for sku, amount in took.items() if amount}:
        return False
    return all(_alike(line, took[sku]) for sku, line in lines.items())


def _alike(line: Mapping[str, Any], amount: float) -> bool:
    if line["g"] is None:
        return bool(line["qty"] == amount)
    return bool(abs(line["g"] - amount) <= max(GRAMS, SHARE * amount))

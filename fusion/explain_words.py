"""An explanation in words, 100 columns wide."""

import math
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime

from fusion.explain_facts import DOUBT_SHOWN, Facts
from fusion.explain_verdict import REST, TIE_NATS

WIDTH = 100
MEANING = {
    "mass": "what the plates weighed",
    "planogram": "what stands on these plates",
    "count": "how many are taken at once",
    "body": "where they stood",
    "hands": "where their hands were",
    "held": "what was seen in their hands",
    "cart": "what the cart's camera saw",
    "prior": "how often such a thing happens",
    REST: "who was who, later looks, tags, other changes",
}


def event_words(facts: Facts) -> list[str]:
    """Say all of one change."""
    return [
        *_verdict(facts),
        *(line for one in facts["comparisons"] for line in ("", *_compared(one))),
        *([] if facts["comparisons"] else ["", "No other reading was left.", *_alone(facts)]),
        "",
        "All readings",
        *(line for one in facts["readings"] for line in _wrapped(f"{_p_or(one['p'])}  {one['reading']}", "  ")),
        *_people(facts["people"]),
    ]


def receipt_words(facts: Facts) -> list[str]:
    """Say what a receipt rests on and what makes it doubtful."""
    whose = facts["account"] or f"trip {facts['trip']}"
    head = f"{whose}: {facts['status']}, {_money(facts['total'])} with {_money(facts['tax'])} tax."
    lines = [*_wrapped(f"{head} The whole receipt is right with p {_p(facts['confidence'])}.")]
    for line in facts["lines"]:
        grams = f", {line['g']:.0f} g" if line["g"] is not None else ""
        text = f"{line['qty']} x {line['name']}{grams}  {_money(line['amount'])}  p {_p(line['confidence'])}"
        lines += ["", *_wrapped(text)]
        lines += [
            row for c in line["changes"] for row in _wrapped(f"{c['event']}  {c['decided']}, p {_p(c['p'])}", "  ")
        ]
    if not facts["lines"]:
        lines += ["", "Nothing was charged."]
    return [*lines, "", *_doubts(facts)]


def _verdict(facts: Facts) -> list[str]:
    at = datetime.fromtimestamp(facts["t"] // 10**9, UTC).strftime("%Y-%m-%d %H:%M:%S")
    place = ", ".join(f"{p['plate']} {p['delta_g']:+.1f} g (sd {p['sd_g']:.1f})" for p in facts["plates"])
    where = {"shelf": f"plates {place}", "passing": "between people, no plate", "exit": "at the exit, no plate"}
    head = f"{facts['event']}  {at}.{facts['t'] // 10**7 % 100:02d} UTC  {where[facts['kind']]}"
    outcome = f": {facts['outcome']}" if facts["outcome"] else ""
    lines = [*_wrapped(head), "", *_wrapped(f"{facts['decided']}, p {_p(facts['p'])}{outcome}.")]
    if max(r["p"] or 0.0 for r in facts["readings"]) > facts["p"]:
        lines += _wrapped("By itself another reading was likelier; the charge of the whole trip decided.")
    return lines


def _compared(one: Facts) -> list[str]:
    not_left = "ruled out before the end" if one["weighed"] else "not weighed: somebody else was far likelier"
    p = f"p {_p(one['p'])}" if one["p"] is not None else not_left
    lines = [*_wrapped(f"Rather than: {one['other']} ({p})"), f"  {'evidence in nats':60} decided   other   diff."]
    for row in one["witnesses"]:
        name = f"{row['witness']:10} {MEANING[row['witness']]}"
        told = [_nats(row[k]) for k in ("decided", "other", "difference")]
        if set(told) != {_nats(0.0)}:
            lines.append(f"  {name:60} {' '.join(told)}")
    if abs(one[REST]) >= 0.05:
        lines.append(f"  {f'{REST:10} {MEANING[REST]}':76} {_nats(one[REST])}")
    lines.append(f"  {'in all':76} {_nats(one['in all'])}  {_odds(one['in all'])}".rstrip())
    return [*lines, *_wrapped(f"What would have changed the verdict: {turning_words(one)}", "  ")]


def turning_words(one: Facts) -> str:
    """Say what would have changed the verdict."""
    if one["in all"] < 0.0:
        return "nothing had to, by itself this reading was the likelier one."
    if not one["turning"]:
        return "nothing by being absent; the evidence would have to say the opposite."
    gains = {row["witness"]: row["difference"] for row in one["witnesses"]} | {REST: one[REST]}
    named = [f"{witness} ({gains[witness]:+.1f})" for witness in one["turning"]]
    won = f"have won by {-one['left']:.1f} nats" if one["left"] < -TIE_NATS else "have been as likely"
    return f"without {' and '.join(named)} this other reading would {won}."


def _alone(facts: Facts) -> list[str]:
    """Say what speaks for a reading that has nothing beside it."""
    return [f"  {f'{k:10} {MEANING[k]}':60} {_nats(nats)}" for k, nats in facts["why"].items()]


def _people(people: Sequence[Facts]) -> list[str]:
    if not people:
        return []
    lines = ["", f"{'Who was near':26} {'body':>6} {'hands':>6}  {'hand to plates at the step':28} seen in the hand"]
    for one in people:
        name = one["who"] if one["p"] > 0.995 else f"{one['who']}, p {_p(one['p'])}"
        if not one["within_reach"]:
            lines.append(f"  {name[:24]:24} out of reach")
            continue
        hand = one["hand"]
        near = f"{hand['m']:.2f} m (sd {hand['sd']:.2f}) at {hand['t']:+.2f} s" if hand else "nobody saw it"
        held = ", ".join(f"{sku[:20]} {nats:+.1f}" for sku, nats in list(one["held"].items())[:1]) or "-"
        body, hands = (one["why"].get(k, 0.0) for k in ("body", "hands"))
        lines.append(f"  {name[:24]:24} {body:+6.1f} {hands:+6.1f}  {near:28} {held}"[:WIDTH])
    return lines


def _doubts(facts: Facts) -> list[str]:
    waits = facts["status"] == "review"
    held = [row for why in facts["held_for"] for row in _wrapped(f"A person must look: {why}.")]
    heavy = [line for line in facts["lines"] if line["grams_off_p"] >= DOUBT_SHOWN]
    if not facts["doubts"] and not heavy:
        start = "" if held else "It is in review by what a mistake would cost; " if waits else "Settled: "
        text = f"{start}no single change leaves a doubt worth naming."
        return [*held, text[0].upper() + text[1:]]
    why = "The largest doubts" if held or not waits else "It is in review because of these doubts"
    lines = [*held, f"{why}, largest first:"]
    for one in facts["doubts"]:
        lines += _wrapped(f"{one['event']}  {one['decided']}; otherwise with p {_p(one['p_otherwise'])}:", "  ")
        lines += [row for o in one["or"] for row in _wrapped(f"p {_p(o['p'])}  {o['reading']}", "      ")]
    for line in heavy:
        off = f"{line['g']:.0f} g of {line['name']} may be off by more than a scale may be, p {_p(line['grams_off_p'])}"
        lines += _wrapped(f"{off}: the plates were not still before and after, or other goods moved beside.", "  ")
    return lines


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "    ")


def _p(p: float) -> str:
    """Return a probability with digits enough to tell it from 0 and 1."""
    return f"{p:.3f}" if 0.001 <= p <= 0.999 else f"{p:.1e}" if p < 0.001 else f"{math.floor(p * 1e6) / 1e6:.6f}"


def _p_or(p: float | None) -> str:
    return "ruled out" if p is None else f"p {_p(p)}"


def _nats(nats: float) -> str:
    return f"{round(nats, 1) + 0.0:+7.1f}"


def _odds(nats: float) -> str:
    if nats <= 0.0:
        return ""
    return f"{math.exp(nats):,.0f}:1" if nats < math.log(1e6) else "> 1e6:1"


def _money(cents: int) -> str:
    return f"{cents / 100:.2f}"

// Small parts that stand in many places: whose it is, how sure, what state.

import { el } from "./dom";
import { colourOf } from "./plan/colours";
import type { Receipt } from "./protocol";
import { brief, certainty, percent } from "./words";

/** Who: their colour on the floor, and their name. */
export function whoChip(account: string | null): HTMLElement {
  const chip = el("span", { class: "who-chip", title: account ?? "Nobody is known to have done this" }, el("i", {}), brief(account));
  chip.dataset["colour"] = `${colourOf(account)}`;
  return chip;
}

/** How sure: a bar, a number, and a word for those who listen. */
export function sureness(p: number): HTMLElement {
  const meter = el("meter", { min: 0, max: 1, value: p, "aria-hidden": "true" });
  const bar = el("span", { class: "sure", title: `${certainty(p)}: probability ${percent(p)}` }, meter, el("span", { text: percent(p) }));
  bar.dataset["tone"] = { sure: "good", likely: "", doubtful: "doubt" }[certainty(p)];
  return bar;
}

const STATUS: Record<Receipt["status"], [string, string]> = {
  settled: ["✓ Settled", "good"],
  review: ["▲ In review", "doubt"],
  open: ["○ Open", ""],
};

/** What became of a receipt. */
export function statusChip(status: Receipt["status"]): HTMLElement {
  const [words, tone] = STATUS[status];
  const chip = el("span", { class: "chip", text: words });
  chip.dataset["tone"] = tone;
  return chip;
}

/** A sentence where a list has nothing to show. */
export const nothing = (words: string): HTMLElement => el("p", { class: "nothing", text: words });

// Why a change was read as it was: plates, hands, floor, what else was likely, and what each witness adds.

import { el } from "../dom";
import type { Model } from "../model";
import { sureness, whoChip } from "../parts";
import type { Evidence } from "../protocol";
import { brief, percent, timeOf, verb } from "../words";
import { floorAround, hueOf, lines } from "./charts";

const HANDS_MAX = 4; // the nearest; a hand beyond HAND_M moved nothing
const HAND_M = 2;
const PLATE_HUES = ["hue0", "hue1", "hue2", "hue3"];

/** Make the view of one change's evidence. */
export function makeEvidence(evidence: Evidence, model: Model): HTMLElement {
  const { event } = evidence;
  const at: [number, number] | null = event.t0 === undefined ? null : [event.t0, event.t1];
  const body = el("div", { class: "evidence" }, alternatives(evidence, model), witnesses(evidence));
  if (evidence.plates.length)
    body.append(
      card(
        "Plates",
        lines(
          evidence.plates.map((one, i) => ({ name: one.plate, hue: PLATE_HUES[i % 4] ?? "hue0", t: one.t, y: one.grams.map((g) => g - (one.grams[0] ?? 0)) })),
          at,
          "g",
          "Grams on each plate against the beginning",
        ),
      ),
    );
  if (evidence.hands.length)
    body.append(
      card(
        "Nearest hand to the plate",
        lines(
          nearest(evidence.hands).map((one) => ({ name: one.account === null ? `track ${one.track}` : brief(one.account), hue: hueOf(one.account), t: one.t, y: one.distance })),
          at,
          "m",
          "Distance of each person's hand, in metres",
        ),
      ),
    );
  if (evidence.floor.length) body.append(card("Floor", floorAround(evidence, model.store)));
  if (evidence.words.length)
    body.append(el("details", { class: "card wide words", open: evidence.plates.length === 0 }, el("summary", { text: "In words" }), ...evidence.words.map((line) => el("p", { text: line }))));
  return body;
}

/** Return the hands that came near, nearest first; at least one. */
function nearest(hands: Evidence["hands"]): Evidence["hands"] {
  const far = (one: Evidence["hands"][number]): number => Math.min(...one.distance);
  const sorted = [...hands].sort((a, b) => far(a) - far(b));
  return sorted.filter((one, i) => i === 0 || (i < HANDS_MAX && far(one) <= HAND_M));
}

const card = (title: string, ...inside: HTMLElement[]): HTMLElement => el("section", { class: "card" }, el("h4", { text: title }), ...inside);

function alternatives(evidence: Evidence, model: Model): HTMLElement {
  const { event } = evidence;
  const decided = event.sku === undefined ? "As decided" : `${event.account ?? "nobody known"} ${verb(event.kind)} ${event.qty} x ${model.words.product(event.sku)}`;
  const rows = [{ words: decided, p: event.p ?? 0 }, ...evidence.alternatives.filter((one) => one.p >= 0.0005)].slice(0, 6);
  return card("What it can have been", alternativesList(rows));
}

/** Make the list of what a change can have been; what was decided comes first. */
export function alternativesList(rows: { words: string; p: number }[]): HTMLElement {
  return el("ol", { class: "alternatives" }, ...rows.map((row, i) => el("li", { class: i ? "" : "decided" }, el("span", { text: row.words }), el("span", { class: "alt-p" }, el("meter", { min: 0, max: 1, value: row.p, "aria-hidden": "true" }), el("span", { text: percent(row.p) })))));
}

function witnesses(evidence: Evidence): HTMLElement {
  const most = Math.max(1, ...evidence.witnesses.map((one) => Math.abs(one.nats)));
  const rows = evidence.witnesses.map((one) =>
    el(
      "tr",
      {},
      el("th", { scope: "row", text: one.name }),
      el("td", {}, el("div", { class: "for" }, el("meter", { min: 0, max: most, value: Math.max(0, -one.nats), class: "against", "aria-hidden": "true" }), el("meter", { min: 0, max: most, value: Math.max(0, one.nats), "aria-hidden": "true" }))),
      el("td", { class: "num", text: `${one.nats > 0 ? "+" : one.nats < 0 ? "−" : ""}${Math.abs(one.nats).toFixed(2)}` }),
    ),
  );
  if (rows.length === 0) return card("Witnesses", el("p", { class: "nothing", text: "Nothing has been weighed yet." }));
  return card("Witnesses, in nats", el("table", { class: "witnesses" }, el("tbody", {}, ...rows)));
}

/** Make the line that stands for a change in a list. */
export function changeHead(evidence: Evidence, model: Model): HTMLElement[] {
  const { event } = evidence;
  if (event.sku === undefined) return [el("b", { text: "Hand-over, or found at the exit" })];
  return [
    el("span", { class: "mark", text: event.kind === "pick" ? "↓" : "↑", "aria-hidden": "true" }),
    el("b", { class: "grow", text: model.words.goods(event.sku, event.qty) }),
    whoChip(event.account),
    el("time", { text: timeOf(event.t0) }),
    sureness(event.p),
  ];
}

// A receipt in full, and where it waits for a decision, the decision: a key, then Enter.

import * as api from "../api";
import { el, put } from "../dom";
import type { Model } from "../model";
import { statusChip, sureness, whoChip } from "../parts";
import type { Doubt, Evidence, ReceiptCase, Verdict } from "../protocol";
import { span, timeOf, weight } from "../words";
import { makeAdjusting, type Adjusting } from "./adjust";
import { alternativesList, changeHead, makeEvidence } from "./evidence";

export type Choice = "approve" | "adjust" | "waive";

export interface CaseView {
  element: HTMLElement;
  /** Begin a decision; false where there is none to take. */
  begin: (choice: Choice) => boolean;
  /** Leave a decision that was begun; false where none was. */
  cancel: () => boolean;
}

const ASKS: Record<Choice, (total: string) => string> = {
  approve: (total) => `Charge ${total} as it stands?`,
  adjust: () => "Charge the lines as edited?",
  waive: (total) => `Charge nothing, waive ${total}?`,
};

/** Make the view of a receipt; `decided` is called when a decision stands. */
export function makeCase(id: string, found: ReceiptCase, model: Model, holds: string[], decided: (words: string) => void): CaseView {
  const { receipt } = found;
  const money = model.words.money;
  const canDecide = model.me.role === "reviewer" && receipt.status === "review" && found.decisions.length === 0;
  const table = linesTable(found, model);
  const bar = el("div", { class: "decide", role: "group", "aria-label": "Decision" });
  let choice: Choice | null = null;
  let adjusting: Adjusting | null = null;

  const choices: [Choice, string, string][] = [
    ["approve", "A", `Approve ${money(receipt.total)}`],
    ["adjust", "E", "Adjust lines"],
    ["waive", "W", "Waive"],
  ];

  function rest(): void {
    choice = null;
    adjusting?.element.replaceWith(table);
    adjusting = null;
    bar.replaceChildren(...choices.map(([name, key, words]) => el("button", { class: name === "approve" ? "primary" : "", onclick: () => void begin(name) }, words, el("kbd", { text: key }))));
  }

  function begin(name: Choice): boolean {
    if (!canDecide) return false;
    rest();
    choice = name;
    const said = el("p", { class: "decide-said", role: "alert" });
    const confirm = el("button", { class: "primary", onclick: () => void send(confirm, said) }, "Confirm", el("kbd", { text: "Enter" }));
    const ask = el("p", { class: "decide-ask", text: ASKS[name](money(receipt.total)) });
    bar.replaceChildren(ask, confirm, el("button", { onclick: () => rest() }, "Cancel", el("kbd", { text: "Esc" })), said);
    if (name === "adjust") {
      adjusting = makeAdjusting(receipt.lines, model, () => (confirm.disabled = adjusting !== null && adjusting.verdict() === null));
      confirm.disabled = adjusting.verdict() === null;
      table.replaceWith(adjusting.element);
      adjusting.element.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement) || event.target.type !== "number") return;
        event.preventDefault();
        if (!confirm.disabled) confirm.click();
      });
      adjusting.focus();
    } else confirm.focus();
    return true;
  }

  async function send(confirm: HTMLButtonElement, said: HTMLElement): Promise<void> {
    const verdict: Verdict | null = choice === "adjust" ? (adjusting?.verdict() ?? null) : choice === null ? null : { verdict: choice };
    if (verdict === null) return;
    confirm.disabled = true;
    put(said, "");
    try {
      const after = await api.decide(id, verdict);
      model.takeDecided({ id, receipt: after });
      const words = { approve: `Approved, ${money(after.total)} charged.`, adjust: `Adjusted, ${money(after.total)} charged.`, waive: "Waived, nothing charged." };
      decided(words[verdict.verdict]);
    } catch (error) {
      put(said, error instanceof Error ? error.message : String(error));
      confirm.disabled = false;
      confirm.focus();
    }
  }

  if (canDecide) rest();
  const left = receipt.left ?? receipt.closed;
  const element = el(
    "article",
    { class: "case" },
    el(
      "header",
      { class: "case-head" },
      el("div", { class: "case-who" }, whoChip(receipt.account), statusChip(receipt.status)),
      el("b", { class: "money big", text: money(receipt.total) }),
      el("dl", { class: "facts" }, ...fact("Right with", sureness(receipt.confidence)), ...fact("In", timeOf(receipt.entered)), ...fact("Out", left === null ? "still inside" : timeOf(left)), ...fact("Stayed", left === null ? "–" : span(left - receipt.entered)), ...fact("Party", `${receipt.party}`), ...fact("Tax", money(receipt.tax))),
    ),
    holds.length ? el("section", { class: "holds" }, el("h3", { text: "Why it waits" }), el("ul", {}, ...holds.map((words) => el("li", { text: words })))) : null,
    el("section", { class: "case-lines" }, table),
    canDecide ? bar : null,
    found.decisions.length ? el("section", { class: "decisions" }, el("h3", { text: "Decided" }), ...found.decisions.map((one) => el("p", { text: decisionWords(one) }))) : null,
    found.doubts.length ? el("section", { class: "doubts" }, el("h3", { text: "What leaves it open" }), ...found.doubts.map(doubtCard)) : null,
    el("section", {}, el("h3", { text: "Evidence" }), ...changes(found, model)),
  );
  return {
    element,
    begin,
    cancel: () => {
      if (choice === null) return false;
      rest();
      return true;
    },
  };
}

function fact(name: string, value: string | HTMLElement): HTMLElement[] {
  return [el("div", {}, el("dt", { text: name }), el("dd", {}, value))];
}

function linesTable(found: ReceiptCase, model: Model): HTMLElement {
  const { lines, tax, total } = found.receipt;
  if (lines.length === 0) return el("p", { class: "nothing", text: "Nothing was bought." });
  return el(
    "table",
    { class: "lines-table" },
    el("thead", {}, el("tr", {}, el("th", { text: "Product" }), el("th", { class: "num", text: "Quantity" }), el("th", { text: "Right with" }), el("th", { class: "num", text: "Amount" }))),
    el("tbody", {}, ...lines.map((line) => el("tr", {}, el("th", { scope: "row", text: model.words.product(line.sku) }), el("td", { class: "num", text: line.g === null ? `${line.qty}` : weight(line.g) }), el("td", {}, sureness(line.confidence)), el("td", { class: "num", text: model.words.money(line.amount) })))),
    el("tfoot", {}, el("tr", {}, el("td", { text: "Tax" }), el("td", {}), el("td", {}), el("td", { class: "num", text: model.words.money(tax) })), el("tr", { class: "total" }, el("td", { text: "Total" }), el("td", {}), el("td", {}), el("td", { class: "num", text: model.words.money(total) }))),
  );
}

/** What was decided of one change, how likely it was otherwise, and what it was rather. */
function doubtCard(one: Doubt): HTMLElement {
  const rows = [{ words: one.decided, p: 1 - one.p }, ...one.others];
  return el("div", { class: "card" }, alternativesList(rows));
}

/** The changes behind a receipt, the most doubtful first and open; the others are drawn when they are opened. */
function changes(found: ReceiptCase, model: Model): HTMLElement[] {
  const doubt = new Map<string, number>();
  const all = new Map<string, Evidence>();
  for (const line of found.lines)
    for (const one of line.events)
      if (typeof one === "object" && one !== null) {
        all.set(one.event.event, one);
        doubt.set(one.event.event, Math.min(line.confidence, one.event.p ?? 0, doubt.get(one.event.event) ?? 1));
      }
  for (const { p, change } of found.doubts)
    if (change !== null) {
      all.set(change.event.event, change);
      doubt.set(change.event.event, Math.min(1 - p, doubt.get(change.event.event) ?? 1));
    }
  const sure = (one: Evidence): number => doubt.get(one.event.event) ?? 1;
  const once = [...all.values()].sort((a, b) => sure(a) - sure(b));
  if (once.length === 0) return [el("p", { class: "nothing", text: "No change stands behind it." })];
  return once.map((evidence, i) => {
    const inside = el("div", { class: "change-body" });
    const element = el("details", { class: "change" }, el("summary", {}, ...changeHead(evidence, model)), inside);
    element.addEventListener("toggle", () => {
      if (element.open && inside.childElementCount === 0) inside.append(makeEvidence(evidence, model));
    });
    element.open = i === 0;
    return element;
  });
}

function decisionWords(one: unknown): string {
  if (typeof one !== "object" || one === null) return String(one);
  const { t, text, verdict, by } = one as { t?: number; text?: string; verdict?: string; by?: string };
  return [t === undefined ? "" : timeOf(t), text ?? [verdict, by].filter(Boolean).join(" by ")].filter(Boolean).join("  ");
}

// Receipts of trips that are over, the newest first.

import { el, keyed, put } from "../dom";
import type { Model } from "../model";
import { nothing, statusChip, sureness, whoChip } from "../parts";
import type { Receipt } from "../protocol";
import { timeOf } from "../words";

/** Make the list of receipts. */
export function makeReceipts(model: Model, open: (id: string) => void): HTMLElement {
  const list = el("ol", { class: "list", "aria-label": "Receipts, newest first" });
  const empty = nothing("Nobody has left yet.");
  const sum = el("span", { class: "sum" });
  const update = keyed<Receipt>(
    list,
    (receipt) => receipt.trip,
    (receipt) => {
      const button = el("button", { class: "item", onclick: () => open(receipt.id ?? receipt.trip) });
      let before: Receipt | null = null;
      return {
        element: el("li", {}, button),
        update: (now) => {
          if (now === before) return;
          before = now;
          button.replaceChildren(...parts(now, model));
        },
      };
    },
  );
  model.on(["receipts"], () => {
    update(model.receipts);
    empty.hidden = model.receipts.length > 0;
    const settled = model.receipts.filter((receipt) => receipt.status === "settled");
    put(sum, model.receipts.length ? `${settled.length} settled, ${model.words.money(settled.reduce((cents, receipt) => cents + receipt.total, 0))}` : "");
  });
  return el("div", { class: "panel-body" }, el("div", { class: "filters" }, sum), empty, list);
}

function parts(receipt: Receipt, model: Model): HTMLElement[] {
  const n = receipt.lines.reduce((sum, line) => sum + line.qty, 0);
  return [
    el("span", { class: "what" }, whoChip(receipt.account), el("span", { class: "sub" }, statusChip(receipt.status), `${n === 0 ? "nothing" : n === 1 ? "1 item" : `${n} items`}`, receipt.party > 1 ? `, party of ${receipt.party}` : "")),
    el("span", { class: "end" }, el("b", { class: "money", text: model.words.money(receipt.total) }), el("span", { class: "row" }, sureness(receipt.confidence), el("time", { text: receipt.closed === null ? "open" : timeOf(receipt.closed) }))),
  ];
}

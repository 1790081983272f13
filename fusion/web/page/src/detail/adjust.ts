// Putting a receipt's lines right: fewer, more, others; what it comes to is only an estimate until the ledger says so.

import { el, put } from "../dom";
import type { Model } from "../model";
import type { Line, Verdict } from "../protocol";
import { listPrice } from "../words";

interface Edited {
  sku: string;
  field: HTMLInputElement;
  before: number | null; // null: a line that was added
}

export interface Adjusting {
  element: HTMLElement;
  /** What to ask for: the lines that differ; null while nothing does or a field is wrong. */
  verdict: () => Verdict | null;
  focus: () => void;
}

/** Make the editor of lines. */
export function makeAdjusting(given: readonly Line[], model: Model, changed: () => void): Adjusting {
  const edited: Edited[] = [];
  const body = el("tbody", {});
  const sum = el("b", { class: "money" });
  const isByWeight = (sku: string): boolean => model.store.products[sku]?.unit === "kg";
  const byName = new Map(Object.entries(model.store.products).map(([sku, product]) => [`${product.name} (${sku})`, sku]));
  const names = el("datalist", { id: "product-names" }, ...[...byName.keys()].map((name) => el("option", { value: name })));
  const add = el("input", { list: "product-names", placeholder: "Add a product", "aria-label": "Add a product", onchange: () => addNamed() });

  function addLine(sku: string, value: number, before: number | null): HTMLInputElement {
    const unit = isByWeight(sku) ? "g" : "pieces";
    const field = el("input", { type: "number", min: 0, max: unit === "g" ? 100000 : 999, step: 1, value, required: true, "aria-label": `${model.words.product(sku)}, ${unit}`, oninput: () => tell() });
    const price = el("td", { class: "num" });
    const element = el(
      "tr",
      {},
      el("th", { scope: "row", text: model.words.product(sku) }),
      el(
        "td",
        { class: "stepper" },
        el("button", { type: "button", class: "icon", "aria-label": "Less", text: "−", tabindex: -1, onclick: () => nudge(field, -1, unit) }),
        field,
        el("button", { type: "button", class: "icon", "aria-label": "More", text: "+", tabindex: -1, onclick: () => nudge(field, 1, unit) }),
        el("span", { class: "unit", text: unit === "g" ? "g" : "" }),
      ),
      price,
    );
    body.append(element);
    edited.push({ sku, field, before });
    return field;
  }

  function nudge(field: HTMLInputElement, by: number, unit: string): void {
    field.value = `${Math.max(0, field.valueAsNumber + by * (unit === "g" ? 50 : 1)) || 0}`;
    tell();
  }

  function addNamed(): void {
    const sku = byName.get(add.value) ?? (model.store.products[add.value] ? add.value : undefined);
    if (sku === undefined) return;
    add.value = "";
    const there = edited.find((one) => one.sku === sku);
    const field = there?.field ?? addLine(sku, isByWeight(sku) ? 100 : 1, null);
    field.focus();
    field.select();
    tell();
  }

  function tell(): void {
    let cents = 0;
    edited.forEach((one, i) => {
      const n = one.field.valueAsNumber || 0;
      const amount = listPrice(isByWeight(one.sku) ? { qty: 1, g: n } : { qty: n, g: null }, model.store.products[one.sku]);
      cents += amount;
      const row = body.children[i] as HTMLElement;
      put(row.lastElementChild as HTMLElement, model.words.money(amount));
      row.classList.toggle("differs", n !== one.before);
    });
    put(sum, model.words.money(cents));
    changed();
  }

  for (const line of given) {
    const value = isByWeight(line.sku) ? Math.round(line.g ?? 0) : line.qty;
    addLine(line.sku, value, value);
  }
  const element = el(
    "div",
    { class: "adjusting" },
    el("table", { class: "lines-table" }, el("thead", {}, el("tr", {}, el("th", { text: "Product" }), el("th", { text: "Quantity" }), el("th", { class: "num", text: "List price" }))), body, el("tfoot", {}, el("tr", {}, el("td", {}, add, names), el("td", { class: "num", text: "Before tax and offers" }), el("td", { class: "num" }, sum)))),
  );
  tell();
  return {
    element,
    verdict: () => {
      if (edited.some((one) => !one.field.checkValidity())) return null;
      const lines = edited
        .filter((one) => one.field.valueAsNumber !== one.before)
        .map((one) => (isByWeight(one.sku) ? { sku: one.sku, grams: one.field.valueAsNumber } : { sku: one.sku, qty: one.field.valueAsNumber }));
      return lines.length ? { verdict: "adjust", lines } : null;
    },
    focus: () => {
      const first = edited[0]?.field ?? add;
      first.focus();
      first.select(); // what is typed replaces what stands there
    },
  };
}

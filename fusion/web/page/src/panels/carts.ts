// Each shopper's virtual cart: what they have by now, as read at first, and what it comes to.

import { el, keyed, put, type Row } from "../dom";
import type { Model } from "../model";
import { nothing, whoChip } from "../parts";
import type { Basket } from "../protocol";

type Item = [account: string, basket: Basket];

/** Make the list of carts. */
export function makeCarts(model: Model): HTMLElement {
  const list = el("ul", { class: "list", "aria-label": "Carts" });
  const empty = nothing("Nobody has anything in their cart.");
  const find = el("input", { type: "search", placeholder: "Find shopper or product", "aria-label": "Find shopper or product", oninput: () => show() });
  const sum = el("span", { class: "sum" });
  const update = keyed<Item>(list, ([account]) => account, ([account]) => row(account));

  function show(): void {
    const sought = find.value.trim().toLowerCase();
    const all: Item[] = [...model.baskets];
    const shown = all.filter(
      ([account, basket]) => sought === "" || account.toLowerCase().includes(sought) || basket.lines.some(([sku]) => model.words.product(sku).toLowerCase().includes(sought)),
    );
    update(shown);
    empty.hidden = shown.length > 0;
    put(sum, all.length ? `${all.length} ${all.length === 1 ? "cart" : "carts"}, ${model.words.money(all.reduce((cents, [, basket]) => cents + basket.total, 0))}` : "");
  }

  function row(account: string): Row<Item> {
    const total = el("b", { class: "money" });
    const lines = el("ul", { class: "lines" });
    const head = el("button", { class: "item", "aria-label": `Follow ${account}`, title: "Show on the floor", onclick: () => model.choose(model.chosen === account ? null : account) }, whoChip(account), total);
    const element = el("li", { class: "card" }, head, lines);
    let before = "";
    return {
      element,
      update: ([, basket]) => {
        head.setAttribute("aria-pressed", `${model.chosen === account}`);
        const now = JSON.stringify(basket);
        if (now === before) return;
        before = now;
        put(total, model.words.money(basket.total));
        lines.replaceChildren(...basket.lines.map(([sku, qty]) => el("li", {}, el("span", { text: model.words.product(sku) }), el("span", { class: "qty", text: `× ${qty}` }))));
      },
    };
  }

  model.on(["baskets", "chosen"], show);
  return el("div", { class: "panel-body" }, el("div", { class: "filters" }, find, sum), empty, list);
}

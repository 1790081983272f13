// The feed: picks, put-backs, receipts and changes of mode as they are said, the newest first.

import { el, keyed, put, type Row } from "../dom";
import type { Entry, Model } from "../model";
import { nothing, statusChip, sureness, whoChip } from "../parts";
import type { Happening } from "../protocol";
import { certainty, modeWords, timeOf, verb } from "../words";

const OUTCOMES: Record<Happening["outcome"], string> = {
  attributed: "",
  ambiguous: "▲ ambiguous",
  unclaimed: "◇ unclaimed",
  staff: "staff",
};

interface Opens {
  event: (id: string) => void;
  receipt: (id: string) => void;
}

/** Make the feed. */
export function makeFeed(model: Model, opens: Opens): HTMLElement {
  const list = el("ol", { class: "list", "aria-label": "Picks and put-backs, newest first" });
  const empty = nothing("Nothing has been picked yet.");
  const doubtful = el("input", { type: "checkbox", id: "only-doubtful", onchange: () => show() });
  const update = keyed<Entry>(list, (entry) => `${model.stateTold} ${entry.id}`, (entry) => row(entry));

  function isDoubtful(entry: Entry): boolean {
    if (entry.what === "change") return certainty(entry.change.p) !== "sure" || entry.change.outcome === "ambiguous" || entry.change.outcome === "unclaimed";
    return entry.what === "receipt" && entry.receipt.status === "review";
  }

  function show(): void {
    const { chosen } = model;
    const shown = model.feed.filter((entry) => (!doubtful.checked || isDoubtful(entry)) && (chosen === null || accountOf(entry) === chosen));
    update(shown);
    empty.hidden = shown.length > 0;
  }

  function row(entry: Entry): Row<Entry> {
    const button = el("button", { class: "item", onclick: () => open(entry) });
    const element = el("li", {}, button);
    let before: Entry | null = null;
    return {
      element,
      update: (now) => {
        if (now === before) return;
        before = entry = now;
        button.replaceChildren(...parts(now, model));
        button.dataset["kind"] = now.what === "change" ? now.change.kind : now.what;
        button.classList.toggle("first", now.what === "change" && now.isFirst);
      },
    };
  }

  function open(entry: Entry): void {
    if (entry.what === "change") opens.event(entry.change.event);
    if (entry.what === "receipt") opens.receipt(entry.receipt.id ?? entry.receipt.trip);
  }

  const chosenBar = el("div", { class: "filter-chosen", hidden: true });
  model.on(["chosen"], () => {
    chosenBar.hidden = model.chosen === null;
    chosenBar.replaceChildren("Only ", whoChip(model.chosen), el("button", { class: "quiet", text: "Show all", onclick: () => model.choose(null) }));
  });
  model.on(["feed", "chosen"], show);
  return el("div", { class: "panel-body" }, el("div", { class: "filters" }, el("label", {}, doubtful, "Only doubtful"), chosenBar), empty, list);
}

function accountOf(entry: Entry): string | null {
  if (entry.what === "change") return entry.change.account;
  return entry.what === "receipt" ? entry.receipt.account : null;
}

function parts(entry: Entry, model: Model): HTMLElement[] {
  const time = el("time", { text: timeOf(entry.t) });
  if (entry.what === "mode")
    return [el("span", { class: "mark", text: "▲", "aria-hidden": "true" }), el("span", { class: "what" }, el("b", { text: `Store ${entry.mode.mode}` }), el("span", { class: "sub", text: modeWords(entry.mode) })), time];
  if (entry.what === "receipt") {
    const { receipt } = entry;
    return [
      el("span", { class: "mark", text: "▤", "aria-hidden": "true" }),
      el("span", { class: "what" }, el("span", {}, whoChip(receipt.account), receipt.status === "open" ? " still inside" : " left"), el("span", { class: "sub" }, statusChip(receipt.status))),
      el("span", { class: "end" }, el("b", { text: model.words.money(receipt.total) }), time),
    ];
  }
  const { change } = entry;
  const outcome = OUTCOMES[change.outcome];
  return [
    el("span", { class: "mark", text: change.kind === "pick" ? "↓" : "↑", "aria-hidden": "true" }),
    el(
      "span",
      { class: "what" },
      el("b", { text: model.words.goods(change.sku, change.qty) }),
      el("span", { class: "sub" }, whoChip(change.account), ` ${verb(change.kind)}`, outcome ? el("span", { class: "note", text: outcome }) : null, entry.isFirst ? el("span", { class: "note", text: "first reading" }) : null),
    ),
    el("span", { class: "end" }, sureness(change.p), time),
  ];
}

/** Say the newest change for those who listen, not more often than they can hear. */
export function announce(model: Model, region: HTMLElement): void {
  let at = 0;
  let last = "";
  model.on(["feed"], () => {
    const entry = model.feed[0];
    if (entry === undefined || entry.id === last || performance.now() - at < 3000) return;
    at = performance.now();
    last = entry.id;
    if (entry.what === "change") put(region, `${entry.change.account ?? "Somebody"} ${verb(entry.change.kind)} ${model.words.goods(entry.change.sku, entry.change.qty)}`);
  });
}

// What stands over the floor when something is opened: a change with its evidence, a receipt, a review.

import * as api from "../api";
import { el, put } from "../dom";
import type { Model } from "../model";
import { holdWords } from "../words";
import { nothing } from "../parts";
import { makeCase, type CaseView, type Choice } from "./case";
import { changeHead, makeEvidence } from "./evidence";

export interface Detail {
  element: HTMLElement;
  openEvent: (id: string) => Promise<void>;
  openReceipt: (id: string) => Promise<void>;
  openReview: (id: string | null) => Promise<void>;
  close: () => void;
  /** Cancel a decision, or close; false where nothing is open. */
  back: () => boolean;
  begin: (choice: Choice) => boolean;
  /** Show a receipt anew where it is open: somebody has decided on it. */
  decidedOn: (id: string) => void;
}

/** Make the place where things are opened; `decided` hears of decisions. */
export function makeDetail(model: Model, stage: HTMLElement, decided: (words: string) => void): Detail {
  const title = el("h2", { tabindex: -1, id: "detail-title" });
  const body = el("div", { class: "detail-body" });
  const element = el(
    "section",
    { class: "detail", hidden: true, "aria-labelledby": "detail-title" },
    el("header", { class: "detail-head" }, el("button", { class: "quiet", onclick: () => close(), title: "Back (Esc)" }, "← Back"), title),
    body,
  );
  let view: CaseView | null = null;
  let asked = 0;
  let shown: { id: string; again: () => void } | null = null; // the receipt that is open
  let from: HTMLElement | null = null;

  async function open(name: string, load: () => Promise<HTMLElement[]>): Promise<void> {
    const mine = (asked += 1);
    if (element.hidden) from = document.activeElement as HTMLElement | null;
    view = null;
    shown = null;
    element.hidden = false;
    stage.classList.add("has-detail");
    document.documentElement.dataset["detail"] = "";
    put(title, name);
    body.replaceChildren(nothing("Loading…"));
    body.scrollTop = 0;
    title.focus({ preventScroll: true });
    try {
      const parts = await load();
      if (mine === asked) body.replaceChildren(...parts);
    } catch (error) {
      if (mine === asked) body.replaceChildren(nothing(error instanceof Error ? error.message : String(error)));
    }
  }

  function close(): void {
    if (element.hidden) return;
    asked += 1;
    view = null;
    shown = null;
    element.hidden = true;
    stage.classList.remove("has-detail");
    delete document.documentElement.dataset["detail"];
    body.replaceChildren();
    if (from?.isConnected) from.focus({ preventScroll: true });
  }

  const openCase = (name: string, load: (id: string) => ReturnType<typeof api.receipt>) => (id: string): Promise<void> =>
    open(name, async () => {
      const found = await load(id);
      const holds = model.reviews.find((review) => review.id === id)?.holds.map(holdWords) ?? [];
      const mine = makeCase(id, found, model, holds, decided);
      view = mine;
      shown = { id, again: () => void openCase(name, load)(id) };
      return [mine.element];
    });

  return {
    element,
    openEvent: (id) =>
      open("Change", async () => {
        const evidence = await api.evidence(id);
        return [el("div", { class: "change-head" }, ...changeHead(evidence, model)), makeEvidence(evidence, model)];
      }),
    openReceipt: openCase("Receipt", api.receipt),
    openReview: async (id) => (id === null ? close() : openCase("Review", api.review)(id)),
    close,
    back: () => {
      if (view?.cancel()) return true;
      if (element.hidden) return false;
      close();
      return true;
    },
    begin: (choice) => view?.begin(choice) ?? false,
    decidedOn: (id) => {
      if (shown?.id === id) shown.again();
    },
  };
}

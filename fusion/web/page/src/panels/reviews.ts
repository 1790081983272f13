// What waits for a person, the most urgent first.

import { el, keyed } from "../dom";
import type { Model } from "../model";
import { nothing, sureness, whoChip } from "../parts";
import type { Review } from "../protocol";
import { holdWords, span } from "../words";

/** Make the review queue. */
export function makeReviews(model: Model, open: (id: string) => void): HTMLElement {
  const list = el("ol", { class: "list", "aria-label": "Waiting for a decision, most urgent first" });
  const empty = nothing("Nothing waits for a decision.");
  const update = keyed<Review>(
    list,
    (review) => review.id,
    (review) => {
      const button = el("button", { class: "item", onclick: () => open(review.id) });
      const element = el("li", {}, button);
      element.dataset["review"] = review.id;
      return { element, update: (now) => button.replaceChildren(...parts(now, model)) };
    },
  );
  model.on(["reviews"], () => {
    update(model.reviews);
    empty.hidden = model.reviews.length > 0;
  });
  const hint = model.me.role === "reviewer" ? "Open one with Enter, then A, E or W and Enter." : "Your role sees what waits; reviewers decide.";
  return el("div", { class: "panel-body" }, el("div", { class: "filters" }, el("span", { class: "sum", text: hint })), empty, list);
}

function parts(review: Review, model: Model): HTMLElement[] {
  const now = model.playhead.newest?.t ?? review.closed;
  const left = review.due === null ? "" : review.due < now ? "overdue" : `${span(review.due - now)} left`;
  return [
    el("span", { class: "what" }, whoChip(review.account), el("span", { class: "sub clamp", text: review.holds.map(holdWords).join("; ") })),
    el("span", { class: "end" }, el("b", { class: "money", text: model.words.money(review.total) }), el("span", { class: "row" }, sureness(review.confidence)), left === "" ? null : el("span", { class: "sub", text: left })),
  ];
}

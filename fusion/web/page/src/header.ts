// The bar above: which store, is it open, is the page connected, and the few numbers to see at a glance.

import { el, put } from "./dom";
import { icon } from "./icons";
import type { Model } from "./model";
import { count, modeWords, span } from "./words";

interface Acts {
  theme: () => void;
  help: () => void;
  signOut: () => void;
}

/** Make the bar. */
export function makeHeader(model: Model, acts: Acts): HTMLElement {
  const mode = el("span", { class: "chip", id: "mode" });
  const link = el("span", { class: "chip", id: "link", role: "status" });
  const figures = ["In store", "In review", "Sensors", "Messages/s", "Lag"].map((name) => {
    const value = el("b", { text: "–" });
    return { value, element: el("div", { class: "figure" }, value, el("span", { text: name })) };
  });
  const set = (i: number, words: string, tone = ""): void => {
    const figure = figures[i];
    if (figure === undefined) return;
    put(figure.value, words);
    figure.element.dataset["tone"] = tone;
  };

  model.on(["health"], () => {
    const isOpen = model.mode.mode === "open";
    put(mode, `${isOpen ? "●" : "▲"} ${capital(model.mode.mode)}`);
    mode.dataset["tone"] = isOpen ? "good" : "doubt";
    mode.title = modeWords(model.mode);
    const bad = [...model.health.values()].filter((one) => one.state !== "ok").length;
    set(2, bad ? `${bad} ill` : "ok", bad ? "bad" : ""); // of those that are well nothing need be said
  });
  model.on(["reviews"], () => set(1, `${model.reviews.length}`, model.reviews.length ? "doubt" : ""));
  model.on(["rates", "scene", "span"], () => {
    const rates = model.rates;
    set(0, `${model.playhead.newest?.people.length ?? 0}`);
    set(3, rates === null || (model.span?.over && model.playback.isLive) ? "–" : count(rates.messages_s));
    const lag = rates?.lag_ms ?? 0;
    set(4, rates === null || model.span?.over ? "–" : lag < 1000 ? `${Math.round(lag)} ms` : span(lag), lag > 10_000 && !model.span?.over ? "bad" : "");
  });
  model.on(["link", "playback", "span"], () => {
    const isLost = model.link.state !== "open";
    const isPast = !model.playback.isLive;
    const words = isLost ? "✕ Not connected" : isPast ? "◀ Looking back" : model.span?.over ? "■ Run ended" : "● Live";
    put(link, words);
    link.dataset["tone"] = isLost ? "bad" : isPast ? "doubt" : model.span?.over ? "" : "good";
  });

  return el(
    "header",
    { class: "bar" },
    el("div", { class: "brand" }, el("img", { src: "icon.svg", alt: "Aisle", width: 28, height: 28 }), el("h1", { text: model.store.store })),
    el("div", { class: "chips" }, mode, link),
    el("div", { class: "figures" }, ...figures.map((figure) => figure.element)),
    el(
      "div",
      { class: "acts" },
      el("button", { class: "quiet icon", "aria-label": "Change between light and dark", title: "Light or dark (T)", onclick: acts.theme }, icon("theme")),
      el("button", { class: "quiet icon", "aria-label": "Show keys", title: "Keys (?)", text: "?", onclick: acts.help }),
      el("span", { class: "who" }, el("b", { text: model.me.name }), el("span", { text: model.me.role })),
      el("button", { class: "quiet", text: "Sign out", onclick: acts.signOut }),
    ),
  );
}

const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1).replaceAll("_", " ");

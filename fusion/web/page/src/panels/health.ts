// Sensors with what ails them first, the store's mode, and how well the engine keeps up.

import { el, keyed, put } from "../dom";
import type { Model } from "../model";
import { nothing } from "../parts";
import type { SensorHealth } from "../protocol";
import { count, modeWords, span, timeOf } from "../words";

const MARKS: Record<string, string> = { ok: "✓", degraded: "▲", down: "✕" };
const RANK: Record<string, number> = { down: 0, degraded: 1, ok: 3 };
const TONES: Record<string, string> = { ok: "good", degraded: "doubt", down: "bad" };

type Item = [src: string, health: SensorHealth];

/** Make the view of health. */
export function makeHealth(model: Model): HTMLElement {
  const mode = el("div", { class: "mode-card", role: "status" });
  const list = el("ul", { class: "list tight", "aria-label": "Sensors, those in trouble first" });
  const empty = nothing("Nothing is known to be wrong with any sensor.");
  const figures = new Map(["Messages/s", "Store time", "Lag", "Behind", "Queue", "Dropped"].map((name) => [name, el("b", { text: "–" })]));
  const drops = el("ul", { class: "lines drops" });

  const update = keyed<Item>(list, ([src]) => src, ([src]) => {
    const mark = el("span", { class: "mark" });
    const words = el("span", { class: "sub" });
    const at = el("time", {});
    const element = el("li", { class: "sensor" }, mark, el("span", { class: "what" }, el("b", { text: src }), words), at);
    return {
      element,
      update: ([, health]) => {
        put(mark, MARKS[health.state] ?? "?");
        element.dataset["tone"] = TONES[health.state] ?? "doubt";
        put(words, health.text || health.state);
        put(at, timeOf(health.t));
      },
    };
  });

  model.on(["health"], () => {
    const all: Item[] = [...model.health].sort(([a, x], [b, y]) => (RANK[x.state] ?? 2) - (RANK[y.state] ?? 2) || a.localeCompare(b));
    update(all);
    empty.hidden = all.length > 0;
    const isOpen = model.mode.mode === "open";
    mode.dataset["tone"] = isOpen ? "good" : "doubt";
    mode.replaceChildren(
      el("b", { text: `${isOpen ? "●" : "▲"} Store is ${model.mode.mode.replaceAll("_", " ")}` }),
      el("span", { class: "sub", text: modeWords(model.mode) || "Everything that is needed is there." }),
    );
  });
  model.on(["rates"], () => {
    const { rates } = model;
    if (rates === null) return;
    const dropped = Object.entries(rates.dropped);
    const say: Record<string, string> = {
      "Messages/s": count(rates.messages_s),
      "Store time": `${rates.store_s_per_s.toFixed(rates.store_s_per_s < 10 ? 2 : 0)} s/s`,
      Lag: rates.lag_ms < 1000 ? `${Math.round(rates.lag_ms)} ms` : span(rates.lag_ms),
      Behind: `${count(rates.lag_records)} rec.`,
      Queue: count(rates.queue),
      Dropped: count(dropped.reduce((sum, [, n]) => sum + n, 0)),
    };
    for (const [name, words] of Object.entries(say)) {
      const value = figures.get(name);
      if (value !== undefined) put(value, words);
    }
    drops.replaceChildren(...dropped.map(([reason, n]) => el("li", {}, el("span", { text: reason.replaceAll("_", " ") }), el("span", { class: "qty", text: count(n) }))));
  });
  return el(
    "div",
    { class: "panel-body" },
    mode,
    el("h3", { text: "Throughput" }),
    el("div", { class: "grid-figures" }, ...[...figures].map(([name, value]) => el("div", { class: "figure" }, value, el("span", { text: name })))),
    drops,
    el("h3", { text: "Sensors" }),
    empty,
    list,
  );
}

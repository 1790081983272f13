// Small drawings of evidence: lines over time, paths on the floor.

import { el, svg } from "../dom";
import { colourOf } from "../plan/colours";
import type { Evidence, Point, Store } from "../protocol";
import { brief, timeOf } from "../words";

const W = 340;
const H = 150;
const LEFT = 46;
const BOTTOM = 20;
const TOP = 10;
const RIGHT = 10;
const NEAR_M = 2.5; // from the plates: who was farther away is not on the small map

export interface Trace {
  name: string;
  hue: string; // the name of a class
  t: number[];
  y: number[];
}

/** Draw traces over time, the moment of the change marked. */
export function lines(traces: readonly Trace[], at: [number, number] | null, unit: string, say: string): HTMLElement {
  const times = traces.flatMap((trace) => trace.t);
  const values = traces.flatMap((trace) => trace.y);
  if (times.length < 2) return el("p", { class: "nothing", text: "No trace was kept." });
  const [t0, t1] = extent([...times]);
  let [y0, y1] = extent(values);
  if (y1 - y0 < 1e-9) [y0, y1] = [y0 - 1, y1 + 1];
  const x = (t: number): number => LEFT + ((t - t0) / Math.max(1, t1 - t0)) * (W - LEFT - RIGHT);
  const y = (v: number): number => H - BOTTOM - ((v - y0) / (y1 - y0)) * (H - BOTTOM - TOP);
  const ticks = ticksOf(y0, y1);
  const digits = ticks.length > 1 ? Math.max(0, -Math.floor(Math.log10((ticks[1] as number) - (ticks[0] as number)))) : 0;
  const drawn = svg("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": say, class: "chart" });
  for (const v of ticks)
    drawn.append(
      svg("line", { x1: LEFT, x2: W - RIGHT, y1: y(v), y2: y(v), class: "rule" }),
      svg("text", { x: LEFT - 6, y: y(v) + 3.5, class: "tick", "text-anchor": "end" }, `${v.toFixed(digits)}`),
    );
  if (at !== null && at[1] >= t0 && at[0] <= t1) {
    const [a, b] = [x(Math.max(t0, at[0])), x(Math.min(t1, at[1]))];
    drawn.prepend(svg("rect", { x: a, y: TOP, width: Math.max(2, b - a), height: H - BOTTOM - TOP, class: "moment" }));
  }
  traces.forEach((trace, i) => {
    const points = trace.t.map((t, k) => `${x(t).toFixed(1)},${y(trace.y[k] as number).toFixed(1)}`).join(" ");
    drawn.append(svg("polyline", { points, class: `trace ${trace.hue} dash${i % 3}` }));
  });
  drawn.append(
    svg("text", { x: LEFT, y: H - 5, class: "tick" }, timeOf(t0)),
    svg("text", { x: W - RIGHT, y: H - 5, class: "tick", "text-anchor": "end" }, timeOf(t1)),
    svg("text", { x: 4, y: TOP + 2, class: "tick" }, unit),
  );
  const legend = el("ul", { class: "legend" }, ...traces.map((trace, i) => el("li", {}, swatch(trace.hue, i), trace.name)));
  const figure = el("div", { class: "chart-box" }, legend);
  figure.prepend(drawn);
  return figure;
}

function swatch(hue: string, i: number): HTMLElement {
  const box = el("span", {});
  box.append(svg("svg", { viewBox: "0 0 22 8", class: "swatch", "aria-hidden": "true" }, svg("line", { x1: 0, x2: 22, y1: 4, y2: 4, class: `trace ${hue} dash${i % 3}` })));
  return box;
}

/** Draw where people walked around the moment of a change, and the plates that it was on. */
export function floorAround(evidence: Evidence, store: Store): HTMLElement {
  const changed = new Set([...evidence.plates.map((one) => one.plate), ...(evidence.event.plates ?? [])]);
  const plates = store.plates.filter((plate) => changed.has(plate.id));
  const centres = plates.map((plate): Point => [mean(plate.outline.map((p) => p[0])), mean(plate.outline.map((p) => p[1]))]);
  const people = evidence.floor.filter((one) => centres.length === 0 || one.x.some((v, i) => centres.some((c) => Math.hypot(v - c[0], (one.y[i] as number) - c[1]) < NEAR_M)));
  const near: Point[] = [...plates.flatMap((plate) => plate.outline), ...people.flatMap((one) => one.x.map((v, i): Point => [v, one.y[i] as number]))];
  if (near.length === 0) return el("p", { class: "nothing", text: "Nobody's place is known." });
  const [x0, x1] = extent(near.map((p) => p[0]));
  const [y0, y1] = extent(near.map((p) => p[1]));
  const half = Math.max(1.2, (x1 - x0) / 2 + 0.5, ((y1 - y0) / 2 + 0.4) * (W / (H + 40)));
  const [cx, cy] = [(x0 + x1) / 2, (y0 + y1) / 2];
  const scale = W / (2 * half);
  const high = H + 40;
  const x = (v: number): string => ((v - cx) * scale + W / 2).toFixed(1);
  const y = (v: number): string => (high / 2 - (v - cy) * scale).toFixed(1);
  const ring = (points: readonly Point[]): string => points.map((p) => `${x(p[0])},${y(p[1])}`).join(" ");
  const drawn = svg("svg", { viewBox: `0 0 ${W} ${high}`, role: "img", class: "chart map", "aria-label": `Where the ${people.length} people near were around that moment` });
  for (const shelf of store.shelves) drawn.append(svg("polygon", { points: ring(shelf.outline), class: "map-shelf" }));
  for (const plate of plates) drawn.append(svg("polygon", { points: ring(plate.outline), class: "map-plate" }));
  for (const one of people) {
    const hue = hueOf(one.account);
    const points = one.x.map((v, i) => `${x(v)},${y(one.y[i] as number)}`).join(" ");
    if (one.x.length > 1) drawn.append(svg("polyline", { points, class: `trace ${hue}` }));
    const [ex, ey] = [one.x.at(-1) ?? 0, one.y.at(-1) ?? 0];
    drawn.append(svg("circle", { cx: x(ex), cy: y(ey), r: 5, class: `dot ${hue}` }));
    const toLeft = Number(x(ex)) > W - 90;
    drawn.append(svg("text", { x: Number(x(ex)) + (toLeft ? -9 : 9), y: Number(y(ey)) + 4, class: "tick ink", "text-anchor": toLeft ? "end" : "start" }, brief(one.account)));
  }
  const box = el("div", { class: "chart-box" });
  box.append(drawn);
  return box;
}

export const hueOf = (account: string | null): string => (account === null ? "hue-unknown" : `hue${colourOf(account)}`);

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / Math.max(1, values.length);

function extent(values: readonly number[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [low, high];
}

/** Return up to five round numbers between two. */
function ticksOf(low: number, high: number): number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10) * power;
  const ticks: number[] = [];
  for (let v = Math.ceil(low / step) * step; v <= high + 1e-9; v += step) ticks.push(Math.abs(v) < 1e-9 ? 0 : v);
  return ticks;
}

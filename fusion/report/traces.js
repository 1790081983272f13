// What plates showed, how near hands came, and where everybody stood, around one change.
const PLOT = { w: 360, h: 190, left: 44, right: 8, top: 8, bottom: 26 };

function chart(series, label, caption, floorAtZero) {
  const all = series.flatMap((one) => one.points);
  if (!all.length) return null;
  const reduce = (i, best) => all.reduce((found, p) => best(found, p[i]), all[0][i]);
  const x0 = reduce(0, Math.min), x1 = reduce(0, Math.max);
  let y0 = floorAtZero ? 0 : reduce(1, Math.min), y1 = reduce(1, Math.max);
  if (y1 - y0 < 1e-6) { y0 -= 1; y1 += 1; }
  const x = (v) => PLOT.left + ((v - x0) / Math.max(x1 - x0, 1e-9)) * (PLOT.w - PLOT.left - PLOT.right);
  const y = (v) => PLOT.h - PLOT.bottom - ((v - y0) / (y1 - y0)) * (PLOT.h - PLOT.top - PLOT.bottom);
  const image = svg("svg", { viewBox: `0 0 ${PLOT.w} ${PLOT.h}`, role: "img", "aria-label": label, width: PLOT.w });
  for (const part of [0, 0.5, 1]) {
    const v = y0 + part * (y1 - y0);
    image.append(svg("line", { x1: PLOT.left, x2: PLOT.w, y1: y(v), y2: y(v), class: "line" }),
      svg("text", { x: PLOT.left - 5, y: y(v) + 4, "text-anchor": "end" }, Math.abs(y1 - y0) < 10 ? v.toFixed(1) : v.toFixed(0)));
  }
  for (let s = Math.ceil(x0); s <= x1; s += 1)
    image.append(svg("text", { x: x(s), y: PLOT.h - 8, "text-anchor": "middle" }, s ? `${s > 0 ? "+" : "−"}${Math.abs(s)} s` : "step"));
  if (x0 <= 0 && x1 >= 0) image.append(svg("line", { x1: x(0), x2: x(0), y1: 0, y2: PLOT.h - PLOT.bottom, class: "ink", "stroke-dasharray": "2 3" }));
  series.forEach((one) => {
    const d = "M" + one.points.map((p) => `${x(p[0]).toFixed(1)} ${y(p[1]).toFixed(1)}`).join("L");
    image.append(svg("path", { d, class: `none s${one.n}`, "stroke-width": 2, "stroke-dasharray": one.dash || null }, svg("title", {}, one.name)));
  });
  const keys = series.map((one) => el("span", { class: "key" }, swatch(one), one.name + "  "));
  return el("figure", {}, el("figcaption", {}, caption), image, el("figcaption", {}, keys));
}
const swatch = (one) => svg("svg", { width: 22, height: 8, viewBox: "0 0 22 8" },
  svg("line", { x1: 0, x2: 22, y1: 4, y2: 4, class: `s${one.n}`, "stroke-width": 3, "stroke-dasharray": one.dash || null }));

function platePlot(change) {
  const moved = new Map((change.moved || []).map((plate) => [plate.plate, plate]));
  const series = (change.grams || []).map((plate, i) => ({
    name: plate.plate + (moved.has(plate.plate) ? ` ${moved.get(plate.plate).delta_g.toFixed(0)} g` : ""), n: [0, 1, 2, 3, 4, 6][i % 6], dash: DASHES[i % 4],
    points: plate.t.map((t, k) => [t, plate.g[k] - plate.g[0]]),
  }));
  return chart(series, "Grams on the plates", "Plates: grams against the first shown", false);
}
function handPlot(change) {
  const series = [];
  (change.people || []).forEach((person, i) => {
    const hand = (change.hands || [])[i];
    if (!hand || !hand.t.length) return;
    series.push({ name: person.who, ...look(person.who), points: hand.t.map((t, k) => [t, hand.m[k]]) });
  });
  return chart(series, "Metres from hands to plates", "Nearer hand to the plates, metres", true);
}
function nearPlot(change) {
  if (!change.at) return null;
  const [cx, cy] = flip(change.at);
  const reach = 1.6 * UNIT;
  const image = svg("svg", { viewBox: `${cx - reach} ${cy - reach} ${2 * reach} ${2 * reach}`, width: 230, role: "img", "aria-label": "Floor at the step" }, fixtures(6),
    svg("path", { d: `M${cx - 9} ${cy}L${cx} ${cy - 9}L${cx + 9} ${cy}L${cx} ${cy + 9}Z`, class: "ink", fill: "none", "stroke-width": 3 }));
  for (const person of change.people || []) {
    const [x, y] = flip(person.xy);
    if (Math.max(Math.abs(x - cx), Math.abs(y - cy)) > reach) continue;
    image.append(svg("circle", { cx: x, cy: y, r: 9, class: `f${look(person.who).n} ink`, "stroke-width": 1.5 }),
      svg("text", { x: x, y: y - 13, "text-anchor": "middle", class: "halo" }, person.who));
  }
  return el("figure", {}, el("figcaption", {}, "Floor at the step; the diamond is where goods moved"), image);
}

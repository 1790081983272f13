// What there is to see of one change; drawn when it is opened.

const SHADES = ["var(--ink)", "var(--c0)", "var(--c1)", "var(--c2)"];

/** Everything of one change, as elements. */
function evidence(change) {
  const parts = [verdict(change), plots(change)];
  if (change.readings) parts.push(el("h3", {}, "All readings"), table(["#p", "reading"], change.readings.map((r) => [chance(r.p), r.reading])));
  for (const one of change.comparisons || []) parts.push(...comparison(one));
  if ((change.people || []).length) parts.push(el("h3", {}, "Who was near"), people(change));
  if (!change.decided) parts.push(el("p", { class: "note" }, "No evidence was kept of this change."));
  return parts;
}

function verdict(change) {
  const rows = change.events.map((e) => el("li", {}, `${e.event}: ${who(e.account)} ${e.kind === "pick" ? "took" : "put back"} ${e.qty} x ${e.name} (${e.sku}), p ${chance(e.p)}, ${e.outcome} `,
    e.right === undefined ? null : e.right ? chip("✓ right", "good") : chip("✗ wrong", "bad"),
    e.or.length ? el("ul", {}, e.or.map((o) => el("li", {}, `or, p ${chance(o.p)}: ${who(o.account)} ${o.kind === "pick" ? "took" : "put back"} ${o.qty} x ${o.name}`))) : null));
  const plates = (change.plates || []).map((p) => p.plate + (p.delta_g === undefined ? "" : ` ${p.delta_g > 0 ? "+" : ""}${p.delta_g.toFixed(1)} g (sd ${p.sd_g.toFixed(1)})`)).join(", ");
  const likelier = (change.readings || []).some((r) => (r.p || 0) > change.p);
  return el("div", {}, rows.length ? el("ul", {}, rows) : el("p", {}, "No event: no charge rests on this change alone."), plates ? el("p", { class: "note" }, `Plates: ${plates}`) : null,
    likelier ? el("p", {}, "By itself another reading was likelier; the charge of the whole trip decided.") : null);
}

/** Traces come as integers, in hundredths of s and m. */
function hundredth(v) {
  return v / 100;
}

function plots(change) {
  const plates = (change.plates || []).filter((p) => p.g), seen = (change.people || []).filter((p) => p.trace && p.trace.t.length);
  const figures = [];
  if (plates.length) {
    const lines = plates.map((p, i) => ({ x: p.t.map(hundredth), y: p.g.map((g) => g / 10), colour: SHADES[i % 4], dash: DASHES[i % 4], label: `${p.plate} ${p.delta_g > 0 ? "+" : ""}${p.delta_g.toFixed(0)} g` }));
    figures.push(figure("What the plates showed", chart(lines, { x: "s after the step", y: "g, against the first", zero: true, label: "grams of each plate" }), lines));
  }
  if (seen.length) {
    const lines = seen.map((p) => ({ x: p.trace.t.map(hundredth), y: p.trace.m.map(hundredth), low: p.trace.m.map((m, i) => Math.max(0, m - p.trace.sd[i]) / 100), high: p.trace.m.map((m, i) => (m + p.trace.sd[i]) / 100), ...personLook(change, p), label: `${p.who}, hands ${signed(p.why.hands || 0)} nats` }));
    figures.push(figure("How near the nearer hand was", chart(lines, { x: "s after the step", y: "m to the plates", zero: true, floor: 0, label: "distance of hands from the plates" }), lines));
  }
  if (change.at && change.people) figures.push(figure("Where everybody stood at the step", around(change), []));
  return el("div", { class: "plots" }, figures);
}

function figure(caption, drawing, lines) {
  return el("figure", {}, el("figcaption", {}, caption), drawing, el("ul", { class: "legend" }, lines.map((l) => el("li", {}, sample(l.colour, l.dash), l.label))));
}

/** Of one account several people may be near: their dashes tell them apart. */
function personLook(change, person) {
  const same = change.people.filter((p) => p.account === person.account);
  return { colour: look(person.account).colour, dash: same.length > 1 ? DASHES[same.indexOf(person) % 4] : look(person.account).dash };
}

/** The floor around a change. */
function around(change) {
  const [cx, cy] = change.at, reach = Math.max(1.4, ...change.people.map((p) => 0.6 + Math.max(Math.abs(p.xy[0] - cx), Math.abs(p.xy[1] - cy))));
  const size = 300, S = size / (2 * reach), X = (x) => (x - cx + reach) * S, Y = (y) => (cy + reach - y) * S;
  const drawing = svg("svg", { viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": "floor around the plates", style: "background:var(--raised);border-radius:.3rem" });
  if (said.plan) {
    const polygon = (points, fill, stroke) => svg("polygon", { points: points.map(([x, y]) => `${X(x).toFixed(1)},${Y(y).toFixed(1)}`).join(" "), fill, stroke });
    drawing.append(polygon(said.plan.outline, "var(--ground)", "var(--ink)"), ...said.plan.fixtures.map((f) => polygon(f.outline, "var(--fixture)", "var(--fixture-edge)")));
  }
  drawing.append(svg("path", { d: "M0,-9L2.6,-2.9L9,-2.9L3.9,1.2L5.8,7.6L0,3.8L-5.8,7.6L-3.9,1.2L-9,-2.9L-2.6,-2.9Z", transform: `translate(${X(cx)} ${Y(cy)})`, fill: "var(--ink)" }));
  const spots = [...change.people].sort((a, b) => a.xy[1] - b.xy[1]), taken = [];
  for (const person of spots) {
    const [u, v] = [X(person.xy[0]), Y(person.xy[1])], by = (change.accounts || []).includes(person.account);
    drawing.append(svg("circle", { cx: u, cy: v, r: by ? 8 : 6, fill: person.within_reach ? look(person.account).colour : "var(--ground)", stroke: by ? "var(--ink)" : look(person.account).colour, "stroke-width": 2 }));
    let y = v - 12;
    while (taken.some(([a, b]) => Math.abs(a - u) < 80 && Math.abs(b - y) < 12)) y -= 12;
    taken.push([u, y]);
    drawing.append(svg("text", { x: Math.min(size - 42, Math.max(42, u)), y: Math.max(10, y), "text-anchor": "middle", "font-weight": by ? 700 : 400, style: "paint-order:stroke;stroke:var(--ground);stroke-width:3px" }, person.who));
  }
  drawing.append(svg("line", { x1: 10, x2: 10 + S, y1: size - 10, y2: size - 10, stroke: "var(--ink)", "stroke-width": 2 }), svg("text", { x: 10, y: size - 15 }, "1 m"));
  return drawing;
}

function comparison(one) {
  const p = one.p === null ? (one.weighed ? "ruled out before the end" : "not weighed: somebody else was far likelier") : `p ${chance(one.p)}`;
  const rows = one.witnesses.map((w) => ({ name: w.witness, ...w }));
  if (Math.abs(one["all else"]) >= 0.05) rows.push({ name: "all else", decided: null, other: null, difference: one["all else"] });
  const most = Math.max(1, ...rows.map((r) => Math.abs(r.difference)));
  const shown = rows.filter((r) => [r.decided, r.other, r.difference].some((v) => Math.abs(v || 0) >= 0.05));
  return [el("h3", {}, `Rather than: ${one.other} (${p})`),
    table(["witness", "#decided", "#other", "#for it", ""], [
      ...shown.map((r) => [`${r.name}: ${said.meaning[r.name] || ""}`, r.decided === null ? "" : signed(r.decided), r.other === null ? "" : signed(r.other), signed(r.difference), bar(r.difference / most)]),
      ["in all, in nats (2.3 are 10 to 1)", "", "", signed(one["in all"]), ""]]),
    el("p", {}, `What would have changed the verdict: ${one.turns}`)];
}

function bar(share) {
  const width = `${(50 * Math.abs(share)).toFixed(1)}%`;
  return el("span", { class: "bar", "aria-hidden": "true" }, el("i", share < 0 ? { class: "against", style: `right:50%;width:${width}` } : { style: `left:50%;width:${width}` }));
}

function signed(nats) {
  const text = Math.abs(nats).toFixed(1);
  return text === "0.0" ? "0.0" : (nats < 0 ? "−" : "+") + text;
}

function people(change) {
  return table(["who", "#body", "#hands", "hand to plates at the step", "seen in the hand"], change.people.map((p) => [
    p.p > 0.995 ? p.who : `${p.who}, p ${chance(p.p)}`, p.within_reach ? signed(p.why.body || 0) : "", p.within_reach ? signed(p.why.hands || 0) : "",
    !p.within_reach ? "out of reach" : p.hand ? `${p.hand.m.toFixed(2)} m (sd ${p.hand.sd.toFixed(2)}) at ${signedSeconds(p.hand.t)} s` : "nobody saw it",
    Object.entries(p.held).map(([name, nats]) => `${name} ${signed(nats)}`).join(", ") || "–"]));
}

function signedSeconds(s) {
  return (s < 0 ? "−" : "+") + Math.abs(s).toFixed(2);
}

// Totals at the top; the truth, where it is given; and what the run itself has to say.
function drawTiles() {
  const t = C.totals, r = C.run;
  const status = Object.entries(t.by_status).map(([name, one]) => `${one.count} ${name}`).join(", ");
  const review = t.by_status.review || { count: 0, total: 0 };
  const dropped = sum(r.dropped), limits = sum(r.limits);
  const tile = (name, value, small, tone) => el("div", {}, el("dt", {}, name), el("dd", { class: tone }, String(value), small ? el("small", {}, small) : null));
  const parts = C.changes.flatMap((change) => change.parts);
  byId("tiles").append(...[
    tile("Receipts", t.count, status),
    tile("Total", money(t.total), `${money(t.tax)} tax`),
    tile("In review", money(review.total), `${review.count} receipts`, review.count ? "doubt" : ""),
    tile("Events", parts.length, `${C.changes.length} changes looked at`),
    C.truth ? tile("Right", `${C.truth.calibration.receipts.right} of ${C.truth.calibration.receipts.n}`, `events ${C.truth.calibration.events.right} of ${C.truth.calibration.events.n}`) : null,
    r.ended ? tile("Messages dropped", dropped, `of ${r.messages.read || 0} read`, dropped ? "doubt" : "") : tile("Run", "goes on", "no run.json yet"),
    limits ? tile("Limits reached", limits, Object.keys(r.limits).join(", "), "doubt") : null,
    r.faults.length ? tile("Ledger faults", r.faults.length, "see the run", "bad") : null,
  ].filter(Boolean));
}
const sum = (map) => Object.values(map).reduce((total, n) => total + (typeof n === "number" ? n : 0), 0);

function drawTruth() {
  if (!C.truth) return;
  for (const node of document.querySelectorAll("#truth, nav [href='#truth']")) node.hidden = false;
  const body = byId("truth-body"), { missed, unpaid, calibration } = C.truth;
  body.append(el("div", { class: "panels" }, diagram("Receipts", calibration.receipts), diagram("Events", calibration.events)));
  body.append(el("h3", {}, `Moves that no event matches: ${missed.length}`));
  if (missed.length) body.append(table([["Time"], ["Kind"], ["Product"], ["Qty", "num"], ["Account"], ["Plates"]],
    missed.map((one) => [clock(one.t), one.kind, named(one.sku), one.qty === null ? "–" : String(one.qty), one.account || "–", (one.plates || []).join(" ")])));
  if (unpaid.length) body.append(el("h3", {}, "Accounts without any receipt"), table([["Account"], ["Should have"]],
    unpaid.map((one) => [one.account, Object.entries(one.lines).map(([sku, n]) => `${n} of ${named(sku)}`).join(", ")])));
}

function diagram(name, found) {
  const side = 240, x = (p) => 34 + p * 196, y = (p) => 206 - p * 196;
  const image = svg("svg", { viewBox: `0 0 ${side} ${side}`, width: side, role: "img", "aria-label": `Calibration of ${name}` },
    svg("rect", { x: 34, y: 10, width: 196, height: 196, class: "none line" }), svg("line", { x1: x(0), y1: y(0), x2: x(1), y2: y(1), class: "line", "stroke-dasharray": "4 4" }),
    [0, 0.5, 1].map((p) => [svg("text", { x: x(p), y: 222, "text-anchor": "middle" }, p), svg("text", { x: 28, y: y(p) + 4, "text-anchor": "end" }, p)]),
    found.bins.map((bin) => svg("circle", { cx: x(bin.belief), cy: y(bin.right), r: 4 + 2 * Math.log10(bin.n), class: "f0" },
      svg("title", {}, `${bin.n} with p ${bin.belief.toFixed(3)}: ${(100 * bin.right).toFixed(0)} % right`))));
  const error = found.error === null ? "none to judge" : `${found.right} of ${found.n} right, calibration error ${found.error.toFixed(3)}`;
  return el("figure", {}, el("figcaption", {}, `${name}: ${error}; belief across, share right up`), image,
    table([["Belief", "num"], ["Right", "num"], ["Count", "num"]], found.bins.map((bin) => [bin.belief.toFixed(3), bin.right.toFixed(3), bin.n])));
}

function drawRun() {
  const r = C.run, body = byId("run-body");
  const part = (name, map, none) => el("div", {}, el("h3", {}, name), Object.keys(map).length
    ? table([["What"], ["How many", "num"]], Object.entries(map).map(([k, v]) => [k, String(v)])) : el("p", { class: "soft" }, none));
  const wait = r.wait_s, at = (q) => wait[Math.min(wait.length - 1, Math.floor(q * wait.length))].toFixed(1);
  const seconds = { ...r.seconds, ...r.latency };
  if (r.seconds.wall) seconds["times real time"] = (r.seconds.store / r.seconds.wall).toFixed(1);
  if (wait.length) Object.assign(seconds, { "from leaving to a closed receipt, half of them": at(0.5), "95 % of them": at(0.95), "the longest": at(1) });
  body.append(el("div", { class: "panels" }, part("Seconds", seconds, "The run has not ended."), part("Messages", r.messages, "Not counted."),
    part("Messages dropped", r.dropped, "None."), part("Notes", r.notes, "None."), part("Limits reached", r.limits, "None.")));
  if (r.faults.length) body.append(el("h3", { class: "bad" }, "Faults of the ledger"), el("ul", {}, r.faults.map((one) => el("li", {}, one))));
  const clocks = Object.entries(r.clocks).sort((a, b) => Math.abs(b[1].offset_ms || 0) - Math.abs(a[1].offset_ms || 0));
  const text = (v) => (v === undefined || v === null || v === "" ? "–" : String(v));
  if (clocks.length) body.append(lazyRow("clocks", [el("span", { class: "grow" }, `Clocks of ${clocks.length} sensors, the farthest off first`)], () =>
    [table([["Sensor"], ["Offset ms", "num"], ["sd ms", "num"], ["Drift ppm", "num"], ["Steps", "num"], ["Fault"]],
      clocks.map(([src, one]) => [src, text(one.offset_ms), text(one.sd_ms), text(one.drift_ppm), text(one.steps), text(one.fault)]))]));
  body.append(lazyRow("versions", [el("span", { class: "grow" }, "Versions and digests")], () =>
    [table([["What"], ["Which"]], [...Object.entries(r.versions).map(([k, v]) => [k, String(v)]), ["configuration", text(r.config)], ["ledger", text(r.ledger)]])]));
}

// The run itself: counts, times, what was dropped, limits that were reached, clocks; and accuracy where truth is given.

const TOLD = ["store", "versions", "messages", "clocks", "notes", "limits", "seconds", "latency", "health", "ledger_faults", "config", "ledger"];

function startRun() {
  const run = said.run, body = document.getElementById("run-body"), seconds = run.seconds || {}, messages = run.messages || {};
  const waits = said.trips.filter((t) => t.left !== null && t.closed !== null).map((t) => t.closed - t.left).sort((a, b) => a - b);
  const times = [];
  if (seconds.wall !== undefined) times.push(["store time", `${seconds.store.toFixed(1)} s`], ["work", `${seconds.wall.toFixed(1)} s: ${(seconds.store / Math.max(seconds.wall, 1e-9)).toFixed(1)} x real time`]);
  if (waits.length) times.push(["from the exit to the receipt", `${waits[Math.floor(waits.length / 2)].toFixed(1)} s at the median, ${waits[waits.length - 1].toFixed(1)} s at most (store time)`]);
  body.append(el("h3", {}, "Time"), table(["what", "how long"], times), ...latency(run), ...sensors(run));
  body.append(el("h3", {}, "Messages"), table(["what", "#count"], [["read", count(messages.read)], ...Object.entries(messages.dropped || {}).map(([k, n]) => [`dropped: ${k}`, count(n)]), ["missing by their numbers", count(messages.missing)], ["late", count(messages.late)], ["restarts of sensors", count(messages.restarts)]]));
  body.append(...counted("Limits of the configuration that were reached: likely readings were left out", run.limits), ...counted("Notes", run.notes));
  if ((run.ledger_faults || []).length) body.append(el("h3", {}, "Faults of the ledger"), el("ul", {}, run.ledger_faults.map((f) => el("li", {}, chip("ledger", "bad"), ` ${f}`))));
  if (said.rejected.length) body.append(folded(`Payloads that were no messages (${said.rejected.length})`, table(["topic", "reason"], said.rejected.map((r) => [r.topic, r.reason]))));
  const clocks = Object.entries(run.clocks || {}).sort(([, a], [, b]) => Math.abs(b.offset_ms || 0) - Math.abs(a.offset_ms || 0));
  if (clocks.length) body.append(folded(`Clocks (${clocks.length}), the furthest off first`, table(["source", "#off, ms", "#sd, ms", "#drift, ppm", "#steps", "fault"], clocks.map(([k, c]) => [k, fixed(c.offset_ms), fixed(c.sd_ms), fixed(c.drift_ppm), count(c.steps), c.fault || ""]))));
  if (said.sources) body.append(folded(`Sources of the recording (${said.sources.length})`, table(["source", "kind", "#messages", "#Hz", "#gaps", "#dupl.", "#restarts", "#late p50, ms", "#p90", "#max"], said.sources.map((s) => [s.src, String(s.kinds), count(s.count), fixed(s.rate_hz), count(s.gaps), count(s.duplicates), count(s.restarts), fixed(s.late_p50_ms), fixed(s.late_p90_ms), fixed(s.late_max_ms)]))));
  const rest = Object.entries(run).filter(([k]) => !TOLD.includes(k));
  body.append(folded("Versions and digests", table(["what", "value"], [["configuration", run.config || "–"], ["ledger", run.ledger || "–"], ...Object.entries(run.versions || {}), ...rest.map(([k, v]) => [k, JSON.stringify(v)])])));
}

/** How long after it happened something was said, by stage. */
function latency(run) {
  const rows = Object.entries(run.latency || {}).map(([stage, w]) => [stage, count(w.n), fixed(w.p50_s), fixed(w.p99_s), fixed(w.max_s)]);
  return rows.length ? [el("h3", {}, "Latency"), table(["from … to", "#times", "#median, s", "#99 of 100, s", "#most, s"], rows)] : [];
}

/** The mode that the store ended in, and every sensor that was not well then. */
function sensors(run) {
  const health = run.health;
  if (!health) return [];
  const mode = [health.mode, ...(health.reasons || []), ...(health.blind || [])].join("; ");
  const rows = Object.entries(health.sensors || {}).map(([name, one]) => [name, chip(one.state, one.state === "down" ? "bad" : "doubt"), one.text]);
  return [el("h3", {}, "Sensors"), el("p", {}, `At the end the store was ${mode}.`), ...(rows.length ? [table(["sensor", "state", "what is wrong"], rows)] : [])];
}

function counted(title, counts) {
  const rows = Object.entries(counts || {});
  return rows.length ? [el("h3", {}, title), table(["what", "#times"], rows.map(([k, n]) => [k, count(n)]))] : [];
}

function folded(title, inside) {
  return el("details", { class: "card" }, el("summary", {}, title), el("div", {}, inside));
}

function count(n) {
  return n === undefined || n === null ? "–" : Number(n).toLocaleString("en");
}

function fixed(v) {
  return v === undefined || v === null ? "–" : Number(v).toFixed(1);
}

function startAccuracy() {
  const judged = said.judged;
  if (!judged) return;
  document.getElementById("accuracy").hidden = document.getElementById("to-accuracy").hidden = false;
  const body = document.getElementById("accuracy-body");
  body.append(el("div", { class: "plots" }, ["receipts", "events"].map((what) => reliability(what, judged[what]))));
  if (judged.lacking.length) body.append(el("h3", {}, "Should have had a receipt, and had none"), el("ul", {}, judged.lacking.map((r) => el("li", {}, `${who(r.account)}: ${r.lines.map(([name, q]) => `${q} x ${name}`).join(", ")}`))));
  if (judged.missed.length) body.append(folded(`What truly happened and no event says (${judged.missed.length})`, table(["time", "who", "what", "plates"], judged.missed.map((m) => [clock(m.s, true), who(m.account), `${m.kind === "pick" ? "took" : "put back"} ${m.qty ?? ""} x ${m.name}`, m.plates.join(", ")]))));
}

function reliability(what, counted) {
  const rows = counted.rows, most = Math.max(1, ...rows.map((r) => r[0]));
  const line = { x: rows.map((r) => r[1]), y: rows.map((r) => r[2]), colour: "var(--c0)", dots: rows.map((r) => 3 + 7 * Math.sqrt(r[0] / most)) };
  return el("figure", {}, el("figcaption", {}, `${what}: ${counted.right} of ${counted.count} right` + (counted.error === null ? "" : `, calibration error ${counted.error.toFixed(3)}. Below the diagonal: too sure; larger dots: more of them.`)),
    chart([line], { x: "believed", y: "were right", xs: [0, 1.02], ys: [0, 1.05], diagonal: true, label: `reliability of ${what}` }));
}

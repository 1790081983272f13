// The timeline: a row a gondola, a mark a change. One stop of the tab key, arrows inside.

const ROW = 30;
const timeline = { zoom: 1, on: -1, shown: said.changes.filter(moved) };

function startTimeline() {
  const rows = [...new Set(timeline.shown.map((c) => c.gondola))].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b, "en", { numeric: true }));
  timeline.rows = rows;
  document.getElementById("timeline-rows").append(...rows.map((r) => el("div", { style: `height:${ROW}px` }, r)));
  document.getElementById("zoom-in").addEventListener("click", () => zoom(2));
  document.getElementById("zoom-out").addEventListener("click", () => zoom(0.5));
  new ResizeObserver(drawTimeline).observe(document.getElementById("timeline-scroll"));
}

function rank(row) {
  return ["between people", "at the exit", "no plate"].indexOf(row);
}

function zoom(by) {
  timeline.zoom = Math.min(64, Math.max(1, timeline.zoom * by));
  drawTimeline();
}

function drawTimeline() {
  const box = document.getElementById("timeline-scroll");
  const width = Math.max(200, Math.min(30000, (box.clientWidth - 2) * timeline.zoom)), height = ROW * timeline.rows.length + 22;
  const X = (s) => 14 + (s / Math.max(said.end_s, 0.1)) * (width - 28);
  const drawing = svg("svg", { width, height, tabindex: 0, role: "listbox", "aria-label": "Events in order of time", onkeydown: walk });
  timeline.rows.forEach((_, i) => drawing.append(svg("line", { class: "rule", x1: 0, x2: width, y1: ROW * (i + 1), y2: ROW * (i + 1) })));
  for (const s of ticks(0, said.end_s, width / 110)) drawing.append(svg("line", { class: "rule", x1: X(s), x2: X(s), y1: 0, y2: height - 18 }), svg("text", { class: "faint", x: X(s), y: height - 5, "text-anchor": X(s) < 40 ? "start" : X(s) > width - 40 ? "end" : "middle" }, clock(s)));
  const place = new Map(timeline.rows.map((r, i) => [r, i]));
  timeline.marks = timeline.shown.map((change, i) => {
    const mark = shape(change, X(change.s), ROW * (place.get(change.gondola) + 0.5) + 5 * ((i % 3) - 1));
    mark.addEventListener("click", () => { step(i); openChange(change.id); });
    drawing.append(mark);
    return mark;
  });
  box.replaceChildren(drawing);
  if (timeline.on >= 0) step(timeline.on, false);
}

/** The mark of a change: its shape says what happened, its filling whether it is sure, its colour who. */
function shape(change, x, y) {
  const kind = change.events.length && change.kind === "shelf" ? change.events[0].kind : "other";
  const d = { pick: "M-7,-5H7L0,7Z", put: "M-7,5H7L0,-7Z", other: "M-5,-5H5V5H-5Z" }[kind];
  const colour = look(mover(change)).colour, open = doubtful(change);
  const mark = svg("path", { d, transform: `translate(${x.toFixed(1)} ${y})`, class: "mark", role: "option", fill: open ? "var(--ground)" : colour, stroke: open ? colour : "var(--ground)", "stroke-width": open ? 2.5 : 1 }, svg("title", {}, `${clock(change.s)}  ${sentence(change)}`));
  if (!wrong(change)) return mark;
  return svg("g", { class: "mark", role: "option" }, mark, svg("path", { d: `M${x - 8},${y - 8}l16,16m0,-16l-16,16`, stroke: "var(--bad)", "stroke-width": 2, fill: "none", "pointer-events": "none" }));
}

function walk(event) {
  const by = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
  if (by !== undefined) { event.preventDefault(); step(Math.min(timeline.shown.length - 1, Math.max(0, timeline.on + by))); }
  if (event.key === "Enter" && timeline.on >= 0) { event.preventDefault(); openChange(timeline.shown[timeline.on].id); } // else the key closes what it opened
}

function step(i, tell = true) {
  timeline.marks[timeline.on]?.classList.remove("on");
  timeline.on = i;
  const change = timeline.shown[i];
  if (!change) return;
  timeline.marks[i].classList.add("on");
  if (tell) document.getElementById("timeline-said").textContent = `${clock(change.s)}  ${change.gondola}: ${sentence(change)}, p ${chance(change.p)}`;
}

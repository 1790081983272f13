// A lane a gondola, a mark a change; the marks are one stop of the Tab key, arrows walk along them.
const LANE = 26;
const DOUBTFUL = 0.95;

function drawTimeline() {
  const lanes = [...new Set([...C.gondolas, ...C.changes.map((one) => one.gondola)])].filter((one) => one !== null);
  const used = lanes.filter((one) => C.changes.some((change) => change.gondola === one));
  const rows = [...used, ...(C.changes.some((one) => one.gondola === null) ? [null] : [])];
  if (!rows.length) { byId("lanes").append(el("p", { class: "note" }, "No change of goods.")); return; }
  const times = C.changes.map((one) => one.t);
  const from = times.reduce((a, b) => Math.min(a, b)), to = times.reduce((a, b) => Math.max(a, b));
  const left = 78, width = Math.max(700, Math.min(8000, Math.max(byId("lanes").clientWidth - 4, (C.changes.length / rows.length) * 40)));
  const x = (t) => left + 14 + ((t - from) / Math.max(to - from, 1)) * (width - left - 40);
  const height = rows.length * LANE + 26;
  const image = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "Changes of goods over time" });
  rows.forEach((gondola, i) => {
    const y = i * LANE + LANE / 2;
    image.append(svg("line", { x1: left, x2: width, y1: y, y2: y, class: "line" }),
      svg("text", { x: 0, y: y + 4 }, gondola === null ? "no plate" : gondola.slice(0, 12)));
  });
  for (const t of ticks(from, to, Math.floor((width - left) / 110)))
    image.append(svg("line", { x1: x(t), x2: x(t), y1: 0, y2: height - 20, class: "line", "stroke-dasharray": "2 4" }),
      svg("text", { x: x(t), y: height - 5, "text-anchor": "middle" }, clock(t)));
  const marks = C.changes.map((change) => mark(change, x(change.t), rows.indexOf(change.gondola) * LANE + LANE / 2));
  marks.forEach((node, i) => {
    node.setAttribute("tabindex", i ? -1 : 0);
    node.addEventListener("keydown", (pressed) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[pressed.key];
      if (step && marks[i + step]) {
        pressed.preventDefault(); node.setAttribute("tabindex", -1);
        marks[i + step].setAttribute("tabindex", 0); marks[i + step].focus();
      } else if (pressed.key === "Enter" || pressed.key === " ") { pressed.preventDefault(); openEvent(C.changes[i].id); }
    });
  });
  image.append(...marks);
  byId("lanes").append(image);
}

function mark(change, x, y) {
  const put = change.parts.length && change.parts.every((part) => part.kind === "put");
  const swap = change.parts.length > 1 && new Set(change.parts.map((part) => part.kind)).size > 1;
  const d = swap ? `M${x - 6} ${y}L${x} ${y - 7}L${x + 6} ${y}L${x} ${y + 7}Z`
    : put ? `M${x - 6} ${y + 5}L${x + 6} ${y + 5}L${x} ${y - 6}Z` : `M${x - 6} ${y - 5}L${x + 6} ${y - 5}L${x} ${y + 6}Z`;
  const n = look(change.parts.length ? change.parts[0].account : null).n;
  const label = `${clock(change.t)} ${change.decided || change.id}, p ${probability(change.p)}`;
  return svg("g", { class: "mark", role: "button", "aria-label": label, onclick: () => openEvent(change.id) }, svg("title", {}, label),
    svg("path", { d, class: `${change.parts.length ? `f${n}` : "none"} s${n}`, "stroke-width": 1.5 }),
    change.parts.length && isDoubtful(change) ? svg("circle", { cx: x, cy: y, r: 10, class: "none s1", "stroke-width": 2 }) : null);
}

const isDoubtful = (change) => change.p < DOUBTFUL || change.parts.some((part) => part.outcome === "ambiguous" || part.outcome === "unclaimed");

function ticks(from, to, count) {
  const wanted = Math.max(to - from, 1) / Math.max(count, 2);
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600].find((s) => s >= wanted) || 86400;
  const found = [];
  for (let t = Math.ceil(from / step) * step; t <= to; t += step) found.push(t);
  return found;
}

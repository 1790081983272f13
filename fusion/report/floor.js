// The floor from above: outline, shelves, gates, everybody's path, and where goods moved.
const UNIT = 100; // SVG units a metre
const flip = ([x, y]) => [Math.round(x * UNIT), Math.round(-y * UNIT)]; // y is up in the store and down in SVG
const points = (list) => list.map((p) => flip(p).join(",")).join(" ");

function extent() {
  const all = [...(C.floor ? C.floor.outline : []), ...C.paths.flatMap((path) => path.points.map((p) => [p[1], p[2]]))];
  if (!all.length) return null;
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const p of all) {
    const [x, y] = flip(p);
    x0 = Math.min(x0, x); x1 = Math.max(x1, x); y0 = Math.min(y0, y); y1 = Math.max(y1, y);
  }
  return [x0 - 40, y0 - 40, x1 - x0 + 80, y1 - y0 + 80];
}

function fixtures(size) {
  if (!C.floor) return [];
  return [
    svg("polygon", { points: points(C.floor.outline), class: "none ink", "stroke-width": size * 0.15 }),
    C.floor.fixtures.map((one) => svg("polygon", { points: points(one.outline), class: "shelf", "stroke-width": size * 0.08 },
      svg("title", {}, one.id))),
    C.floor.gates.map((gate) => svg("polyline", { points: points(gate.line), class: "s2", "stroke-width": size * 0.45 },
      svg("title", {}, `${gate.id}, ${gate.kind}`))),
  ];
}
function fixtureNames(size) {
  return C.floor ? C.floor.fixtures.map((one) => {
    const n = one.outline.length;
    const [x, y] = flip([one.outline.reduce((s, p) => s + p[0], 0) / n, one.outline.reduce((s, p) => s + p[1], 0) / n]);
    return svg("text", { x, y, "text-anchor": "middle", "dominant-baseline": "middle", "font-size": size, style: null }, one.id);
  }) : [];
}

function drawFloor() {
  const box = extent();
  const who = C.accounts.length;
  byId("floor-note").textContent = box
    ? `${C.paths.length} paths, ${who} accounts; grey dots are people without an account.` +
      (C.floor ? "" : " Without --store there are no shelves to draw.")
    : "No paths and no store: give --store, and end the run.";
  if (!box) return;
  const size = Math.max(box[2], box[3]) / 60;
  const image = svg("svg", { viewBox: box.join(" "), role: "img", "aria-label": "Floor with people's paths" },
    fixtures(size), fixtureNames(size));
  for (const path of C.paths) {
    const { n, dash } = look(path.account);
    const d = "M" + path.points.map((p) => flip([p[1], p[2]]).join(" ")).join("L");
    const scaled = dash.split(" ").filter(Boolean).map((v) => (v * size) / 8).join(" ");
    image.append(svg("path", { d, class: `path none s${n}`, "stroke-width": size * 0.22, "stroke-dasharray": scaled || null,
      "stroke-linejoin": "round", "data-account": path.account }, svg("title", {}, path.account || "nobody known")));
  }
  for (const change of C.changes) {
    const xy = change.at || C.plates[change.plates[0]];
    if (!xy || !change.parts.length) continue;
    const [x, y] = flip(xy);
    const part = change.parts[0];
    image.append(svg("circle", { cx: x, cy: y, r: size * 0.45, class: `mark f${look(part.account).n} ink`, "stroke-width": size * 0.08,
      "data-account": part.account, onclick: () => openEvent(change.id) },
      svg("title", {}, `${clock(change.t)} ${change.decided || change.id}`)));
  }
  byId("map").append(image);
  for (const account of C.accounts) byId("legend").append(chooser(account));
}

function chooser(account) {
  const { n, dash } = look(account);
  const line = svg("svg", { viewBox: "0 0 26 8", width: 26, height: 8, "aria-hidden": "true" },
    svg("line", { x1: 0, y1: 4, x2: 26, y2: 4, class: `s${n}`, "stroke-width": 3, "stroke-dasharray": dash || null }));
  return el("button", { type: "button", "aria-pressed": "false", "data-account": account,
    onclick: (happened) => choose(happened.currentTarget.getAttribute("aria-pressed") === "true" ? null : account) }, line, account);
}

function choose(account) {
  byId("map").classList.toggle("chosen", account !== null);
  for (const node of document.querySelectorAll("#map [data-account], #legend [data-account]"))
    node.classList.toggle("on", node.getAttribute("data-account") === account);
  for (const button of document.querySelectorAll("#legend button"))
    button.setAttribute("aria-pressed", String(button.getAttribute("data-account") === account));
}

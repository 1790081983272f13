// The floor: paths by account on a canvas, which stays quick with many people.

const floor = { who: "", until: said.end_s, window: 0, timer: 0 };

function startFloor() {
  const select = document.getElementById("floor-who"), slider = document.getElementById("floor-time");
  select.append(el("option", { value: "" }, "everybody"), ...accounts.map((a) => el("option", { value: a }, a)));
  slider.max = said.end_s;
  slider.value = said.end_s;
  select.addEventListener("change", () => { floor.who = select.value; drawFloor(); });
  slider.addEventListener("input", () => { floor.until = Number(slider.value); drawFloor(); });
  document.getElementById("floor-window").addEventListener("change", (e) => { floor.window = Number(e.target.value); drawFloor(); });
  document.getElementById("floor-play").addEventListener("click", playFloor);
  document.getElementById("floor-legend").append(...accounts.slice(0, 60).map((a) => el("li", {}, sample(look(a).colour, look(a).dash), a)), el("li", {}, sample(NOBODY.colour, NOBODY.dash), "nobody known"));
  const off = said.tolerance_m > 0.05 ? ` Paths are drawn to ${said.tolerance_m.toFixed(2)} m: this run has many.` : "";
  document.getElementById("floor-note").textContent = `Down: taken, up: put back. Thick: gates. Small crosses: cameras.${off}` + (said.paths.length ? "" : " There are no paths to draw.");
  new ResizeObserver(drawFloor).observe(document.getElementById("floor-map"));
}

function playFloor() {
  const button = document.getElementById("floor-play"), slider = document.getElementById("floor-time");
  if (floor.timer) { clearInterval(floor.timer); floor.timer = 0; button.textContent = "Play"; return; }
  if (floor.until >= said.end_s) floor.until = 0;
  button.textContent = "Stop";
  floor.timer = setInterval(() => {
    floor.until = Math.min(said.end_s, floor.until + 0.4);
    slider.value = floor.until;
    drawFloor();
    if (floor.until >= said.end_s) playFloor();
  }, 50);
}

/** What of the world is shown: x0, y0, x1, y1 in m. */
function extent() {
  const points = said.plan ? [...said.plan.outline, ...said.plan.gates.flatMap((g) => g.line)] : said.paths.flatMap((p) => p.points.map(([, x, y]) => [x / 100, y / 100]));
  if (!points.length) return [0, 0, 1, 1];
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) { x0 = Math.min(x0, x); y0 = Math.min(y0, y); x1 = Math.max(x1, x); y1 = Math.max(y1, y); }
  return [x0 - 0.5, y0 - 0.5, x1 + 0.5, y1 + 0.5];
}

const world = extent();

function drawFloor() {
  const canvas = document.getElementById("floor-map"), dots = window.devicePixelRatio || 1;
  const width = canvas.clientWidth, [x0, y0, x1, y1] = world;
  const scale = Math.min(width / (x1 - x0), 620 / (y1 - y0)), height = Math.round(scale * (y1 - y0));
  canvas.width = width * dots; canvas.height = height * dots; canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d"), left = (width - scale * (x1 - x0)) / 2;
  pen.scale(dots, dots);
  const at = (x, y) => [left + (x - x0) * scale, (y1 - y) * scale];
  if (said.plan) drawPlan(pen, at);
  for (const path of said.paths) if (!floor.who || path.account === floor.who) drawPath(pen, at, path);
  if (said.plan) for (const change of said.changes) drawMoved(pen, at, change);
  document.getElementById("floor-clock").textContent = clock(floor.until);
}

function outline(pen, at, points) {
  pen.beginPath();
  points.forEach(([x, y], i) => (i ? pen.lineTo(...at(x, y)) : pen.moveTo(...at(x, y))));
}

function drawPlan(pen, at) {
  pen.lineWidth = 1.5; pen.strokeStyle = ink("var(--ink)");
  outline(pen, at, said.plan.outline); pen.closePath(); pen.stroke();
  pen.font = "11px system-ui, sans-serif"; pen.textAlign = "center"; pen.textBaseline = "middle";
  for (const one of said.plan.fixtures) {
    outline(pen, at, one.outline); pen.closePath();
    pen.fillStyle = ink("var(--fixture)"); pen.strokeStyle = ink("var(--fixture-edge)"); pen.lineWidth = 1; pen.fill(); pen.stroke();
    const middle = [0, 1].map((k) => one.outline.reduce((sum, p) => sum + p[k], 0) / one.outline.length);
    pen.fillStyle = ink("var(--faint)"); pen.fillText(one.id, ...at(...middle));
  }
  pen.strokeStyle = ink("var(--fixture-edge)"); pen.lineWidth = 1;
  for (const { at: [x, y] } of said.plan.cameras) {
    const [u, v] = at(x, y);
    pen.beginPath(); pen.moveTo(u - 3, v); pen.lineTo(u + 3, v); pen.moveTo(u, v - 3); pen.lineTo(u, v + 3); pen.stroke();
  }
  pen.strokeStyle = ink("var(--ink)"); pen.lineWidth = 5;
  for (const gate of said.plan.gates) { outline(pen, at, gate.line); pen.stroke(); }
}

function drawPath(pen, at, path) {
  const since = floor.window ? floor.until - floor.window : -1;
  const points = path.points, seen = look(path.account);
  if (points[0][0] / 10 > floor.until || points[points.length - 1][0] / 10 < since) return;
  pen.beginPath();
  let last = null;
  for (let i = 0; i < points.length; i++) {
    let [t, x, y] = points[i];
    if (t / 10 > floor.until) {
      if (last) { // the piece of this line that had been walked by then
        const [a, b, c] = points[i - 1], share = (floor.until * 10 - a) / (t - a || 1);
        pen.lineTo(...(last = at((b + share * (x - b)) / 100, (c + share * (y - c)) / 100)));
      }
      break;
    }
    if (t / 10 < since) { if (i + 1 < points.length && points[i + 1][0] / 10 >= since) pen.moveTo(...(last = at(x / 100, y / 100))); continue; }
    const here = at(x / 100, y / 100);
    if (last) pen.lineTo(...here); else pen.moveTo(...here);
    last = here;
  }
  pen.strokeStyle = ink(seen.colour); pen.lineWidth = 1.8; pen.setLineDash(seen.dash.split(" ").filter(Boolean).map(Number)); pen.stroke(); pen.setLineDash([]);
  const here = last && points[points.length - 1][0] / 10 >= floor.until - 0.5 && floor.until < said.end_s;
  if (here) {
    pen.beginPath(); pen.arc(...last, 6, 0, 7); pen.fillStyle = ink(seen.colour); pen.fill();
    pen.fillStyle = ink("var(--ink)"); pen.fillText(who(path.account), last[0], last[1] - 12);
  }
}

function drawMoved(pen, at, change) {
  if (!change.events.length || change.s > floor.until || (floor.window && change.s < floor.until - floor.window)) return;
  if (floor.who && !change.events.some((e) => e.account === floor.who)) return;
  const place = change.at || said.plan.plates[(change.plates[0] || {}).plate];
  if (!place) return;
  const [u, v] = at(...place), r = pen.canvas.clientWidth < 500 ? 3.5 : 5, down = change.events[0].kind === "pick" ? r : -r;
  pen.beginPath(); pen.moveTo(u - r, v - 0.8 * down); pen.lineTo(u + r, v - 0.8 * down); pen.lineTo(u, v + down); pen.closePath();
  pen.fillStyle = doubtful(change) ? ink("var(--ground)") : ink(look(mover(change)).colour);
  pen.strokeStyle = doubtful(change) ? ink(look(mover(change)).colour) : ink("var(--ink)"); pen.lineWidth = doubtful(change) ? 2 : 1; pen.fill(); pen.stroke();
}

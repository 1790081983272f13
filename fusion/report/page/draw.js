// Elements, and small charts as SVG. Text only ever goes in as text: names come from outside.

/** Make an HTML element with attributes, and children that are elements or text. */
function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** Make an SVG element. */
function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** Round numbers between low and high, about so many. */
function ticks(low, high, about) {
  const rough = (high - low) / about || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= rough);
  const found = [];
  for (let k = Math.ceil(low / step); k * step <= high + 1e-9; k++) found.push(Math.round(k * step * 1e6) / 1e6);
  return found;
}

const WIDTH = 400, HEIGHT = 240, LEFT = 46, BOTTOM = 34, TOP = 8, RIGHT = 8;

/**
 * A chart of lines over x. A line is {x, y, low, high, colour, dash, label}; low and high make a band.
 * Options: {x: label, y: label, xs: [low, high], ys: [low, high], zero: draw a line at x = 0, diagonal, dots}.
 */
function chart(lines, options) {
  const xs = options.xs || bounds(lines.flatMap((l) => l.x));
  const ys = options.ys || bounds(lines.flatMap((l) => [...l.y, ...(l.high || [])]), options.floor);
  const X = (v) => LEFT + ((v - xs[0]) / (xs[1] - xs[0])) * (WIDTH - LEFT - RIGHT);
  const Y = (v) => HEIGHT - BOTTOM - ((v - ys[0]) / (ys[1] - ys[0])) * (HEIGHT - BOTTOM - TOP);
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": options.label });
  for (const v of ticks(...ys, 5))
    drawing.append(svg("line", { class: "rule", x1: LEFT, x2: WIDTH - RIGHT, y1: Y(v), y2: Y(v) }), svg("text", { x: LEFT - 5, y: Y(v) + 4, "text-anchor": "end" }, String(v)));
  for (const v of ticks(...xs, 6)) drawing.append(svg("text", { x: X(v), y: HEIGHT - BOTTOM + 14, "text-anchor": "middle" }, String(v)));
  drawing.append(svg("text", { class: "faint", x: (LEFT + WIDTH) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, options.x));
  drawing.append(svg("text", { class: "faint", transform: `translate(11 ${(HEIGHT - BOTTOM) / 2}) rotate(-90)`, "text-anchor": "middle" }, options.y));
  if (options.zero) drawing.append(svg("line", { x1: X(0), x2: X(0), y1: TOP, y2: HEIGHT - BOTTOM, stroke: "var(--faint)", "stroke-dasharray": "2 3" }));
  if (options.diagonal) drawing.append(svg("line", { x1: X(xs[0]), y1: Y(ys[0]), x2: X(xs[1]), y2: Y(ys[1]), stroke: "var(--faint)", "stroke-dasharray": "4 4" }));
  for (const line of lines) {
    if (line.low) {
      const up = line.x.map((x, i) => `${X(x)},${Y(Math.min(line.high[i], ys[1]))}`);
      const down = line.x.map((x, i) => `${X(x)},${Y(Math.max(line.low[i], ys[0]))}`).reverse();
      drawing.append(svg("polygon", { points: [...up, ...down].join(" "), fill: line.colour, opacity: 0.16 }));
    }
    const points = line.x.map((x, i) => `${X(x).toFixed(1)},${Y(line.y[i]).toFixed(1)}`).join(" ");
    drawing.append(svg("polyline", { points, fill: "none", stroke: line.colour, "stroke-width": 2, "stroke-dasharray": line.dash || null }));
    (line.dots || []).forEach((size, i) => drawing.append(svg("circle", { cx: X(line.x[i]), cy: Y(line.y[i]), r: size, fill: line.colour })));
  }
  return drawing;
}

function bounds(values, floor) {
  if (!values.length) return [0, 1];
  let [low, high] = [Infinity, -Infinity];
  for (const v of values) { low = Math.min(low, v); high = Math.max(high, v); }
  const room = (high - low) * 0.06 || 1;
  return [floor === undefined ? low - room : floor, high + room];
}

/** A short piece of line, for legends. */
function sample(colour, dash) {
  return svg("svg", { width: 28, height: 10, "aria-hidden": "true" }, svg("line", { x1: 0, x2: 28, y1: 5, y2: 5, stroke: colour, "stroke-width": 3, "stroke-dasharray": dash || null }));
}

/** A table from headings and rows; a heading that begins with # is of numbers. */
function table(headings, rows) {
  const numbers = headings.map((h) => h.startsWith("#"));
  const cell = (tag, value, i) => el(tag, numbers[i] ? { class: "num" } : {}, value);
  return el("div", { class: "table", tabindex: 0, role: "region", "aria-label": "table" }, el("table", {},
    el("thead", {}, el("tr", {}, headings.map((h, i) => cell("th", h.replace(/^#/, ""), i)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((value, i) => cell("td", value, i)))))));
}

// Elements, numbers and colours. Text from data goes in as text nodes only, never as markup.
const C = JSON.parse(document.getElementById("contents").textContent);
const SVG = document.getElementById("svg-namespace").namespaceURI;
const byId = (id) => document.getElementById(id);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {}))
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  node.append(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== ""));
  return node;
}
const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

const money = (cents) => (cents / 100).toFixed(2) + (C.currency ? " " + C.currency : "");
const probability = (p) =>
  p === null || p === undefined ? "ruled out" : p > 0.999 && p < 1 ? "> 0.999" : p > 0 && p < 0.001 ? "< 0.001" : p.toFixed(3);
const nats = (n) => (n >= 0 ? "+" : "−") + Math.abs(n).toFixed(1);
const named = (sku) => (Object.hasOwn(C.names, sku) ? C.names[sku] : sku);
const clock = (() => {
  const shape = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  let format;
  try { format = new Intl.DateTimeFormat("en-GB", { ...shape, timeZone: C.timezone }); }
  catch { format = new Intl.DateTimeFormat("en-GB", { ...shape, timeZone: "UTC" }); }
  return (t) => (t === null ? "still inside" : format.format(new Date(C.start_ms + t * 1000)));
})();

// Seven colours times four dashes: 28 accounts look different; more are told apart by choosing one.
const DASHES = ["", "7 3", "2 3", "9 3 2 3"];
const order = new Map(C.accounts.map((account, i) => [account, i]));
function look(account) {
  const i = order.get(account);
  return i === undefined ? { n: 6, dash: "1 4" } : { n: i % 6, dash: DASHES[Math.floor(i / 6) % DASHES.length] };
}

function table(heads, rows) {
  const head = heads.map(([name, cls]) => el("th", { class: cls, scope: "col" }, name));
  const body = rows.map((row) => el("tr", {}, row.map((cell, i) => el("td", { class: heads[i][1] }, cell))));
  return el("div", { class: "wide" }, el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, body)));
}

// A row that draws what it holds when it is first opened.
function lazyRow(id, summary, draw) {
  const row = el("details", { class: "row", id }, el("summary", {}, summary));
  row.addEventListener("toggle", () => {
    if (row.open && row.childElementCount === 1) row.append(el("div", { class: "body" }, draw()));
  });
  return row;
}
const right = (yes) =>
  yes === undefined || yes === null ? null : el("span", { class: "badge " + (yes ? "good" : "bad") }, yes ? "✓ right" : "✗ wrong");
const eventLink = (id) =>
  el("a", { href: "#" + id, onclick: (happened) => { happened.preventDefault(); openEvent(id); } }, id);

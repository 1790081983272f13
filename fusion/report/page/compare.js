// Two runs side by side: what A said and what B says, where they differ.

/** Both values of a pair: one where they are the same, else from the old one to the new one. */
function both([a, b], show) {
  const [x, y] = [a, b].map((v) => (v === null || v === undefined ? "–" : show(v)));
  return x === y ? x : el("span", {}, el("span", { class: "only-a" }, x), " → ", el("span", { class: "only-b" }, y));
}

function judged(right) {
  if (right[0] === null && right[1] === null) return null;
  const told = (r) => (r === null ? "–" : r ? "✓ right" : "✗ wrong");
  return chip(`${told(right[0])} → ${told(right[1])}`, right[1] ? "good" : right[1] === false ? "bad" : "");
}

function grams(g) {
  return g === null ? "–" : `${g.toFixed(0)} g`;
}

function receiptCard(one) {
  const lines = one.lines.map((line) => [line.name, both(line.qty, String), both(line.g, grams), both(line.amount, money), both(line.confidence, chance)]);
  return el("details", { class: "card", open: "" }, el("summary", {}, el("b", {}, who(one.account)), el("span", { class: "grow t" }, one.what.join(", ")), el("span", { class: "num" }, both(one.total, money)), judged(one.right)),
    el("div", {}, table(["product", "#qty", "#weight", "#amount", "#p"], [...lines, ["tax", "", "", both(one.tax, money), ""], ["total", "", "", both(one.total, money), both(one.confidence, chance)]]), el("p", { class: "note" }, "Status: ", both(one.status, String), `. Trip ${one.trip}.`)));
}

function eventRow(one) {
  const time = new Date(one.t / 1e6).toISOString().slice(11, 21);
  return [time, one.plates.join(" "), one.what.join(", "), el("span", {}, both(one.said, String), " ", judged(one.right)), both(one.p, chance), both(one.outcome, String)];
}

function totalRows() {
  const { a, b } = said.totals;
  return Object.keys(a).filter((k) => a[k] || b[k]).map((k) => {
    const show = k.startsWith("cents") ? money : String, by = b[k] - a[k];
    return [k.replace("cents", "money"), show(a[k]), show(b[k]), by > 0 ? `+${show(by)}` : show(by)];
  });
}

document.getElementById("figures").append(...["receipts", "events"].map((what) => el("li", {}, el("b", {}, `${said[what].length} / ${said.compared[what]}`), el("span", {}, `${what} differ`))));
document.getElementById("totals").append(table(["what", "#A", "#B", "#B − A"], totalRows()));
document.getElementById("receipts").append(...(said.receipts.length ? said.receipts.map(receiptCard) : [el("p", {}, "None.")]));
document.getElementById("events").append(said.events.length ? table(["time", "plates", "differs in", "A → B", "#p", "outcome"], said.events.map(eventRow)) : el("p", {}, "None."));
document.documentElement.dataset.ready = "yes";

// Receipts: those in review first, then the least sure.

function startTrips() {
  const list = document.getElementById("receipts-list");
  list.append(...said.trips.map(tripCard));
  if (!said.trips.length) list.append(el("p", {}, "This run has no receipts."));
}

function tripCard(trip) {
  const body = el("div", {});
  const card = el("details", { class: "card", id: `trip-${trip.trip}` }, el("summary", {},
    sample(look(trip.account).colour, look(trip.account).dash), el("b", {}, who(trip.account)), el("span", { class: "t grow" }, `${clock(trip.entered)} – ${clock(trip.left)}, ${pieces(trip)}`),
    el("span", { class: "num" }, money(trip.total)), el("span", { class: "num" }, `p ${chance(trip.confidence)}`), statusChip(trip.status),
    trip.truth && trip.truth.right !== null ? (trip.truth.right ? chip("✓ right", "good") : chip("✗ wrong", "bad")) : null), body);
  card.addEventListener("toggle", () => { if (card.open && !body.childNodes.length) body.append(...tripBody(trip)); });
  return card;
}

function pieces(trip) {
  const n = trip.lines.reduce((sum, line) => sum + line.qty, 0);
  return n === 1 ? "1 piece" : `${n} pieces`;
}

function statusChip(status) {
  return chip(status, { settled: "good", review: "doubt" }[status] || "");
}

function tripBody(trip) {
  const parts = [];
  if (trip.why.length) parts.push(el("p", {}, el("b", {}, "In review because "), trip.why.join("; ") + "."));
  if (trip.doubts.length) {
    parts.push(el("h3", {}, "Its doubts, largest first"), el("ul", {}, trip.doubts.map((d) => el("li", {}, changeLink(d.event, d.event), ` ${d.decided}; otherwise with p ${chance(d.p_otherwise)}: ${d.or.map((o) => `${o.reading} (p ${chance(o.p)})`).join("; ")}`))));
  } else parts.push(el("p", { class: "note" }, "No single change leaves a doubt worth naming."));
  if (trip.truth && trip.truth.off.length) parts.push(el("h3", {}, "What is wrong"), table(["product", "#charged", "#truly"], trip.truth.off.map((o) => [said.judged.names[o.sku] || o.sku, String(o.charged), String(o.true)])));
  parts.push(trip.lines.length ? table(["product", "#qty", "#amount", "#p", "rests on"], [
    ...trip.lines.map((line) => [line.name, line.g === null ? String(line.qty) : `${line.qty} (${line.g.toFixed(0)} g)`, money(line.amount), chance(line.confidence), el("span", {}, line.changes.map((c, i) => [i ? el("br") : null, changeLink(c.event, `${c.decided}, p ${chance(c.p)}`)]))]),
    ...(trip.discounts || []).map((d) => [`discount: ${d.promotion || d.name || JSON.stringify(d)}`, "", d.amount === undefined ? "" : money(d.amount), "", ""]),
    ["tax", "", money(trip.tax), "", ""], [el("b", {}, "total"), "", el("b", {}, money(trip.total)), chance(trip.confidence), ""]]) : el("p", {}, "Nothing was charged."));
  parts.push(el("p", { class: "note" }, `Trip ${trip.trip}, party of ${trip.party}; in ${clock(trip.entered, true)}, out ${clock(trip.left, true)}, closed ${clock(trip.closed, true)} UTC${trip.left !== null && trip.closed !== null ? `, ${(trip.closed - trip.left).toFixed(1)} s after leaving` : ""}.`));
  return parts;
}

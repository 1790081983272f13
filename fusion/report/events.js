// Every change of goods as a row; what it rests on is drawn when the row is opened.
const rows = new Map();

function drawEvents() {
  const truth = C.truth ? C.truth.events : {};
  const wrong = (change) => change.parts.some((part) => truth[part.event] === false);
  const kinds = {
    "All that moved goods": (change) => change.parts.length > 0,
    "Doubtful": (change) => change.parts.length > 0 && isDoubtful(change),
    ...(C.truth ? { Wrong: wrong } : {}),
    "Moved nothing in the end": (change) => !change.parts.length,
    "Everything": () => true,
  };
  const kind = el("select", { "aria-label": "Which events" }, Object.keys(kinds).map((name) => el("option", {}, name)));
  const whose = el("select", { "aria-label": "Whose events" }, el("option", { value: "" }, "everybody"),
    C.accounts.map((account) => el("option", { value: account }, account)));
  const told = el("span", { class: "soft", role: "status" });
  const touches = (change, account) => change.parts.some((part) => part.account === account) ||
    (change.people || []).some((person) => person.who === account && person.within_reach);
  const show = () => {
    let shown = 0;
    for (const change of C.changes) {
      const yes = kinds[kind.value](change) && (!whose.value || touches(change, whose.value));
      rows.get(change.id).hidden = !yes;
      shown += yes;
    }
    told.textContent = `${shown} of ${C.changes.length}`;
  };
  for (const change of C.changes) rows.set(change.id, eventRow(change, truth));
  byId("event-list").append(...rows.values());
  byId("filters").append(kind, whose, told);
  kind.addEventListener("change", show);
  whose.addEventListener("change", show);
  show();
}

function eventRow(change, truth) {
  const outcomes = [...new Set(change.parts.map((part) => part.outcome))];
  const marks = change.parts.map((part) => right(truth[part.event]));
  const doubt = change.parts.length && isDoubtful(change) ? el("span", { class: "badge doubt" }, "doubt") : null;
  const summary = [
    el("span", { class: "num soft" }, clock(change.t)),
    el("span", { class: "grow" }, change.decided || parted(change)),
    el("span", { class: "soft" }, change.gondola || (change.kind === "exit" ? "exit" : "between people")),
    outcomes.map((one) => (one === "attributed" ? null : el("span", { class: "badge doubt" }, one))), doubt, marks,
    el("span", { class: "num" }, "p " + probability(change.p)),
  ];
  return lazyRow(change.id, summary, () => eventBody(change));
}
const parted = (change) => change.parts.map((part) => `${part.account || "nobody known"} ${part.kind} ${part.qty} x ${named(part.sku)}`).join(" and ");

function eventBody(change) {
  const body = [el("p", {}, (change.said || []).join(" "), " ", el("span", { class: "soft" }, change.id))];
  if (change.parts.length) body.push(table([["Event"], ["Kind"], ["Product"], ["Qty", "num"], ["Account"], ["p", "num"], ["Outcome"]],
    change.parts.map((part) => [part.event, part.kind, named(part.sku), part.qty, part.account || "–", probability(part.p), part.outcome])));
  const panels = [platePlot(change), handPlot(change), nearPlot(change)].filter(Boolean);
  if (panels.length) body.push(el("div", { class: "panels" }, panels));
  for (const one of change.comparisons || []) body.push(...comparison(one));
  if (change.why && !(change.comparisons || []).length) body.push(el("h3", {}, "No other reading was left"), table([["Witness"], ["Nats", "num"]],
    Object.entries(change.why).map(([witness, n]) => [`${witness}: ${C.meaning[witness] || ""}`, nats(n)])));
  if (change.readings) body.push(el("h3", {}, "All readings"), table([["p", "num"], ["Reading"]], change.readings.map((one) => [probability(one.p), one.reading])));
  if ((change.people || []).length) body.push(el("h3", {}, "Who was near"), table([["Who"], ["Body", "num"], ["Hands", "num"], ["Hand to plates at the step"], ["Seen in the hand"]],
    change.people.map((one) => [one.who + (one.p > 0.995 ? "" : `, p ${probability(one.p)}`),
      one.within_reach ? nats(one.why.body || 0) : "–", one.within_reach ? nats(one.why.hands || 0) : "–",
      !one.within_reach ? "out of reach" : one.hand ? `${one.hand.m.toFixed(2)} m (sd ${one.hand.sd.toFixed(2)}) at ${one.hand.t.toFixed(2)} s` : "nobody saw it",
      Object.entries(one.held).slice(0, 2).map(([what, n]) => `${what} ${nats(n)}`).join(", ") || "–"])));
  return body;
}

function comparison(one) {
  const not = one.weighed ? "ruled out before the end" : "not weighed: somebody else was far likelier";
  const lines = one.witnesses.filter((row) => Math.abs(row.decided) >= 0.05 || Math.abs(row.other) >= 0.05)
    .map((row) => [`${row.witness}: ${C.meaning[row.witness] || ""}`, nats(row.decided), nats(row.other), nats(row.difference)]);
  if (Math.abs(one["all else"]) >= 0.05) lines.push([`all else: ${C.meaning["all else"]}`, "", "", nats(one["all else"])]);
  lines.push(["in all", "", "", nats(one["in all"])]);
  return [
    el("h3", {}, `Rather than: ${one.other} (${one.p === null ? not : "p " + probability(one.p)})`),
    table([["Evidence in nats"], ["Decided", "num"], ["Other", "num"], ["Difference", "num"]], lines),
    el("p", {}, "What would have changed the verdict: ", one.turning),
  ];
}

function openEvent(id) {
  const row = rows.get(id);
  if (!row) return;
  row.hidden = false;
  row.open = true;
  row.scrollIntoView({ block: "start" });
  row.firstElementChild.focus({ preventScroll: true });
}

// The list of changes: filtered, a hundred at a time, each drawn when it is opened.

const CHUNK = 100;
const WHICH = {
  "all that moved goods": moved,
  "in doubt": (c) => moved(c) && doubtful(c),
  "marked wrong": wrong,
  "nobody was charged": (c) => c.events.some((e) => e.outcome === "unclaimed" || e.outcome === "ambiguous"),
  "no plate told of": (c) => c.kind !== "shelf",
  "everything that was weighed": () => true,
};
const listed = { rows: [], shown: 0 };

function startChanges() {
  const which = document.getElementById("changes-which"), find = document.getElementById("changes-find");
  const names = Object.keys(WHICH).filter((name) => name !== "marked wrong" || said.judged);
  which.append(...names.map((name) => el("option", { value: name }, name)));
  which.addEventListener("change", filterChanges);
  find.addEventListener("input", filterChanges);
  document.getElementById("changes-more").addEventListener("click", moreChanges);
  filterChanges();
}

function filterChanges() {
  const keep = WHICH[document.getElementById("changes-which").value], text = document.getElementById("changes-find").value.trim().toLowerCase();
  listed.rows = said.changes.filter((c) => keep(c) && (!text || written(c).includes(text)));
  listed.shown = 0;
  document.getElementById("changes-list").replaceChildren();
  document.getElementById("changes-count").textContent = `${listed.rows.length} of ${said.changes.length}`;
  moreChanges();
}

function written(change) {
  return [change.id, change.gondola, sentence(change), ...change.events.map((e) => `${e.sku} ${e.name} ${e.outcome}`)].join(" ").toLowerCase();
}

function moreChanges() {
  const next = listed.rows.slice(listed.shown, listed.shown + CHUNK);
  listed.shown += next.length;
  document.getElementById("changes-list").append(...next.map(changeCard));
  document.getElementById("changes-more").hidden = listed.shown >= listed.rows.length;
}

function changeCard(change) {
  const outcome = change.events.length ? [...new Set(change.events.map((e) => e.outcome))].join(", ") : "";
  const body = el("div", {});
  const card = el("details", { class: "card", id: change.id }, el("summary", {},
    el("span", { class: "t" }, clock(change.s, true)), el("span", { class: "t" }, change.gondola), el("span", { class: "grow" }, sentence(change)),
    el("span", { class: "num" }, `p ${chance(change.p)}`), outcome ? chip(outcome, outcome === "attributed" || outcome === "staff" ? "" : "doubt") : null,
    doubtful(change) && outcome === "attributed" ? chip("in doubt", "doubt") : null,
    said.judged && change.events.length ? (wrong(change) ? chip("✗ wrong", "bad") : chip("✓ right", "good")) : null), body);
  card.addEventListener("toggle", () => { if (card.open && !body.childNodes.length) body.append(...evidence(change)); });
  return card;
}

/** Show one change: filters that hide it are dropped. */
function openChange(id) {
  if (!listed.rows.some((c) => c.id === id)) {
    document.getElementById("changes-which").value = "everything that was weighed";
    document.getElementById("changes-find").value = "";
    filterChanges();
  }
  while (!document.getElementById(id) && listed.shown < listed.rows.length) moreChanges();
  const card = document.getElementById(id);
  if (!card) return;
  card.open = true;
  card.scrollIntoView({ block: "start" });
  card.querySelector("summary").focus({ preventScroll: true });
}

function changeLink(id, text) {
  return el("a", { href: `#${id}`, onclick: (event) => { event.preventDefault(); history.replaceState(null, "", `#${id}`); openChange(id); } }, text);
}

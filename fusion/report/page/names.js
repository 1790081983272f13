// How people, money, times and probabilities are shown: the same everywhere on the page.

const said = JSON.parse(document.getElementById("said").textContent);
const DASHES = ["", "7 4", "2 3", "10 3 2 3"];
const NOBODY = { colour: "var(--grey)", dash: "1 4" };
const DOUBTFUL = 0.95; // a change less sure than this is marked as in doubt

const accounts = (() => {
  const known = new Set();
  for (const trip of said.trips || []) if (trip.account !== null) known.add(trip.account);
  for (const path of said.paths || []) if (path.account !== null) known.add(path.account);
  return [...known].sort();
})();
const looks = new Map(accounts.map((account, i) => [account, { colour: `var(--c${i % 6})`, dash: DASHES[Math.floor(i / 6) % 4] }]));

/** Colour and dashes of an account: together they tell 24 people apart, in grey prints too. */
function look(account) {
  return looks.get(account) || NOBODY;
}

/** The colour behind a CSS variable, for canvas. */
function ink(colour) {
  return colour.startsWith("var(") ? getComputedStyle(document.documentElement).getPropertyValue(colour.slice(4, -1)).trim() : colour;
}

function who(account) {
  return account === null || account === undefined ? "nobody known" : account;
}

function money(cents) {
  return (cents < 0 ? "−" : "") + (Math.abs(cents) / 100).toFixed(2);
}

/** Digits enough to tell a probability from 0 and from 1; never rounded up to certainty. */
function chance(p) {
  if (p === null || p === undefined) return "ruled out";
  if (p < 0.001) return p === 0 ? "0" : p.toExponential(1);
  return p > 0.999 ? (Math.floor(p * 1e6 + 1e-4) / 1e6).toFixed(6).replace(/0+$/, "").replace(/\.$/, "") : p.toFixed(3);
}

/** Time of day, UTC, of seconds after the beginning. */
function clock(s, tenths = false) {
  return s === null ? "–" : new Date(said.begin_ms + Math.round(s * 1000)).toISOString().slice(11, tenths ? 21 : 19);
}

function chip(text, kind) {
  return el("span", { class: `chip ${kind || ""}` }, text);
}

/** Whether a change is in doubt: less than sure, or its goods are nobody's. */
function doubtful(change) {
  return change.p < DOUBTFUL || change.events.some((e) => e.outcome === "ambiguous" || e.outcome === "unclaimed");
}

function wrong(change) {
  return change.events.some((e) => e.right === false);
}

/** What a change is, in a sentence. */
function sentence(change) {
  if (change.decided) return change.decided;
  return change.events.map((e) => `${who(e.account)} ${e.kind === "pick" ? "took" : "put back"} ${e.qty} x ${e.name}`).join(" and ");
}

/** The account that a change moved goods of. */
function mover(change) {
  const one = change.events.find((e) => e.account !== null);
  return one ? one.account : (change.accounts || [null])[0] ?? null;
}

/** Whether goods moved at all. */
function moved(change) {
  return change.events.length > 0 || (change.accounts || []).length > 0;
}

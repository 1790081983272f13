// The page as a whole: figures on top, what to look at first, theme, links.

function startHead() {
  const settled = said.trips.filter((t) => t.status === "settled"), review = said.trips.filter((t) => t.status === "review"), open = said.trips.filter((t) => t.status === "open");
  const goods = said.changes.filter(moved), figures = [
    [said.trips.length, "receipts"], [settled.length, "settled"], [review.length, "in review"], [goods.length, "changes of goods"], [goods.filter(doubtful).length, "of them in doubt"],
    [`${money(settled.reduce((sum, t) => sum + t.total, 0))} ${said.currency}`, "charged"], [`${money(review.reduce((sum, t) => sum + t.total, 0))} ${said.currency}`, "waiting"]];
  if (open.length) figures.push([open.length, "still open"]);
  if (said.judged) figures.push([`${said.judged.receipts.right} / ${said.judged.receipts.count}`, "receipts right"], [`${said.judged.events.right} / ${said.judged.events.count}`, "events right"]);
  document.getElementById("figures").append(...figures.map(([n, what]) => el("li", {}, el("b", {}, String(n)), el("span", {}, what))));
  const day = new Date(said.begin_ms).toISOString().slice(0, 10);
  document.getElementById("when").textContent = `${said.folder} · ${day} ${clock(0)} to ${clock(said.end_s)} UTC, ${Math.round(said.end_s)} s`;
  document.getElementById("lacking").append(...said.lacking.map((line) => el("li", {}, line)));
}

const FIRST_SHOWN = 24;

/** Receipts in review, receipts and changes in doubt, what was wrong, limits, faults: the most pressing first. */
function startFirst() {
  const items = [];
  for (const fault of said.run.ledger_faults || []) items.push([chip("ledger", "bad"), ` ${fault}`]);
  for (const trip of said.trips.filter((t) => t.status === "review")) items.push([statusChip("review"), " ", tripLink(trip), ` ${money(trip.total)}, p ${chance(trip.confidence)}: ${trip.why.join("; ")}`, trip.doubts.length ? el("ul", {}, trip.doubts.slice(0, 2).map((d) => el("li", {}, changeLink(d.event, d.decided), `; otherwise with p ${chance(d.p_otherwise)}`))) : null]);
  for (const trip of said.trips.filter((t) => t.status !== "review" && t.truth && t.truth.right === false)) items.push([chip("✗ settled and wrong", "bad"), " ", tripLink(trip), ` ${money(trip.total)}, p ${chance(trip.confidence)}`]);
  for (const [limit, n] of Object.entries(said.run.limits || {})) items.push([chip("limit reached", "doubt"), ` ${limit}, ${n === 1 ? "once" : `${n} times`}: likely readings were left out`]);
  const loose = said.changes.filter((c) => c.events.some((e) => e.outcome === "unclaimed" || e.outcome === "ambiguous"));
  for (const change of loose.slice(0, 12)) items.push([chip(change.events.map((e) => e.outcome).join(", "), "doubt"), " ", changeLink(change.id, `${clock(change.s)} ${change.gondola}: ${sentence(change)}`), ` p ${chance(change.p)}`]);
  if (loose.length > 12) items.push([`and ${loose.length - 12} more changes that nobody is charged for: see Events`]);
  const faults = Object.entries(said.run.clocks || {}).filter(([, c]) => c.fault);
  for (const [source, c] of faults) items.push([chip("clock", "doubt"), ` ${source}: ${c.fault}`]);
  const rest = items.splice(FIRST_SHOWN).length;
  if (rest) items.push([`and ${rest} more: see Receipts, which begin with those in review, and Events in doubt`]);
  document.getElementById("first-list").append(items.length ? el("ul", {}, items.map((item) => el("li", {}, item))) : el("p", {}, "Nothing: no receipt waits, no change is unclaimed, no limit was reached."));
}

function tripLink(trip) {
  return el("a", { href: `#trip-${trip.trip}`, onclick: () => { document.getElementById(`trip-${trip.trip}`).open = true; } }, who(trip.account));
}

function startTheme() {
  const root = document.documentElement;
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    drawFloor();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawFloor);
}

function openHash() {
  const id = decodeURIComponent(location.hash.slice(1)), card = document.getElementById(id);
  if (said.changes.some((c) => c.id === id)) openChange(id);
  else if (card && card.tagName === "DETAILS") card.open = true;
}

startHead(); startFirst(); startTheme(); startFloor(); startTimeline(); startTrips(); startChanges(); startAccuracy(); startRun();
window.addEventListener("hashchange", openHash);
openHash();
document.documentElement.dataset.ready = "yes";

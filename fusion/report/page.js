// Draws what is seen first at once, and the floor and the timeline when they are scrolled near.
const themes = ["", "light", "dark"];
byId("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const next = themes[(themes.indexOf(root.dataset.theme || "") + 1) % themes.length];
  if (next) root.dataset.theme = next; else delete root.dataset.theme;
  byId("theme").textContent = next ? `Theme: ${next}` : "Theme";
});

byId("subtitle").textContent = [C.store && `Store ${C.store}`, C.start, `times in ${C.timezone}`].filter(Boolean).join(" · ");
drawTiles();
drawReceipts();
drawEvents();
drawTruth();
drawRun();

const waiting = new Map([[byId("floor"), drawFloor], [byId("timeline"), drawTimeline]]);
const watch = new IntersectionObserver((seen) => {
  for (const one of seen) if (one.isIntersecting && waiting.has(one.target)) {
    const draw = waiting.get(one.target);
    waiting.delete(one.target);
    watch.unobserve(one.target);
    draw();
  }
}, { rootMargin: "600px" });
for (const section of waiting.keys()) watch.observe(section);

const wanted = decodeURIComponent(location.hash.slice(1));
if (rows.has(wanted)) openEvent(wanted);
else if (wanted.startsWith("receipt-") && byId(wanted)) byId(wanted).open = true;

// The panels beside the floor, one at a time; on a phone the floor is one of them.

import { el, put } from "./dom";

interface Tab {
  id: string;
  name: string;
  panel: HTMLElement | null; // null: the floor
}

export interface Tabs {
  element: HTMLElement;
  show: (id: string) => void;
  badge: (id: string, n: number) => void;
  panel: () => HTMLElement;
}

/** Make the tabs; `left` is called whenever another is chosen. */
export function makeTabs(tabs: readonly Tab[], left: () => void): Tabs {
  const buttons = new Map<string, HTMLButtonElement>();
  const badges = new Map<string, HTMLElement>();
  const panels = el("div", { class: "panels" });
  const bar = el("div", { class: "tabs", role: "tablist", "aria-label": "Views", onkeydown: (event) => walk(event as KeyboardEvent) });
  let shown = "feed";

  for (const tab of tabs) {
    const badge = el("span", { class: "badge", hidden: true });
    const button = el("button", { role: "tab", id: `tab-${tab.id}`, "aria-controls": `panel-${tab.id}`, onclick: () => show(tab.id) }, tab.name, badge);
    buttons.set(tab.id, button);
    badges.set(tab.id, badge);
    bar.append(button);
    if (tab.panel === null) continue;
    Object.assign(tab.panel, { id: `panel-${tab.id}` });
    tab.panel.setAttribute("role", "tabpanel");
    tab.panel.setAttribute("aria-labelledby", `tab-${tab.id}`);
    panels.append(tab.panel);
  }

  function mark(id: string): void {
    shown = id;
    for (const [name, button] of buttons) {
      button.setAttribute("aria-selected", `${name === id}`);
      button.tabIndex = name === id ? 0 : -1;
    }
    // Beside the floor there is always a panel; only a phone shows the floor alone.
    if (id !== "floor") for (const tab of tabs) if (tab.panel !== null) tab.panel.hidden = tab.id !== id;
    document.documentElement.dataset["view"] = id;
  }

  function show(id: string): void {
    left();
    mark(id);
    if (id === "floor") document.querySelector<HTMLElement>("canvas.floor")?.focus();
  }

  function walk(event: KeyboardEvent): void {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    const all = [...buttons].filter(([, button]) => button.offsetParent !== null);
    const at = all.findIndex(([id]) => id === shown);
    const next = all[(at + by + all.length) % all.length];
    if (next === undefined) return;
    show(next[0]);
    next[1].focus();
  }

  mark(shown);
  return {
    element: el("aside", { class: "side" }, bar, panels),
    show,
    badge: (id, n) => {
      const badge = badges.get(id);
      if (badge === undefined) return;
      badge.hidden = n === 0;
      put(badge, `${n}`);
      badge.setAttribute("aria-label", `${n} waiting`);
    },
    panel: () => panels.querySelector<HTMLElement>(".panel-body:not([hidden])") ?? panels,
  };
}

/** Move the focus within a list. */
export function moveInList(panel: HTMLElement, by: 1 | -1): void {
  const items = [...panel.querySelectorAll<HTMLElement>(".list .item")];
  if (items.length === 0) return;
  const at = items.indexOf(document.activeElement as HTMLElement);
  const next = items[at < 0 ? (by > 0 ? 0 : items.length - 1) : Math.max(0, Math.min(items.length - 1, at + by))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

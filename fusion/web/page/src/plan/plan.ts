// The floor: a canvas that draws itself, can be moved, zoomed, pointed at, and used by keyboard.

import { el, put } from "../dom";
import type { Model } from "../model";
import type { Instant } from "../playhead";
import type { Person } from "../protocol";
import { brief, percent } from "../words";
import { readColours } from "./colours";
import { Frame } from "./frame";
import { bodySize, drawMoving } from "./moving";
import { drawStill } from "./still";
import { plateAt, plateWords } from "./pointing";

export interface Plan {
  element: HTMLElement;
  toggleViews: () => void;
  fit: () => void;
  zoom: (factor: number) => void;
  repaint: () => void;
  next: (step: 1 | -1) => void;
  /** Frames drawn, and milliseconds spent in drawing them, since the last call. */
  spent: () => { frames: number; ms: number };
}

/** Make the floor plan of a store. */
export function makePlan(model: Model): Plan {
  const store = model.store;
  const frame = new Frame(store);
  const canvas = el("canvas", { tabindex: 0, role: "img", class: "floor", "aria-describedby": "floor-hint" });
  const tip = el("div", { class: "tip", hidden: true, role: "status" });
  const hint = el("p", { id: "floor-hint", class: "unseen", text: "Arrow keys move the floor, plus and minus zoom, N goes to the next shopper, zero fits everything." });
  const element = el("div", { class: "plan" }, canvas, tip, hint);
  const pen = canvas.getContext("2d", { alpha: false }) as CanvasRenderingContext2D;
  const still = document.createElement("canvas");
  const stillPen = still.getContext("2d", { alpha: false }) as CanvasRenderingContext2D;
  let colours = readColours();
  let isStale = true; // the still picture
  let isDirty = true;
  let hasViews = store.cameras.length <= 24;
  let blind: ReadonlySet<string> = new Set();
  let last: Instant | null = null;
  let lastT = Number.NaN;
  let pointed: number | null = null;
  let frames = 0;
  let ms = 0;

  const changed = (): void => {
    isStale = true;
  };

  new ResizeObserver(() => {
    const box = element.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) return; // hidden: another view is shown
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    for (const one of [canvas, still]) {
      one.width = Math.round(box.width * ratio);
      one.height = Math.round(box.height * ratio);
    }
    frame.resize(box.width, box.height);
    changed();
    draw(performance.now());
  }).observe(element);

  function draw(now: number): void {
    if (canvas.offsetParent === null) return;
    const isHeld = model.playback.isPaused || model.link.state === "lost";
    const instant = model.playhead.at(now, isHeld);
    const t = instant?.t ?? Number.NaN;
    if (!isStale && !isDirty && Object.is(t, lastT)) return; // nothing moved: a quiet shop costs nothing
    const begun = performance.now();
    const ratio = canvas.width / frame.width;
    if (isStale) {
      stillPen.setTransform(ratio, 0, 0, ratio, 0, 0);
      drawStill(stillPen, store, frame, colours, { views: hasViews, blind });
    }
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.drawImage(still, 0, 0);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (instant !== null)
      drawMoving(pen, instant, model.playhead.trails, store.plates, frame, colours, { chosen: model.chosen, track: pointed });
    isStale = isDirty = false;
    last = instant;
    lastT = t;
    frames += 1;
    ms += performance.now() - begun;
  }

  let wasShown = false;
  function loop(now: number): void {
    if (wasShown && !canvas.isConnected) return; // signed out
    wasShown = canvas.isConnected;
    draw(now);
    requestAnimationFrame(loop);
  }
  requestAnimationFrame(loop);

  function personAt(px: number, py: number): Person | null {
    let best: Person | null = null;
    let nearest = bodySize(frame) + 9;
    for (const person of last?.people ?? []) {
      const d = Math.hypot(frame.x(person[1]) - px, frame.y(person[2]) - py);
      if (d < nearest) [best, nearest] = [person, d];
    }
    return best;
  }

  function point(px: number, py: number): void {
    const person = personAt(px, py);
    if ((person?.[0] ?? null) !== pointed) isDirty = true;
    pointed = person?.[0] ?? null;
    canvas.classList.toggle("pointing", person !== null);
    const plate = person === null ? plateAt(store, frame.metres(px, py)) : null;
    const words = person !== null ? personWords(person) : plate !== null ? plateWords(plate, model.words) : "";
    tip.hidden = words === "";
    if (words === "") return;
    put(tip, words);
    const wide = tip.offsetWidth;
    tip.style.transform = `translate(${Math.round(Math.max(4, Math.min(px + 16, frame.width - wide - 8)))}px, ${Math.round(Math.min(py + 16, frame.height - 60))}px)`;
  }

  function personWords([track, , , sd, account, p, cart, party]: Person): string {
    const who = account === null ? "Nobody known" : `${account} (${percent(p)})`;
    const basket = account === null ? undefined : model.baskets.get(account);
    return [
      who,
      `track ${track}, place within ${(2 * sd).toFixed(2)} m`,
      cart === null ? "" : `cart ${cart}`,
      party !== null && party > 1 ? `party of ${party}` : "",
      basket === undefined ? "" : `${basket.lines.reduce((n, line) => n + line[1], 0)} items, ${model.words.money(basket.total)}`,
    ].filter(Boolean).join("\n");
  }

  let held: { x: number; y: number; moved: boolean } | null = null;
  canvas.addEventListener("pointerdown", (event) => {
    held = { x: event.offsetX, y: event.offsetY, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (held === null) return point(event.offsetX, event.offsetY);
    const [dx, dy] = [event.offsetX - held.x, event.offsetY - held.y];
    if (!held.moved && Math.hypot(dx, dy) < 5) return;
    held = { x: event.offsetX, y: event.offsetY, moved: true };
    frame.pan(dx, dy);
    changed();
  });
  canvas.addEventListener("pointerup", (event) => {
    if (held !== null && !held.moved) {
      const account = personAt(event.offsetX, event.offsetY)?.[4] ?? null;
      model.choose(account === model.chosen ? null : account);
    }
    held = null;
  });
  canvas.addEventListener("pointercancel", () => (held = null));
  canvas.addEventListener("pointerleave", () => {
    tip.hidden = true;
    if (pointed !== null) isDirty = true;
    pointed = null;
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    frame.zoom(Math.exp(-event.deltaY * 0.0015), event.offsetX, event.offsetY);
    changed();
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const move: Record<string, [number, number]> = {
      ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60],
    };
    const by = move[event.key];
    if (by === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    frame.pan(...by);
    changed();
  });

  model.on(["health"], () => {
    const down = [...model.health].filter(([, one]) => one.state === "down").map(([src]) => src);
    if (down.join() !== [...blind].join()) {
      blind = new Set(down);
      changed();
    }
  });
  model.on(["chosen", "link", "playback", "baskets"], () => (isDirty = true));
  let saidAt = 0;
  model.on(["scene", "chosen"], () => {
    if (performance.now() - saidAt < 1000) return; // a description that changes all the time helps nobody
    saidAt = performance.now();
    const n = model.playhead.newest?.people.length ?? 0;
    const who = model.chosen === null ? "" : ` Chosen: ${brief(model.chosen)}.`;
    canvas.setAttribute("aria-label", `Floor of ${store.store}: ${n} people, ${store.shelves.length} shelves.${who}`);
  });

  return {
    element,
    toggleViews: () => {
      hasViews = !hasViews;
      changed();
    },
    fit: () => {
      frame.fit();
      changed();
    },
    zoom: (factor) => {
      frame.zoom(factor);
      changed();
    },
    repaint: () => {
      colours = readColours();
      changed();
    },
    next: (step) => {
      const accounts = [...new Set((last?.people ?? []).map((person) => person[4]).filter((a): a is string => a !== null))].sort();
      if (accounts.length === 0) return;
      const at = model.chosen === null ? (step > 0 ? -1 : 0) : accounts.indexOf(model.chosen);
      model.choose(accounts[(at + step + accounts.length) % accounts.length] ?? null);
    },
    spent: () => {
      const so = { frames, ms };
      frames = ms = 0;
      return so;
    },
  };
}

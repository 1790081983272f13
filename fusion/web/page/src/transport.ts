// The bar below: which time is shown; pause, step, speed, and back to live.

import { el, put } from "./dom";
import { icon } from "./icons";
import type { Model } from "./model";
import type { Stream } from "./stream";
import { dayOf, span, timeOf } from "./words";

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16, 32];
const CAUGHT_UP_MS = 400;
const SEEK_MS = 150; // a slider that is dragged asks this often

export interface Transport {
  element: HTMLElement;
  toggle: () => void;
  step: (by: 1 | -1) => void;
  faster: (by: 1 | -1) => void;
  seek: (t: number) => void;
  skip: (ms: number) => void;
  live: () => void;
}

/** Make the bar; what is wished is kept in the model, so that a new connection asks for the same. */
export function makeTransport(model: Model, stream: () => Stream): Transport {
  const slider = el("input", { type: "range", min: 0, max: 0, step: 100, value: 0, disabled: true, "aria-label": "Time", oninput: () => dragged() });
  const clock = el("output", { class: "clock" });
  const ends = el("span", { class: "behind" });
  const pause = el("button", { class: "icon", onclick: () => toggle() });
  const back = el("button", { class: "icon", "aria-label": "Step back", title: "Step back (,)", onclick: () => step(-1) }, icon("back"));
  const on = el("button", { class: "icon", "aria-label": "Step on", title: "Step on (.)", onclick: () => step(1) }, icon("on"));
  const speeds = el(
    "select",
    { "aria-label": "Speed", title: "Speed ([ and ])", onchange: () => setSpeed(Number(speeds.value)) },
    ...SPEEDS.map((speed) => el("option", { value: speed, text: `${speed}×` })),
  );
  const liveButton = el("button", { class: "live", text: "Live", title: "Back to live (L)", onclick: () => live() });
  let timer = 0;
  let wasStill: boolean | null = null;

  // What the slider was dragged to counts at once, also before it is asked for.
  const now = (): number => (timer !== 0 ? Number(slider.value) : model.here ?? model.span?.to ?? 0);

  function forgetDrag(): void {
    clearTimeout(timer);
    timer = 0;
  }

  function wish(t: number): void {
    forgetDrag();
    const { speed, isPaused } = model.playback;
    model.playback = { ...model.playback, isLive: false };
    model.playhead.speed = speed;
    model.wishFor(t);
    stream().send({ go: t, speed, paused: isPaused });
    model.tell("playback");
  }

  function dragged(): void {
    const t = Number(slider.value);
    put(clock, timeOf(t));
    if (timer !== 0) return;
    timer = window.setTimeout(() => wish(Number(slider.value)), SEEK_MS);
  }

  function seek(t: number): void {
    const { from, to } = model.span ?? { from: t, to: t };
    wish(Math.max(from, Math.min(to, t)));
  }

  function toggle(): void {
    const isAtEnd = model.span?.over === true && now() >= model.span.to - 200;
    const isPaused = isAtEnd ? false : !model.playback.isPaused;
    model.playback = { ...model.playback, isPaused };
    seek(isAtEnd && model.span !== null ? model.span.from : now());
  }

  function step(by: 1 | -1): void {
    if (!model.playback.isPaused || timer !== 0) {
      model.playback = { ...model.playback, isPaused: true };
      seek(now());
    }
    stream().send({ step: by });
  }

  function setSpeed(speed: number): void {
    model.playback = { ...model.playback, speed };
    seek(now());
  }

  function live(): void {
    forgetDrag();
    model.playback = { isLive: true, isPaused: false, speed: 1 };
    model.wishFor(null);
    model.playhead.speed = 1;
    stream().send({ go: "live" });
    model.tell("playback");
  }

  /** What is played faster than it happens is followed live once it has caught up. */
  function catchUp(): void {
    const { span, playback } = model;
    if (span === null || span.over || playback.isLive || playback.isPaused || playback.speed <= 1) return;
    if (timer === 0 && now() >= span.to - CAUGHT_UP_MS) live();
  }

  model.on(["scene", "span", "playback"], () => {
    catchUp();
    const { isLive, isPaused, speed } = model.playback;
    const here = now();
    if (model.span !== null) {
      slider.disabled = false; // there is a time to go to
      slider.min = `${Math.floor(model.span.from)}`;
      slider.max = `${Math.ceil(model.span.to)}`;
    }
    if (timer === 0) {
      slider.value = `${here}`;
      put(clock, here ? timeOf(here) : "–");
      clock.title = here ? dayOf(here) : "";
    }
    slider.setAttribute("aria-valuetext", here ? timeOf(here) : "no time yet");
    const behind = (model.span?.to ?? here) - here;
    put(ends, isLive || behind < 1500 ? "" : `−${span(behind)}`);
    const isStill = isPaused || (model.span?.over === true && behind < 200);
    if (isStill !== wasStill) pause.replaceChildren(icon(isStill ? "play" : "pause"));
    wasStill = isStill;
    pause.setAttribute("aria-label", isStill ? "Play" : "Pause");
    pause.title = isStill ? "Play (space)" : "Pause (space)";
    speeds.value = `${speed}`;
    liveButton.setAttribute("aria-pressed", `${isLive}`);
    put(liveButton, model.span?.over ? "End" : "Live");
  });

  return {
    element: el("footer", { class: "transport", "aria-label": "Time" }, el("div", { class: "buttons" }, back, pause, on), clock, slider, ends, speeds, liveButton),
    toggle,
    step,
    faster: (by) => {
      const at = SPEEDS.indexOf(model.playback.speed);
      setSpeed(SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at + by))] ?? 1);
    },
    seek,
    skip: (ms) => seek(now() + ms),
    live,
  };
}

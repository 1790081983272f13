// What moves: paths, carts, reaches, busy plates, people with how sure it is who they are.

import type { Instant, Trail } from "../playhead";
import type { Busy, Person, Plate, Reach } from "../protocol";
import { brief, percent } from "../words";
import { colourOf, type Colours } from "./colours";
import type { Frame } from "./frame";

type Pen = CanvasRenderingContext2D;

const CROWD = 40; // above, only who is chosen, pointed at or doubtful has a name
const SURE = 0.9; // below, a person's ring is broken and the probability stands beside it
const BANDS = 4; // of fading

export interface Pointing {
  chosen: string | null;
  track: number | null; // under the pointer
}

/** Draw one instant over the still picture. */
export function drawMoving(
  pen: Pen,
  instant: Instant,
  trails: ReadonlyMap<number, Trail>,
  plates: readonly Plate[],
  frame: Frame,
  colours: Colours,
  pointing: Pointing,
): void {
  busyPlates(pen, instant.scene.plates, plates, frame, colours);
  paths(pen, instant.t, trails, frame, colours, pointing.chosen);
  carts(pen, instant, frame, colours);
  reaches(pen, instant, frame, colours);
  people(pen, instant.people, frame, colours, pointing);
}

const shade = (colours: Colours, account: string | null): string => colours.people[colourOf(account)] ?? colours.unknown;

/** Radius of a person, px: their size, but always to be seen and never in the way. */
export const bodySize = (frame: Frame): number => Math.max(4, Math.min(11, 0.19 * frame.scale));

function busyPlates(pen: Pen, busy: readonly Busy[], plates: readonly Plate[], frame: Frame, colours: Colours): void {
  for (const [index, grams] of busy) {
    const plate = plates[index];
    if (plate === undefined) continue;
    pen.beginPath();
    plate.outline.forEach(([x, y], i) => (i ? pen.lineTo(frame.x(x), frame.y(y)) : pen.moveTo(frame.x(x), frame.y(y))));
    pen.closePath();
    pen.fillStyle = grams < 0 ? colours.taken : colours.back;
    pen.globalAlpha = 0.35 + 0.6 * Math.min(1, Math.abs(grams) / 150);
    pen.fill();
    pen.globalAlpha = 1;
    pen.strokeStyle = pen.fillStyle;
    pen.lineWidth = 2;
    pen.stroke();
    if (Math.abs(grams) >= 5) arrow(pen, plate, grams < 0, frame, colours);
  }
}

/** Lighter: an arrow down; heavier: up; so that nobody needs to tell the colours apart. */
function arrow(pen: Pen, plate: Plate, isLighter: boolean, frame: Frame, colours: Colours): void {
  const n = plate.outline.length;
  const x = frame.x(plate.outline.reduce((sum, p) => sum + p[0], 0) / n);
  const y = frame.y(plate.outline.reduce((sum, p) => sum + p[1], 0) / n);
  const d = isLighter ? 4 : -4;
  pen.beginPath();
  pen.moveTo(x - 4, y - d / 2);
  pen.lineTo(x + 4, y - d / 2);
  pen.lineTo(x, y + d);
  pen.closePath();
  pen.fillStyle = colours.ink;
  pen.fill();
}

/** Fading lines behind people: few strokes for many people, one a colour and band of age. */
function paths(
  pen: Pen, t: number, trails: ReadonlyMap<number, Trail>, frame: Frame, colours: Colours, chosen: string | null,
): void {
  const bundles = new Map<string, Path2D>();
  for (const trail of trails.values()) {
    const colour = shade(colours, trail.account);
    for (let i = 1; i < trail.t.length; i += 1) {
      if ((trail.t[i] as number) > t) break;
      const age = (t - (trail.t[i] as number)) / 14_000;
      const band = Math.max(0, Math.min(BANDS - 1, Math.floor(age * BANDS)));
      const name = `${band} ${trail.account !== null && trail.account === chosen ? 3.5 : 1.75} ${colour}`;
      let path = bundles.get(name);
      if (path === undefined) bundles.set(name, (path = new Path2D()));
      path.moveTo(frame.x(trail.x[i - 1] as number), frame.y(trail.y[i - 1] as number));
      path.lineTo(frame.x(trail.x[i] as number), frame.y(trail.y[i] as number));
    }
  }
  pen.lineCap = "round";
  for (const [name, path] of bundles) {
    const [band, width, ...colour] = name.split(" ");
    pen.globalAlpha = 0.75 * (1 - Number(band) / BANDS);
    pen.lineWidth = Number(width);
    pen.strokeStyle = colour.join(" ");
    pen.stroke(path);
  }
  pen.globalAlpha = 1;
}

function carts(pen: Pen, instant: Instant, frame: Frame, colours: Colours): void {
  const size = Math.max(4.5, Math.min(12, 0.2 * frame.scale));
  for (const [, cx, cy, account] of instant.scene.carts) {
    const [x, y] = [frame.x(cx), frame.y(cy)];
    pen.beginPath();
    pen.roundRect(x - size, y - 0.72 * size, 2 * size, 1.44 * size, 2.5);
    pen.fillStyle = colours.floor;
    pen.fill();
    pen.strokeStyle = shade(colours, account);
    pen.lineWidth = 2;
    pen.stroke();
    pen.beginPath();
    for (const k of [-0.33, 0.33]) {
      pen.moveTo(x + k * size * 1.2, y - 0.4 * size);
      pen.lineTo(x + k * size * 1.2, y + 0.4 * size);
    }
    pen.lineWidth = 1.25;
    pen.stroke();
  }
}

function reaches(pen: Pen, instant: Instant, frame: Frame, colours: Colours): void {
  if (instant.scene.reaches.length === 0) return;
  const at = new Map(instant.people.map((person) => [person[0], person]));
  for (const reach of instant.scene.reaches) reachLine(pen, reach, at.get(reach[0]), frame, colours);
}

function reachLine(pen: Pen, reach: Reach, person: Person | undefined, frame: Frame, colours: Colours): void {
  const [, x0, y0, x1, y1] = reach;
  pen.beginPath();
  pen.moveTo(frame.x(person?.[1] ?? x0), frame.y(person?.[2] ?? y0));
  pen.lineTo(frame.x(x1), frame.y(y1));
  pen.strokeStyle = shade(colours, person?.[4] ?? null);
  pen.lineWidth = 2.5;
  pen.lineCap = "round";
  pen.stroke();
  pen.beginPath();
  pen.arc(frame.x(x1), frame.y(y1), 3.2, 0, 7);
  pen.fillStyle = pen.strokeStyle;
  pen.fill();
}

function people(pen: Pen, unordered: readonly Person[], frame: Frame, colours: Colours, pointing: Pointing): void {
  const isAbove = (person: Person): boolean => person[0] === pointing.track || (person[4] !== null && person[4] === pointing.chosen);
  const all = [...unordered].sort((a, b) => Number(isAbove(a)) - Number(isAbove(b))); // whoever is meant is not hidden
  const r = bodySize(frame);
  for (const person of all) body(pen, person, r, frame, colours);
  pen.font = "600 11px Inter, sans-serif";
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  for (const person of all) {
    const [track, x, y, , account, p, , party] = person;
    const isChosen = account !== null && account === pointing.chosen;
    if (isChosen || track === pointing.track) {
      pen.beginPath();
      pen.arc(frame.x(x), frame.y(y), r + 7, 0, 7);
      pen.strokeStyle = colours.chosen;
      pen.lineWidth = 2;
      pen.stroke();
    }
    const isDoubtful = account !== null && p < SURE;
    if (all.length > CROWD && !isChosen && track !== pointing.track && !isDoubtful) continue;
    if (account === null && track !== pointing.track) continue;
    const words = all.length > CROWD && isDoubtful && !isChosen && track !== pointing.track ? percent(p) : nameOf(person);
    name(pen, words + (party !== null && party > 1 ? ` ×${party}` : ""), frame.x(x) + r + 7, frame.y(y), colours);
  }
}

function nameOf([track, , , , account, p]: Person): string {
  if (account === null) return `unknown, track ${track}`;
  return p < SURE ? `${brief(account)}  ${percent(p)}` : brief(account);
}

/** A disc for who is known, a hollow one for who is not; the ring is as long as its probability. */
function body(pen: Pen, [, px, py, sd, account, p]: Person, r: number, frame: Frame, colours: Colours): void {
  const [x, y] = [frame.x(px), frame.y(py)];
  const colour = shade(colours, account);
  const doubt = 2 * sd * frame.scale;
  if (doubt > r + 2) {
    pen.beginPath();
    pen.arc(x, y, Math.min(doubt, 3 * frame.scale), 0, 7);
    pen.fillStyle = colour;
    pen.globalAlpha = 0.1;
    pen.fill();
    pen.globalAlpha = 1;
  }
  pen.beginPath();
  pen.arc(x, y, r, 0, 7);
  pen.fillStyle = account === null ? colours.floor : colour;
  pen.fill();
  pen.lineWidth = account === null ? 2 : 1.5;
  pen.strokeStyle = account === null ? colour : colours.floor;
  if (account === null) pen.setLineDash([3, 2.5]);
  pen.stroke();
  pen.setLineDash([]);
  if (account === null || p >= SURE) return;
  pen.lineWidth = 2.5;
  pen.strokeStyle = colour;
  pen.beginPath();
  pen.arc(x, y, r + 3.5, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * p);
  pen.stroke();
  pen.beginPath();
  pen.setLineDash([1.5, 3]);
  pen.lineWidth = 1.5;
  pen.arc(x, y, r + 3.5, -Math.PI / 2 + 2 * Math.PI * p, 1.5 * Math.PI);
  pen.stroke();
  pen.setLineDash([]);
}

function name(pen: Pen, words: string, x: number, y: number, colours: Colours): void {
  const wide = pen.measureText(words).width;
  pen.globalAlpha = 0.82;
  pen.fillStyle = colours.halo;
  pen.beginPath();
  pen.roundRect(x - 3, y - 8, wide + 6, 16, 4);
  pen.fill();
  pen.globalAlpha = 1;
  pen.fillStyle = colours.ink;
  pen.fillText(words, x, y + 0.5);
}

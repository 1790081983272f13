// What does not move: floor, shelves, plates, gates, cameras and what they see. Drawn once a zoom, then copied.

import type { Point, Store } from "../protocol";
import type { Colours } from "./colours";
import type { Frame } from "./frame";

type Pen = CanvasRenderingContext2D;

export interface Shown {
  views: boolean; // cameras' fields of view
  blind: ReadonlySet<string>; // cameras and plates that tell nothing
}

/** Draw the store without its people. */
export function drawStill(pen: Pen, store: Store, frame: Frame, colours: Colours, shown: Shown): void {
  pen.fillStyle = colours.ground;
  pen.fillRect(0, 0, frame.width, frame.height);
  outline(pen, frame, [store.floor]);
  pen.fillStyle = colours.floor;
  pen.fill();
  grid(pen, store, frame, colours);
  if (shown.views) views(pen, store, frame, colours, shown.blind);
  outline(pen, frame, [store.floor]);
  stroke(pen, colours.edge, 1.5);
  outline(pen, frame, store.shelves.map((shelf) => shelf.outline));
  pen.fillStyle = colours.shelf;
  pen.fill();
  outline(pen, frame, store.plates.map((plate) => plate.outline));
  pen.fillStyle = colours.plate;
  pen.fill();
  if (frame.scale > 22) stroke(pen, colours.plateEdge, 0.75);
  outline(pen, frame, store.shelves.map((shelf) => shelf.outline));
  stroke(pen, colours.shelfEdge, 1);
  if (frame.scale > 14) names(pen, store, frame, colours);
  blindPlates(pen, store, frame, colours, shown.blind);
  gates(pen, store, frame, colours);
  cameras(pen, store, frame, colours, shown.blind);
  ruler(pen, frame, colours);
}

function outline(pen: Pen, frame: Frame, polygons: readonly Point[][]): void {
  pen.beginPath();
  for (const polygon of polygons) {
    polygon.forEach(([x, y], i) => (i ? pen.lineTo(frame.x(x), frame.y(y)) : pen.moveTo(frame.x(x), frame.y(y))));
    pen.closePath();
  }
}

function stroke(pen: Pen, colour: string, width: number): void {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.lineJoin = "round";
  pen.stroke();
}

/** A metre grid, clipped to the floor: how far apart people are is read without measuring. */
function grid(pen: Pen, store: Store, frame: Frame, colours: Colours): void {
  if (frame.scale < 9) return;
  pen.save();
  outline(pen, frame, [store.floor]);
  pen.clip();
  pen.beginPath();
  const [x0, y1] = frame.metres(0, 0);
  const [x1, y0] = frame.metres(frame.width, frame.height);
  for (let x = Math.ceil(x0); x <= x1; x += 1) {
    pen.moveTo(frame.x(x), 0);
    pen.lineTo(frame.x(x), frame.height);
  }
  for (let y = Math.ceil(y0); y <= y1; y += 1) {
    pen.moveTo(0, frame.y(y));
    pen.lineTo(frame.width, frame.y(y));
  }
  pen.globalAlpha = 0.35;
  stroke(pen, colours.plateEdge, 0.5);
  pen.restore();
}

function views(pen: Pen, store: Store, frame: Frame, colours: Colours, blind: ReadonlySet<string>): void {
  pen.save();
  outline(pen, frame, [store.floor]);
  pen.clip();
  for (const camera of store.cameras) {
    if (camera.view.length < 3) continue;
    const isBlind = blind.has(camera.id);
    outline(pen, frame, [camera.view]);
    pen.fillStyle = isBlind ? colours.blind : colours.view;
    pen.globalAlpha = isBlind ? 0.1 : Math.min(0.06, 0.4 / store.cameras.length);
    pen.fill();
    pen.globalAlpha = isBlind ? 0.8 : store.cameras.length > 24 ? 0.14 : 0.35;
    pen.setLineDash(isBlind ? [6, 5] : []);
    stroke(pen, isBlind ? colours.blind : colours.view, 1);
  }
  pen.restore();
}

/** A frame and a stroke through each plate that tells nothing. */
function blindPlates(pen: Pen, store: Store, frame: Frame, colours: Colours, blind: ReadonlySet<string>): void {
  const outlines = store.plates.filter((plate) => blind.has(plate.id)).map((plate) => plate.outline);
  if (outlines.length === 0) return;
  outline(pen, frame, outlines);
  for (const [from, , to] of outlines) {
    if (from === undefined || to === undefined) continue;
    pen.moveTo(frame.x(from[0]), frame.y(from[1]));
    pen.lineTo(frame.x(to[0]), frame.y(to[1]));
  }
  stroke(pen, colours.blind, 2);
}

function names(pen: Pen, store: Store, frame: Frame, colours: Colours): void {
  pen.fillStyle = colours.faint;
  pen.font = "600 11px Inter, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (const shelf of store.shelves) {
    const x = shelf.outline.map((p) => frame.x(p[0]));
    const y = shelf.outline.map((p) => frame.y(p[1]));
    const wide = Math.max(...x) - Math.min(...x);
    const high = Math.max(...y) - Math.min(...y);
    const size = pen.measureText(shelf.id).width;
    if (Math.max(wide, high) < size + 8 || Math.min(wide, high) < 13) continue;
    pen.save();
    pen.translate((Math.max(...x) + Math.min(...x)) / 2, (Math.max(...y) + Math.min(...y)) / 2);
    if (high > wide && wide < size + 8) pen.rotate(-Math.PI / 2);
    pen.fillText(shelf.id, 0, 0);
    pen.restore();
  }
}

function gates(pen: Pen, store: Store, frame: Frame, colours: Colours): void {
  for (const gate of store.gates) {
    pen.beginPath();
    pen.moveTo(frame.x(gate.a[0]), frame.y(gate.a[1]));
    pen.lineTo(frame.x(gate.b[0]), frame.y(gate.b[1]));
    pen.lineCap = "round";
    pen.setLineDash(gate.kind === "exit" ? [2, 7] : []); // an exit is dashed, whatever the colours
    stroke(pen, colours.gate, 5);
    pen.setLineDash([]);
    pen.lineCap = "butt";
    if (frame.scale > 14) label(pen, frame, gate.id, (gate.a[0] + gate.b[0]) / 2, (gate.a[1] + gate.b[1]) / 2, colours);
  }
}

function label(pen: Pen, frame: Frame, words: string, x: number, y: number, colours: Colours): void {
  pen.font = "600 11px Inter, sans-serif";
  pen.textBaseline = "middle";
  const wide = pen.measureText(words).width;
  // Beside the gate and inwards, where there is room on either side of the picture.
  const toRight = frame.x(x) + wide + 16 < frame.width;
  pen.textAlign = toRight ? "left" : "right";
  pen.fillStyle = colours.faint;
  pen.fillText(words, frame.x(x) + (toRight ? 9 : -9), frame.y(y));
}

function cameras(pen: Pen, store: Store, frame: Frame, colours: Colours, blind: ReadonlySet<string>): void {
  const size = frame.scale < 14 ? 2.2 : 4;
  for (const camera of store.cameras) {
    const [x, y] = [frame.x(camera.x), frame.y(camera.y)];
    const isBlind = blind.has(camera.id);
    pen.beginPath();
    if (isBlind) {
      pen.moveTo(x - 5, y - 5);
      pen.lineTo(x + 5, y + 5);
      pen.moveTo(x + 5, y - 5);
      pen.lineTo(x - 5, y + 5);
      stroke(pen, colours.blind, 2.5);
    } else {
      pen.moveTo(x, y - size);
      pen.lineTo(x + size, y);
      pen.lineTo(x, y + size);
      pen.lineTo(x - size, y);
      pen.closePath();
      pen.fillStyle = colours.floor;
      pen.fill();
      stroke(pen, colours.faint, 1.25);
    }
  }
}

/** How long a round number of metres is. */
function ruler(pen: Pen, frame: Frame, colours: Colours): void {
  const metres = [0.5, 1, 2, 5, 10, 20, 50].find((m) => m * frame.scale > 50) ?? 100;
  const [x, y] = [16, frame.height - 14];
  pen.beginPath();
  pen.moveTo(x, y - 4);
  pen.lineTo(x, y);
  pen.lineTo(x + metres * frame.scale, y);
  pen.lineTo(x + metres * frame.scale, y - 4);
  stroke(pen, colours.faint, 1.25);
  pen.fillStyle = colours.faint;
  pen.font = "500 11px Inter, sans-serif";
  pen.textAlign = "left";
  pen.textBaseline = "alphabetic";
  pen.fillText(`${metres} m`, x + 5, y - 5);
}

// From metres to pixels and back: pan, zoom, and what fits.

import type { Point, Store } from "../protocol";

const ZOOM_MAX = 400; // pixels a metre
const FOOT = 40; // pixels below the floor, where ruler, legend and buttons stand

export class Frame {
  scale = 50; // CSS pixels a metre
  private originX = 0;
  private originY = 0;
  width = 1;
  height = 1;
  isFitted = true;
  private readonly box: [number, number, number, number];

  constructor(store: Store) {
    const points: Point[] = [...store.floor, ...store.shelves.flatMap((shelf) => shelf.outline)];
    const x = points.map((p) => p[0]);
    const y = points.map((p) => p[1]);
    this.box = points.length ? [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)] : [0, 0, 1, 1];
  }

  /** y points up on the floor and down on the screen. */
  x = (x: number): number => this.originX + x * this.scale;
  y = (y: number): number => this.originY - y * this.scale;

  metres(px: number, py: number): Point {
    return [(px - this.originX) / this.scale, (this.originY - py) / this.scale];
  }

  resize(width: number, height: number): void {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    if (this.isFitted) this.fit();
  }

  fit(): void {
    const [x0, y0, x1, y1] = this.box;
    const margin = Math.min(28, this.width * 0.05);
    const wide = (this.width - 2 * margin) / Math.max(0.1, x1 - x0);
    const high = (this.height - 2 * margin - FOOT) / Math.max(0.1, y1 - y0);
    this.scale = Math.max(0.1, Math.min(wide, high));
    this.originX = this.width / 2 - ((x0 + x1) / 2) * this.scale;
    this.originY = (this.height - FOOT) / 2 + ((y0 + y1) / 2) * this.scale;
    this.isFitted = true;
  }

  zoom(factor: number, px = this.width / 2, py = this.height / 2): void {
    const [x, y] = this.metres(px, py);
    this.scale = Math.max(2, Math.min(ZOOM_MAX, this.scale * factor));
    this.originX = px - x * this.scale;
    this.originY = py + y * this.scale;
    this.isFitted = false;
  }

  pan(dx: number, dy: number): void {
    this.originX += dx;
    this.originY += dy;
    this.isFitted = false;
  }

  centre(x: number, y: number): void {
    this.originX = this.width / 2 - x * this.scale;
    this.originY = this.height / 2 + y * this.scale;
    this.isFitted = false;
  }
}

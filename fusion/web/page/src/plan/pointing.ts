// Which plate is pointed at, and what is said of it.

import type { Plate, Point, Store } from "../protocol";
import type { Words } from "../words";

const NAMED_MAX = 3;

/** Return the plate under a place on the floor, m; the highest, where plates lie above each other. */
export function plateAt(store: Store, [x, y]: Point): Plate | null {
  let best: Plate | null = null;
  for (const plate of store.plates)
    if (isInside(plate.outline, x, y) && (best === null || plate.level > best.level)) best = plate;
  return best;
}

/** Say which plate it is and what stands on it. */
export function plateWords(plate: Plate, words: Words): string {
  const named = plate.skus.slice(0, NAMED_MAX).map(words.product);
  const more = plate.skus.length - named.length;
  return [`Plate ${plate.id}`, ...named, more > 0 ? `and ${more} more` : ""].filter(Boolean).join("\n");
}

function isInside(polygon: readonly Point[], x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i, i += 1) {
    const [xi, yi] = polygon[i] as Point;
    const [xj, yj] = polygon[j] as Point;
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

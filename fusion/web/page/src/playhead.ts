// Scenes come a few times a second, in bursts; people are drawn between them, a little behind the newest.

import type { Person, Scene } from "./protocol";

const BEHIND_MS = 180; // of waiting, at speed 1: what hides the jitter of the network
const KEPT_MAX = 64;
const TRAIL_MS = 14_000; // of store time
const TRAIL_STEP_MS = 350;
const JUMP_M_S = 6; // nobody runs as fast: a track that did is drawn where it is, without a line

export interface Trail {
  account: string | null;
  t: number[];
  x: number[];
  y: number[];
}

/** Where people are at the moment that is drawn. */
export interface Instant {
  t: number;
  scene: Scene; // the newest not after t: what does not move smoothly
  people: Person[]; // between two scenes
}

export class Playhead {
  readonly trails = new Map<number, Trail>();
  speed = 1;
  private scenes: Scene[] = [];
  private t = Number.NaN;
  private now = Number.NaN;

  /** Forget everything: another time is shown now. */
  reset(): void {
    this.scenes = [];
    this.trails.clear();
    this.t = Number.NaN;
  }

  get newest(): Scene | null {
    return this.scenes.at(-1) ?? null;
  }

  /** Take a scene; one that is older than the newest, or far away from it, begins anew. */
  add(scene: Scene, now: number): void {
    const last = this.newest;
    if (last !== null && (scene.t <= last.t || scene.t - last.t > 5000 * Math.max(1, this.speed))) {
      this.scenes = [];
      if (Math.abs(scene.t - last.t) > TRAIL_MS || scene.t < last.t) this.trails.clear();
      this.t = Number.NaN;
    }
    this.scenes.push(scene);
    if (this.scenes.length > KEPT_MAX) this.scenes.shift();
    if (Number.isNaN(this.t)) {
      this.t = scene.t;
      this.now = now;
    }
    this.trace(scene);
  }

  /** Move on to `now` (ms of the page's clock) and return what is to be drawn, or null before the first scene. */
  at(now: number, isHeld: boolean): Instant | null {
    const newest = this.newest;
    if (newest === null) return null;
    if (isHeld) this.t = newest.t;
    else this.advance(now, newest.t);
    this.now = now;
    return this.between(this.t);
  }

  private advance(now: number, newest: number): void {
    const wished = newest - BEHIND_MS * this.speed;
    const error = wished - this.t;
    // A little faster or slower than time itself brings it back without a visible jump.
    const rate = this.speed * (1 + Math.max(-0.5, Math.min(0.5, error / (1200 * this.speed))));
    if (Math.abs(error) > 2500 * Math.max(1, this.speed)) this.t = wished;
    else this.t += Math.min(250, now - this.now) * rate;
    this.t = Math.min(this.t, newest);
  }

  private between(t: number): Instant | null {
    let i = this.scenes.length - 1;
    while (i > 0 && (this.scenes[i] as Scene).t > t) i -= 1;
    const a = this.scenes[i];
    const b = this.scenes[i + 1];
    if (a === undefined) return null;
    if (b === undefined || t <= a.t) return { t, scene: a, people: a.people };
    const k = (t - a.t) / (b.t - a.t);
    const later = new Map(b.people.map((person) => [person[0], person]));
    const people = a.people.map((person): Person => {
      const to = later.get(person[0]);
      if (to === undefined) return person;
      const [track, x, y, sd, , , cart, party] = person;
      const dx = to[1] - x;
      const dy = to[2] - y;
      if (Math.hypot(dx, dy) > (JUMP_M_S * (b.t - a.t)) / 1000) return person;
      return [track, x + k * dx, y + k * dy, sd + k * (to[3] - sd), person[4], person[5], cart, party];
    });
    return { t, scene: a, people };
  }

  private trace(scene: Scene): void {
    const present = new Set<number>();
    for (const [track, x, y, , account] of scene.people) {
      present.add(track);
      let trail = this.trails.get(track);
      if (trail === undefined) this.trails.set(track, (trail = { account, t: [], x: [], y: [] }));
      trail.account = account;
      const last = trail.t.at(-1);
      if (last !== undefined && scene.t - last < TRAIL_STEP_MS) continue;
      trail.t.push(scene.t);
      trail.x.push(x);
      trail.y.push(y);
      while (trail.t.length > 0 && scene.t - (trail.t[0] as number) > TRAIL_MS) {
        trail.t.shift();
        trail.x.shift();
        trail.y.shift();
      }
    }
    for (const [track, trail] of this.trails)
      if (!present.has(track) && scene.t - (trail.t.at(-1) ?? 0) > TRAIL_MS / 3) this.trails.delete(track);
  }
}

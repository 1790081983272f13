// What the page knows: the last word on everything, and who wants to hear when it changes.

import type {
  Basket, Decided, Happening, Me, Mode, Rates, Receipt, Review, Said, Scene, SensorHealth, Span, State, Store,
} from "./protocol";
import { Playhead } from "./playhead";
import type { Link } from "./stream";
import { wordsOf, type Words } from "./words";

const FEED_MAX = 200;
const RECEIPTS_MAX = 200;
const TELL_MS = 80; // lists are brought up to date this often at most; the floor has a loop of its own

export type Topic =
  | "feed" | "baskets" | "receipts" | "health" | "rates" | "span" | "playback" | "link" | "chosen" | "reviews" | "scene";

/** An entry of the feed: a change as last read, a receipt, or a change of the store's mode. */
export type Entry =
  | { id: string; t: number; what: "change"; change: Happening; isFirst: boolean }
  | { id: string; t: number; what: "receipt"; receipt: Receipt }
  | { id: string; t: number; what: "mode"; mode: Mode };

export interface Playback {
  isLive: boolean;
  isPaused: boolean;
  speed: number;
}

export class Model {
  readonly words: Words;
  readonly playhead = new Playhead();
  feed: Entry[] = []; // newest first
  baskets = new Map<string, Basket>();
  receipts: Receipt[] = []; // newest first
  health = new Map<string, SensorHealth>();
  mode: Mode = { mode: "open", blind: [], text: "" };
  rates: Rates | null = null;
  span: Span | null = null;
  link: Link = { state: "opening" };
  playback: Playback = { isLive: true, isPaused: false, speed: 1 };
  reviews: Review[] = [];
  chosen: string | null = null; // an account
  t: number | null = null; // of what is shown
  stateTold = 0; // how many full states came: after a seek views start afresh
  private wished: { t: number; before: number } | null = null; // until the server's state of then is here

  private readonly heard = new Map<Topic, Set<() => void>>();
  private readonly news = new Set<Topic>();
  private timer = 0;

  constructor(
    readonly store: Store,
    readonly me: Me,
  ) {
    this.words = wordsOf(store);
  }

  /** Call `told` soon after any of these topics changed, and once now. */
  on(topics: readonly Topic[], told: () => void): void {
    for (const topic of topics) {
      const set = this.heard.get(topic) ?? new Set();
      set.add(told);
      this.heard.set(topic, set);
    }
    told();
  }

  /** Say that a topic changed. */
  tell(topic: Topic): void {
    this.news.add(topic);
    if (this.timer === 0) this.timer = window.setTimeout(() => this.spread(), TELL_MS);
  }

  private spread(): void {
    this.timer = 0;
    const all = new Set<() => void>();
    for (const topic of this.news) for (const told of this.heard.get(topic) ?? []) all.add(told);
    this.news.clear();
    for (const told of all) told();
  }

  choose(account: string | null): void {
    this.chosen = account;
    this.tell("chosen");
  }

  /** The instant that is shown, or that was asked for and has not come yet; null before there is one. */
  get here(): number | null {
    if (this.wished !== null && this.stateTold !== this.wished.before) this.wished = null;
    return this.wished?.t ?? this.t;
  }

  /** Note what instant is asked for; null for whatever happens live. */
  wishFor(t: number | null): void {
    this.wished = t === null ? null : { t, before: this.stateTold };
  }

  takeState(state: State): void {
    this.feed = [];
    this.baskets = new Map(Object.entries(state.baskets));
    this.receipts = [];
    for (const receipt of [...state.receipts].sort((a, b) => ended(a) - ended(b))) this.putReceipt(receipt);
    for (const said of [...state.feed].sort((a, b) => a.t - b.t)) this.enter(said);
    this.health = new Map(Object.entries(state.health));
    this.mode = state.mode;
    this.stateTold += 1;
    this.t = state.t;
    this.playhead.reset();
    for (const topic of ["feed", "baskets", "receipts", "health"] as const) this.tell(topic);
  }

  takeScene(scene: Scene): void {
    this.t = scene.t;
    this.playhead.add(scene, performance.now());
    this.tell("scene");
  }

  takeSaid(said: Said): void {
    switch (said.what) {
      case "basket":
        if (said.body.lines.length > 0) this.baskets.set(said.body.account, said.body);
        else this.baskets.delete(said.body.account);
        return this.tell("baskets");
      case "health":
        this.health.set(said.body.src, said.body);
        return this.tell("health");
      case "mode":
        this.mode = said.body;
        this.enter(said);
        return this.tell("health");
      case "receipt":
        this.putReceipt(said.body);
        if (said.body.account !== null) this.baskets.delete(said.body.account);
        this.enter(said);
        this.tell("baskets");
        return this.tell("receipts");
      case "decided":
        return this.takeDecided(said.body);
      default:
        return this.enter(said);
    }
  }

  takeDecided(decided: Decided): void {
    this.reviews = this.reviews.filter((review) => review.id !== decided.id);
    this.putReceipt(decided.receipt);
    this.tell("reviews");
    this.tell("receipts");
  }

  private putReceipt(receipt: Receipt): void {
    this.receipts = [receipt, ...this.receipts.filter((other) => other.trip !== receipt.trip)].slice(0, RECEIPTS_MAX);
  }

  private enter(said: Said): void {
    const entry = entryOf(said);
    if (entry === null) return;
    const before = this.feed.findIndex((other) => other.id === entry.id);
    const old = this.feed[before];
    // What was read at first is put right in its place; a first reading never replaces a settled one.
    if (old !== undefined) {
      if (!(entry.what === "change" && entry.isFirst)) this.feed[before] = { ...entry, t: old.t };
    } else this.feed.unshift(entry);
    if (this.feed.length > FEED_MAX) this.feed.length = FEED_MAX;
    this.tell("feed");
  }
}

const ended = (receipt: Receipt): number => receipt.closed ?? receipt.left ?? receipt.entered;

function entryOf(said: Said): Entry | null {
  switch (said.what) {
    case "provisional":
    case "event":
      return { id: said.body.event, t: said.t, what: "change", change: said.body, isFirst: said.what === "provisional" };
    case "receipt":
      return { id: `receipt ${said.body.trip}`, t: said.t, what: "receipt", receipt: said.body };
    case "mode":
      return { id: `mode ${said.t}`, t: said.t, what: "mode", mode: said.body };
    default:
      return null;
  }
}

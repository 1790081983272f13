// What the server says, as types. Times are milliseconds since the epoch, lengths metres, money integer minor units.

export type Point = [number, number];
export type Role = "viewer" | "reviewer";

export interface Me {
  role: Role;
  name: string;
}

export interface Product {
  name: string;
  price: number;
  unit: "each" | "kg";
}

export interface Shelf {
  id: string;
  outline: Point[];
}

export interface Plate {
  id: string;
  shelf: string;
  outline: Point[];
  level: number;
  skus: string[];
}

export interface Gate {
  id: string;
  kind: "entry" | "exit" | "both";
  a: Point;
  b: Point;
}

export interface Camera {
  id: string;
  x: number;
  y: number;
  view: Point[];
}

export interface Store {
  store: string;
  currency: string;
  floor: Point[];
  shelves: Shelf[];
  plates: Plate[];
  gates: Gate[];
  cameras: Camera[];
  products: Record<string, Product>;
}

export type Outcome = "attributed" | "ambiguous" | "unclaimed" | "staff";

export interface Reading {
  kind: "pick" | "put";
  sku: string;
  qty: number;
  account: string | null;
  p: number;
}

export interface Happening extends Reading {
  event: string;
  t0: number;
  t1: number;
  plates: string[];
  delta_g: number;
  alternatives: Reading[];
  outcome: Outcome;
}

export interface Line {
  sku: string;
  qty: number;
  g: number | null;
  amount: number;
  confidence: number;
  events: string[];
}

export interface Receipt {
  trip: string;
  id?: string;
  account: string | null;
  party: number;
  entered: number;
  left: number | null;
  closed: number | null;
  status: "settled" | "review" | "open";
  confidence: number;
  lines: Line[];
  tax: number;
  total: number;
}

export interface Basket {
  lines: [string, number][];
  total: number;
}

export interface SensorHealth {
  state: string;
  text: string;
  t: number;
}

export interface Mode {
  mode: string;
  blind: string[];
  text: string;
}

export type Person = [
  track: number,
  x: number,
  y: number,
  sd: number,
  account: string | null,
  p: number,
  cart: string | null,
  party: number | null,
];
export type CartSeen = [cart: string, x: number, y: number, account: string | null];
export type Reach = [track: number, x0: number, y0: number, x1: number, y1: number, plate: number | null];
export type Busy = [plate: number, grams: number];

export interface Span {
  kind: "span";
  from: number;
  to: number;
  live: boolean;
  over: boolean;
}

export interface Scene {
  kind: "scene";
  t: number;
  people: Person[];
  carts: CartSeen[];
  reaches: Reach[];
  plates: Busy[];
}

export type Said = { kind: "said"; t: number } & (
  | { what: "provisional" | "event"; body: Happening }
  | { what: "receipt"; body: Receipt }
  | { what: "basket"; body: Basket & { account: string } }
  | { what: "health"; body: SensorHealth & { src: string } }
  | { what: "mode"; body: Mode }
  | { what: "decided"; body: Decided }
);

export interface Decided {
  id: string;
  receipt: Receipt;
}

export interface State {
  kind: "state";
  t: number;
  feed: Said[];
  baskets: Record<string, Basket>;
  receipts: Receipt[];
  health: Record<string, SensorHealth>;
  mode: Mode;
}

export interface Rates {
  kind: "rates";
  t: number;
  messages_s: number;
  lag_records: number;
  lag_ms: number;
  store_s_per_s: number;
  people: number;
  queue: number;
  dropped: Record<string, number>;
}

export type Message = Span | State | Scene | Said | Rates;

export type Wish = { go: "live" } | { go: number; speed: number; paused: boolean } | { step: 1 | -1 };

export interface Review {
  id: string;
  trip: string;
  account: string | null;
  closed: number;
  total: number;
  confidence: number;
  holds: unknown[];
  lines: Line[];
  due: number | null;
}

export interface Evidence {
  event: Happening;
  plates: { plate: string; t: number[]; grams: number[] }[];
  hands: { track: number; account: string | null; t: number[]; distance: number[] }[];
  floor: { track: number; account: string | null; x: number[]; y: number[] }[];
  alternatives: { words: string; p: number }[];
  witnesses: { name: string; nats: number }[];
  words: string[];
}

export interface ReceiptCase {
  receipt: Receipt;
  lines: (Omit<Line, "events"> & { events: (Evidence | string | null)[] })[];
  decisions: unknown[];
  doubts: Doubt[];
}

/** A change that leaves open what somebody has, and how likely it was otherwise. */
export interface Doubt {
  p: number;
  decided: string;
  others: { words: string; p: number }[];
  change: Evidence | null;
}

export type Verdict =
  | { verdict: "approve" | "waive" }
  | { verdict: "adjust"; lines: ({ sku: string; qty: number } | { sku: string; grams: number })[] };

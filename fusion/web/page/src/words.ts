// Numbers and names as people read them.

import type { Happening, Line, Mode, Product, Store } from "./protocol";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

export interface Words {
  money: (cents: number) => string;
  product: (sku: string) => string;
  goods: (sku: string, qty: number, grams?: number | null) => string;
}

/** Return how a store's money and products are said. */
export function wordsOf(store: Store): Words {
  const format = moneyFormat(store.currency);
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  const product = (sku: string) => store.products[sku]?.name ?? sku;
  return {
    money: (cents) => format.format(cents / 10 ** digits),
    product,
    goods: (sku, qty, grams) =>
      grams !== null && grams !== undefined
        ? `${product(sku)}, ${weight(grams)}`
        : qty === 1
          ? product(sku)
          : `${qty} × ${product(sku)}`,
  };
}

function moneyFormat(currency: string): Intl.NumberFormat {
  try {
    return new Intl.NumberFormat(undefined, { style: "currency", currency });
  } catch {
    return new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 }); // no ISO code
  }
}

/** Say a time of day, by this machine's clock settings. */
export const timeOf = (t: number): string => clock.format(t);

/** Say a day. */
export const dayOf = (t: number): string => day.format(t);

/** Say grams. */
export const weight = (g: number): string =>
  Math.abs(g) >= 1000 ? `${(g / 1000).toFixed(3)} kg` : `${Math.round(g)} g`;

/** Say a probability; never 100 % of what is not certain, never 0 % of what may be. */
export function percent(p: number): string {
  if (p >= 1) return "100%";
  if (p > 0.99) return `${Math.min(99.9, Math.floor(p * 1000) / 10).toFixed(1)}%`;
  if (p <= 0) return "0%";
  return p < 0.01 ? "<1%" : `${Math.floor(p * 100)}%`;
}

/** Say how long something takes, in two units at most. */
export function span(ms: number): string {
  const s = Math.round(Math.abs(ms) / 1000);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

/** Say a count that can be large. */
export const count = (n: number): string =>
  n >= 10000 ? `${(n / 1000).toFixed(0)}k` : n >= 1000 ? `${(n / 1000).toFixed(1)}k` : `${Math.round(n)}`;

/** Shorten an account to what tells it from the others. */
export function brief(account: string | null): string {
  if (account === null) return "unknown";
  const tail = account.replace(/^(acct|account|card|cust|customer|member)[-_.]/i, "");
  return tail.length > 12 ? `…${tail.slice(-8)}` : tail;
}

/** Say what a change was. */
export const verb = (kind: Happening["kind"]): string => (kind === "pick" ? "took" : "put back");

/** Say why a store is in its mode: why it lets nobody in, and what it is blind to. */
export const modeWords = (mode: Mode): string =>
  [mode.text, mode.blind.length ? `Blind: ${mode.blind.join(", ")}` : ""].filter(Boolean).join(". ");

const HOLDS: Record<string, string> = {
  doubt: "Not certain enough what was taken, or by whom",
  age: "Sold by age, and the account's is not verified",
  tender: "The tenders leave something unpaid",
};

/** Say why a receipt waits. */
export const holdWords = (hold: unknown): string => HOLDS[String(hold)] ?? String(hold);

/** Return what a line of goods costs before taxes and promotions. */
export const listPrice = (line: Pick<Line, "qty" | "g">, product: Product | undefined): number =>
  product === undefined ? 0 : product.unit === "kg" ? Math.round((product.price * (line.g ?? 0)) / 1000) : product.price * line.qty;

/** Say how certain something is in a word beside its number, so that colour alone never says it. */
export const certainty = (p: number): "sure" | "likely" | "doubtful" =>
  p >= 0.95 ? "sure" : p >= 0.75 ? "likely" : "doubtful";

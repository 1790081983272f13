// Colours of people and things, after Okabe and Ito, lighter or darker by theme; read from the style sheet once a theme.

export interface Colours {
  people: string[];
  unknown: string;
  ground: string;
  floor: string;
  edge: string;
  shelf: string;
  shelfEdge: string;
  plate: string;
  plateEdge: string;
  view: string;
  blind: string;
  gate: string;
  ink: string;
  faint: string;
  halo: string;
  taken: string;
  back: string;
  chosen: string;
}

const PEOPLE = 6;

/** Read the colours as the theme has them now. */
export function readColours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    people: Array.from({ length: PEOPLE }, (_, i) => read(`c${i}`)),
    unknown: read("c-unknown"),
    ground: read("plan-ground"),
    floor: read("plan-floor"),
    edge: read("plan-edge"),
    shelf: read("plan-shelf"),
    shelfEdge: read("plan-shelf-edge"),
    plate: read("plan-plate"),
    plateEdge: read("plan-plate-edge"),
    view: read("plan-view"),
    blind: read("bad"),
    gate: read("plan-gate"),
    ink: read("ink"),
    faint: read("faint"),
    halo: read("plan-floor"),
    taken: read("taken"),
    back: read("back"),
    chosen: read("accent"),
  };
}

/** Return which of the colours an account has, always the same one; -1: nobody known. */
export function colourOf(account: string | null): number {
  if (account === null) return -1;
  let hash = 2166136261;
  for (let i = 0; i < account.length; i += 1) hash = Math.imul(hash ^ account.charCodeAt(i), 16777619);
  return (hash >>> 0) % PEOPLE;
}

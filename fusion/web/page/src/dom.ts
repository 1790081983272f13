// Elements made in one expression, and lists whose elements stay while their items do.

type Child = Node | string | null | false;
type Props = Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>;

/** Make an element; `on*` are listeners, `text` its words, everything else attributes (null, false: left out). */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  dress(made, props);
  for (const child of children) if (child !== null && child !== false) made.append(child);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** Make an SVG element; styles stand in classes and attributes, for the page's policy lets no inline style in. */
export function svg(tag: string, props: Props = {}, ...children: Child[]): SVGElement {
  const made = document.createElementNS(SVG, tag);
  dress(made, props);
  for (const child of children) if (child !== null && child !== false) made.append(child);
  return made;
}

function dress(made: Element, props: Props): void {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (name === "text") made.textContent = String(value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, String(value));
  }
}

/** Write words only where they differ: what does not change is not laid out again. */
export function put(element: Element, words: string): void {
  if (element.textContent !== words) element.textContent = words;
}

export interface Row<T> {
  element: HTMLElement;
  update: (item: T) => void;
}

/** Return a function that shows items in order, making, moving and removing only what changed. */
export function keyed<T>(
  list: HTMLElement,
  key: (item: T) => string,
  make: (item: T) => Row<T>,
): (items: readonly T[]) => void {
  let rows = new Map<string, Row<T>>();
  return (items) => {
    const next = new Map<string, Row<T>>();
    for (const item of items) {
      const name = key(item);
      const row = rows.get(name) ?? make(item);
      row.update(item);
      next.set(name, row);
    }
    for (const [name, row] of rows) if (!next.has(name)) row.element.remove();
    let at = list.firstElementChild;
    for (const row of next.values()) {
      if (row.element === at) at = at.nextElementSibling;
      else list.insertBefore(row.element, at);
    }
    rows = next;
  };
}

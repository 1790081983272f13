// Icons as drawings of our own: a character for them is missing in many fonts.

import { svg } from "./dom";

const PATHS = {
  play: "M5 3.2v9.6L12.8 8z",
  pause: "M4 3h3v10H4zM9 3h3v10H9z",
  back: "M4 3h2v10H4zM13 3v10L6.5 8z",
  on: "M10 3h2v10h-2zM3 3v10l6.5-5z",
  theme: "M8 1.8a6.2 6.2 0 1 0 0 12.4zM8 1.8a6.2 6.2 0 0 1 0 12.4v-1.4a4.8 4.8 0 0 0 0-9.6z",
  fit: "M2 2h5v1.6H3.6V7H2zM9 14v-1.6h3.4V9H14v5z",
  view: "M2 13 8 3l6 10H2zm2.8-1.6h6.4L8 6.1z",
} as const;

/** Draw an icon; the button it stands in has the name. */
export function icon(name: keyof typeof PATHS): SVGElement {
  return svg("svg", { viewBox: "0 0 16 16", width: 15, height: 15, class: "icon-art", "aria-hidden": "true" }, svg("path", { d: PATHS[name], "fill-rule": "evenodd" }));
}

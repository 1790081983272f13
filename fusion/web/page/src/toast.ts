// A short word that something is done; it goes by itself.

import { el, put } from "./dom";

const SHOWN_MS = 5000;

export function makeToast(): { element: HTMLElement; say: (words: string) => void } {
  const element = el("div", { class: "toast", role: "status", hidden: true });
  let timer = 0;
  return {
    element,
    say: (words) => {
      put(element, words);
      element.hidden = false;
      clearTimeout(timer);
      timer = window.setTimeout(() => (element.hidden = true), SHOWN_MS);
    },
  };
}

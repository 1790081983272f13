// What keys do: one table, from which the help is made as well.

import { el } from "./dom";

export interface Key {
  keys: string[]; // as KeyboardEvent.key
  shown: string;
  does: string;
  group: "Views" | "Lists" | "Time" | "Floor" | "Review" | "Page";
  run: (key: string) => void;
}

/** Hear keys wherever nobody is writing; return what ends it. */
export function hearKeys(keys: readonly Key[]): () => void {
  const by = new Map(keys.flatMap((key) => key.keys.map((name) => [name, key] as const)));
  const hear = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || isWriting(event)) return;
    const found = by.get(event.key);
    if (found === undefined) return;
    event.preventDefault();
    found.run(event.key);
  };
  document.addEventListener("keydown", hear);
  return () => document.removeEventListener("keydown", hear);
}

/** Keys belong to a field that takes them: letters to what is written into, space and Enter to what is pressed. */
function isWriting(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("dialog") !== null) return true;
  if (target instanceof HTMLInputElement && target.type !== "checkbox") {
    if (target.type === "range") return event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End";
    return event.key !== "Escape";
  }
  if (target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement) return event.key !== "Escape";
  return (event.key === " " || event.key === "Enter") && target.matches("button, a, summary, [role=tab]");
}

/** Make the dialog that says what every key does; a phone signs out there, for its bar has no room. */
export function makeHelp(keys: readonly Key[], signOut: () => void): HTMLDialogElement {
  const groups = [...new Set(keys.map((key) => key.group))];
  const close = el("button", { class: "quiet", text: "Close", onclick: () => dialog.close() });
  const dialog = el(
    "dialog",
    { class: "help", "aria-labelledby": "help-title" },
    el("header", {}, el("h2", { id: "help-title", text: "Keys" }), el("button", { class: "quiet sign-out", text: "Sign out", onclick: signOut }), close),
    el(
      "div",
      { class: "help-groups" },
      ...groups.map((group) =>
        el(
          "section",
          {},
          el("h3", { text: group }),
          el(
            "dl",
            {},
            ...keys
              .filter((key) => key.group === group)
              .flatMap((key) => [el("dt", {}, ...key.shown.split(" ").map((k) => el("kbd", { text: k }))), el("dd", { text: key.does })]),
          ),
        ),
      ),
    ),
  );
  return dialog;
}

// Signing in with a token: typed, or from the fragment of the address, which is never sent and is wiped at once.

import * as api from "./api";
import { el, put } from "./dom";

let kept: string | null = null; // for as long as this page is open: a server that was started again knows no sessions

/** Take a token out of the address, so that it does not stay in the history. */
export function tokenOfAddress(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (location.hash) history.replaceState(null, "", location.pathname);
  return token;
}

/** Sign in; raises api.Refused. */
export async function signIn(token: string): Promise<void> {
  await api.login(token);
  kept = token;
}

/** Sign in as before, where that is possible; tell whether it was. */
export async function signInAgain(): Promise<boolean> {
  if (kept === null) return false;
  try {
    await signIn(kept);
    return true;
  } catch {
    return false;
  }
}

export function forgetToken(): void {
  kept = null;
}

/** Make the page that asks for a token; `why` is said first. */
export function makeLogin(why: string, done: () => void): HTMLElement {
  const field = el("input", {
    type: "password", id: "token", name: "token", autocomplete: "current-password", required: true, spellcheck: "false",
    "aria-describedby": "login-said",
  });
  const said = el("p", { id: "login-said", class: "login-said", role: "alert", text: why });
  const button = el("button", { type: "submit", class: "primary", text: "Sign in" });
  const form = el(
    "form",
    { class: "login-card", onsubmit: (event) => void submit(event) },
    el("div", { class: "login-brand" }, el("img", { src: "icon.svg", alt: "", width: 40, height: 40 }), el("div", {}, el("h1", { text: "Aisle" }), el("p", { text: "Store operations" }))),
    el("input", { class: "unseen", type: "text", name: "username", autocomplete: "username", value: "operator", tabindex: -1, "aria-hidden": "true" }), // so that browsers keep the token
    el("label", { for: "token", text: "Access token" }),
    field,
    button,
    said,
    el("p", { class: "login-hint", text: "The service prints a link with a token when it starts. Whoever runs the store can make a token for you." }),
  );

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    button.disabled = true;
    put(said, "");
    try {
      await signIn(field.value.trim());
      done();
    } catch (error) {
      put(said, wordsOf(error));
      field.select();
    } finally {
      button.disabled = false;
    }
  }

  queueMicrotask(() => field.focus());
  return el("main", { class: "login" }, form);
}

function wordsOf(error: unknown): string {
  if (!(error instanceof api.Refused)) return "Something went wrong. Try again.";
  if (error.status === 401) return "This token is not known. Check it and try again.";
  if (error.status === 429) return `Too many wrong tokens. Wait ${error.retryAfterS ?? "a few"} s and try again.`;
  return error.message;
}

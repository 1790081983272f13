// Requests to the server this page came from, and nobody else.

import type { Evidence, Me, ReceiptCase, Review, Store, Verdict } from "./protocol";

/** An answer that is not what was asked for; `status` 0: nobody answered. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfterS: number | null = null,
  ) {
    super(message);
  }
}

const WHY: Record<number, string> = {
  0: "The server does not answer.",
  401: "Sign in to see this.",
  403: "Your role may look, not decide.",
  404: "The server knows nothing of it.",
  429: "Too many tries: wait a little.",
};

async function ask(method: string, path: string, body?: unknown): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(`/api/${path}`, {
      method,
      cache: "no-store",
      credentials: "same-origin",
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
  } catch {
    throw new Refused(0, WHY[0] ?? "");
  }
  if (answer.ok) return answer;
  const wait = Number(answer.headers.get("retry-after"));
  throw new Refused(answer.status, await reason(answer), wait > 0 ? wait : null);
}

async function reason(answer: Response): Promise<string> {
  try {
    const said: unknown = await answer.json();
    if (typeof said === "object" && said !== null && "error" in said && typeof said.error === "string") return said.error;
  } catch {
    // No JSON: the status says enough.
  }
  return WHY[answer.status] ?? `The server answered ${answer.status}.`;
}

const read = async <T>(path: string): Promise<T> => (await (await ask("GET", path)).json()) as T;

export const me = (): Promise<Me> => read("me");
export const store = (): Promise<Store> => read("store");
export const reviews = (): Promise<Review[]> => read("reviews");
export const review = (id: string): Promise<ReceiptCase> => read(`reviews/${encodeURIComponent(id)}`);
export const receipt = (id: string): Promise<ReceiptCase> => read(`receipts/${encodeURIComponent(id)}`);
export const evidence = (id: string): Promise<Evidence> => read(`events/${encodeURIComponent(id)}`);

export async function login(token: string): Promise<void> {
  await ask("POST", "login", { token });
}

export async function logout(): Promise<void> {
  await ask("POST", "logout", {});
}

export async function decide(id: string, verdict: Verdict): Promise<ReceiptCase["receipt"]> {
  const answer = await ask("POST", `reviews/${encodeURIComponent(id)}`, verdict);
  return ((await answer.json()) as { receipt: ReceiptCase["receipt"] }).receipt;
}

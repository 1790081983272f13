// The stream of what happens: one WebSocket that is opened again, less and less often, whenever it breaks.

import type { Message, Wish } from "./protocol";

const FIRST_MS = 500;
const LAST_MS = 10_000;

export type Link = { state: "opening" } | { state: "open" } | { state: "lost"; retryAt: number };

export interface Stream {
  send: (wish: Wish) => void;
  retry: () => void;
  close: () => void;
}

interface Hears {
  message: (message: Message) => void;
  link: (link: Link) => void;
  /** Return what to ask for when the stream opens, and opens again. */
  wish: () => Wish;
  /** Called after each failure; return false to give up, when we are signed out. */
  mayRetry: () => Promise<boolean>;
}

/** Open the stream and keep it open. */
export function openStream(hears: Hears): Stream {
  let socket: WebSocket | null = null;
  let wait = FIRST_MS;
  let timer = 0;
  let isClosed = false;

  function open(): void {
    clearTimeout(timer);
    const mine = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/stream`);
    socket = mine;
    mine.onopen = () => {
      wait = FIRST_MS;
      mine.send(JSON.stringify(hears.wish()));
      hears.link({ state: "open" });
    };
    mine.onmessage = (event: MessageEvent<string>) => hears.message(JSON.parse(event.data) as Message);
    mine.onclose = () => {
      if (socket === mine) void lost();
    };
  }

  async function lost(): Promise<void> {
    socket = null;
    if (isClosed) return;
    // Half of the wait is random, so that many pages do not all come back at one instant.
    const ms = wait * (0.5 + 0.5 * Math.random());
    wait = Math.min(LAST_MS, wait * 2);
    hears.link({ state: "lost", retryAt: Date.now() + ms });
    timer = window.setTimeout(() => void again(), ms);
  }

  async function again(): Promise<void> {
    clearTimeout(timer);
    if (isClosed || socket !== null) return;
    hears.link({ state: "opening" });
    if (await hears.mayRetry()) open();
    else isClosed = true;
  }

  open();
  return {
    send: (wish) => {
      if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(wish));
    },
    retry: () => void again(),
    close: () => {
      isClosed = true;
      clearTimeout(timer);
      socket?.close();
    },
  };
}

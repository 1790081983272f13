// The console: bar, floor, panels and time, put together; what the stream says goes into the model, what keys do goes out.

import * as api from "./api";
import { el, put } from "./dom";
import { makeDetail, type Detail } from "./detail/detail";
import { makeHeader } from "./header";
import { icon } from "./icons";
import { hearKeys, makeHelp, type Key } from "./keys";
import { forgetToken, signInAgain } from "./login";
import { Model } from "./model";
import { makeCarts } from "./panels/carts";
import { announce, makeFeed } from "./panels/feed";
import { makeHealth } from "./panels/health";
import { makeReceipts } from "./panels/receipts";
import { makeReviews } from "./panels/reviews";
import { makePlan, type Plan } from "./plan/plan";
import type { Me, Message, Store, Wish } from "./protocol";
import { openStream, type Stream } from "./stream";
import { makeTabs, moveInList, type Tabs } from "./tabs";
import { changeTheme, onTheme } from "./theme";
import { makeToast } from "./toast";
import { makeTransport } from "./transport";

const REVIEWS_MS = 15_000; // the queue is asked for again this often, and when a receipt comes that waits

/** Make the console and connect it. */
export function startConsole(store: Store, me: Me, leave: (why: string) => void): HTMLElement {
  const model = new Model(store, me);
  const toast = makeToast();
  const plan = makePlan(model);
  const stage = el("main", { class: "stage" });
  const detail = makeDetail(model, stage, (words) => {
    toast.say(words);
    void askReviews().then(() => detail.openReview(model.reviews[0]?.id ?? null));
  });
  stage.append(plan.element, el("div", { class: "plan-foot" }, legend(), tools(plan)), detail.element);
  const open = { event: detail.openEvent, receipt: detail.openReceipt };
  const tabs = makeTabs(
    [
      { id: "floor", name: "Floor", panel: null },
      { id: "feed", name: "Feed", panel: makeFeed(model, open) },
      { id: "carts", name: "Carts", panel: makeCarts(model) },
      { id: "receipts", name: "Receipts", panel: makeReceipts(model, detail.openReceipt) },
      { id: "review", name: "Review", panel: makeReviews(model, detail.openReview) },
      { id: "health", name: "Health", panel: makeHealth(model) },
    ],
    () => detail.close(),
  );
  model.on(["reviews"], () => tabs.badge("review", model.reviews.length));

  const lost = el("div", { class: "lost", role: "alert", hidden: true });
  const spoken = el("div", { class: "unseen", "aria-live": "polite" });
  announce(model, spoken);
  const transport = makeTransport(model, () => stream);
  const keys = makeKeys({ model, plan, tabs, detail, transport, help: () => help.showModal(), theme });
  const help = makeHelp(keys, () => void signOut());
  const header = makeHeader(model, { theme, help: () => help.showModal(), signOut: () => void signOut() });
  const element = el("div", { class: "console" }, header, lost, stage, tabs.element, transport.element, toast.element, spoken, help);

  function theme(): void {
    changeTheme();
    plan.repaint();
  }
  const deaf = [onTheme(() => plan.repaint()), hearKeys(keys)];

  async function askReviews(): Promise<void> {
    try {
      model.reviews = await api.reviews();
      model.tell("reviews");
    } catch {
      // The stream says that the connection is lost; the queue is asked for again.
    }
  }
  const asking = window.setInterval(() => void askReviews(), REVIEWS_MS);
  let soon = 0;
  const askSoon = (): void => {
    clearTimeout(soon);
    soon = window.setTimeout(() => void askReviews(), 400);
  };

  function take(message: Message): void {
    switch (message.kind) {
      case "span":
        model.span = message;
        return model.tell("span");
      case "state":
        return model.takeState(message);
      case "scene":
        return model.takeScene(message);
      case "rates":
        model.rates = message;
        return model.tell("rates");
      case "said":
        model.takeSaid(message);
        if (message.what === "receipt" && message.body.status === "review") askSoon();
        if (message.what === "decided") detail.decidedOn(message.body.id);
    }
  }

  const stream: Stream = openStream({
    message: take,
    link: (link) => {
      model.link = link;
      model.tell("link");
      if (link.state === "open") askSoon();
    },
    wish: (): Wish => {
      const { isLive, speed, isPaused } = model.playback;
      const t = model.here; // also what was asked for and never answered
      return isLive || t === null ? { go: "live" } : { go: t, speed, paused: isPaused };
    },
    mayRetry: async () => {
      try {
        await api.me();
      } catch (error) {
        if (!(error instanceof api.Refused) || error.status !== 401) return true; // nobody answers yet
        if (await signInAgain()) return true; // it was started again and knows no sessions
        stop();
        leave("Your session is over. Sign in again.");
        return false;
      }
      return true;
    },
  });

  function stop(): void {
    clearInterval(asking);
    clearTimeout(soon);
    stream.close();
    for (const end of deaf) end(); // another console may follow, with keys of its own
  }

  async function signOut(): Promise<void> {
    stop();
    forgetToken();
    await api.logout().catch(() => undefined); // signed out here in any case
    leave("You are signed out.");
  }

  const words = el("span", {});
  lost.append(words, el("button", { text: "Try now", onclick: () => stream.retry() }));
  let ticking = 0;
  model.on(["link"], () => {
    const { link } = model;
    element.classList.toggle("is-lost", link.state === "lost");
    clearInterval(ticking);
    if (link.state === "open") lost.hidden = true;
    if (link.state !== "lost") return;
    lost.hidden = false;
    const say = (): void => put(words, `Connection lost: what you see is old. Trying again in ${Math.max(0, Math.ceil((link.retryAt - Date.now()) / 1000))} s.`);
    say();
    ticking = window.setInterval(say, 500);
  });
  Object.assign(window, { aislePlan: { spent: plan.spent, zoom: plan.zoom } }); // for bench/page.py, which measures
  return element;
}

function legend(): HTMLElement {
  const item = (mark: string, words: string): HTMLElement => el("li", {}, el("i", { class: `key ${mark}` }), words);
  return el("ul", { class: "plan-legend", "aria-label": "Legend" }, item("known", "known"), item("ring", "in doubt"), item("unknown", "unknown"), item("cart", "cart"), item("taken", "↓ lighter"), item("back", "↑ heavier"));
}

function tools(plan: Plan): HTMLElement {
  const button = (face: string | Node, name: string, run: () => void): HTMLElement => el("button", { class: "icon", "aria-label": name, title: name, onclick: run }, face);
  return el("div", { class: "plan-tools", role: "group", "aria-label": "Floor" }, button("+", "Closer (+)", () => plan.zoom(1.3)), button("−", "Farther (-)", () => plan.zoom(1 / 1.3)), button(icon("fit"), "Fit everything (0)", plan.fit), button(icon("view"), "Cameras' views (C)", plan.toggleViews));
}

interface Parts {
  model: Model;
  plan: Plan;
  tabs: Tabs;
  detail: Detail;
  transport: ReturnType<typeof makeTransport>;
  help: () => void;
  theme: () => void;
}

function makeKeys({ model, plan, tabs, detail, transport, help, theme }: Parts): Key[] {
  const views = ["floor", "feed", "carts", "receipts", "review", "health"];
  return [
    { keys: ["1", "2", "3", "4", "5", "6"], shown: "1…6", does: "Floor, feed, carts, receipts, review, health", group: "Views", run: (key) => tabs.show(views[Number(key) - 1] ?? "feed") },
    { keys: ["Escape"], shown: "Esc", does: "Back; cancel", group: "Views", run: () => void (detail.back() || model.choose(null)) },
    { keys: ["j", "k"], shown: "J K", does: "Next, previous in the list", group: "Lists", run: (key) => moveInList(tabs.panel(), key === "j" ? 1 : -1) },
    { keys: ["o"], shown: "Enter", does: "Open what is chosen", group: "Lists", run: () => (document.activeElement as HTMLElement | null)?.click() },
    { keys: ["r"], shown: "R", does: "Open the most urgent review", group: "Review", run: () => { tabs.show("review"); void detail.openReview(model.reviews[0]?.id ?? null); } },
    { keys: ["a"], shown: "A Enter", does: "Approve", group: "Review", run: () => void detail.begin("approve") },
    { keys: ["e"], shown: "E Enter", does: "Edit the lines, then charge them", group: "Review", run: () => void detail.begin("adjust") },
    { keys: ["w"], shown: "W Enter", does: "Waive", group: "Review", run: () => void detail.begin("waive") },
    { keys: [" "], shown: "Space", does: "Pause, play", group: "Time", run: transport.toggle },
    { keys: [",", "."], shown: ", .", does: "Step back, step on", group: "Time", run: (key) => transport.step(key === "." ? 1 : -1) },
    { keys: ["[", "]"], shown: "[ ]", does: "Slower, faster", group: "Time", run: (key) => transport.faster(key === "]" ? 1 : -1) },
    { keys: ["ArrowLeft", "ArrowRight"], shown: "← →", does: "Ten seconds back, on", group: "Time", run: (key) => transport.skip(key === "ArrowLeft" ? -10_000 : 10_000) },
    { keys: ["l"], shown: "L", does: "Back to live", group: "Time", run: transport.live },
    { keys: ["+", "=", "-"], shown: "+ −", does: "Closer, farther", group: "Floor", run: (key) => plan.zoom(key === "-" ? 1 / 1.3 : 1.3) },
    { keys: ["0"], shown: "0", does: "Fit everything", group: "Floor", run: plan.fit },
    { keys: ["n", "p"], shown: "N P", does: "Next, previous shopper", group: "Floor", run: (key) => plan.next(key === "n" ? 1 : -1) },
    { keys: ["c"], shown: "C", does: "Cameras' views", group: "Floor", run: plan.toggleViews },
    { keys: ["t"], shown: "T", does: "Light or dark", group: "Page", run: theme },
    { keys: ["?"], shown: "?", does: "This list", group: "Page", run: help },
  ];
}

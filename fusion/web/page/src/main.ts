// The page starts here: who is it? Nobody known signs in; everybody else gets the console.

import * as api from "./api";
import { startConsole } from "./console";
import { makeLogin, signIn, tokenOfAddress } from "./login";
import { startTheme } from "./theme";

startTheme();
const app = document.getElementById("app") as HTMLElement;
void start("");

async function start(why: string): Promise<void> {
  const token = tokenOfAddress();
  try {
    if (token !== null) await signIn(token);
    const [me, store] = await Promise.all([api.me(), api.store()]);
    document.title = `${store.store} · Aisle`;
    app.replaceChildren(startConsole(store, me, leave));
  } catch (error) {
    if (!(error instanceof api.Refused)) throw error;
    if (error.status === 0) {
      window.setTimeout(() => void start(why), 2000); // the server is on its way up
      return show("The server does not answer. Trying again.");
    }
    show(error.status === 401 ? (token === null ? why : "This token is not known.") : error.message);
  }
  document.documentElement.dataset["ready"] = "";
}

function show(why: string): void {
  document.title = "Sign in · Aisle";
  app.replaceChildren(makeLogin(why, () => void start("")));
}

/** The session is over. */
function leave(why: string): void {
  show(why);
}
